// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ballot, Case, Charge, ICourt, Round, Stage, Verdict} from "../interfaces/ICourt.sol";
import {Docket} from "./Docket.sol";

/// @title Jury
/// @notice Committees of verifiers: drawn, committed, revealed, settled.
abstract contract Jury is Docket {
    uint256 public constant NO_SHOW_BPS = 100;
    uint256 public constant MINORITY_BPS = 200;
    uint256 public constant OVERRULED_BPS = 2_000;
    uint256 internal constant BPS = 10_000;
    /// @dev Reason of a fine in Staking's events; smaller numbers are charges.
    uint8 internal constant JUROR_FINE = 100;

    /// @inheritdoc ICourt
    function drawJury(bytes32 id) external returns (address[] memory jurors) {
        (Case storage c, Stage stage) = _requireTrial(id);
        // The jurors must have half of their time left: otherwise a late draw would make them all absent.
        _requireWindow(c.since + JURY_DELAY, c.since + JURY_DELAY + COMMIT / 2);
        require(_rounds[id][stage].jurors == 0, AlreadyDone(id));
        uint64 beaconRound = BEACON.roundAt(c.since + JURY_DELAY);
        bytes32 value = BEACON.valueOf(beaconRound);
        require(value != 0, NotYet(beaconRound));

        uint256 epoch = (c.since - GENESIS) / EPOCH;
        uint256 seats = stage == Stage.Trial ? SEATS : APPEAL_SEATS;
        jurors = STAKING.draw(keccak256(abi.encode(value, id, stage)), c.accused, epoch, seats);
        _rounds[id][stage].jurors = uint8(jurors.length); // Safe: at most the seats.
        for (uint256 i; i < jurors.length; ++i) {
            _ballots[id][stage][jurors[i]].drawn = true;
        }
        emit JuryDrawn(id, stage, jurors);
    }

    /// @inheritdoc ICourt
    function commitVote(bytes32 id, bytes32 commitment) external {
        (Case storage c, Stage stage) = _requireTrial(id);
        uint256 from = c.since + JURY_DELAY;
        _requireWindow(from, from + COMMIT);
        address juror = STAKING.operatorOf(msg.sender);
        Ballot storage ballot = _ballots[id][stage][juror];
        require(ballot.drawn, NotJuror(juror, id));
        require(ballot.commitment == 0, AlreadyDone(id));
        require(commitment != 0, BadVote());

        ballot.commitment = commitment;
        emit VoteCommitted(id, stage, juror);
    }

    /// @inheritdoc ICourt
    function revealVote(bytes32 id, Verdict vote, bytes32 salt) external {
        (Case storage c, Stage stage) = _requireTrial(id);
        uint256 from = c.since + JURY_DELAY + COMMIT;
        _requireWindow(from, from + REVEAL);
        address juror = STAKING.operatorOf(msg.sender);
        Ballot storage ballot = _ballots[id][stage][juror];
        require(ballot.vote == Verdict.Undecided, AlreadyDone(id));
        require(vote != Verdict.Undecided, BadVote());
        require(vote != Verdict.Fault || c.charge == Charge.WrongOutput, BadVote());
        require(ballot.commitment == keccak256(abi.encode(id, stage, juror, vote, salt)), BadVote());

        ballot.vote = vote;
        Round storage round = _rounds[id][stage];
        if (vote == Verdict.Innocent) ++round.innocent;
        else if (vote == Verdict.Fault) ++round.fault;
        else ++round.guilty;
        emit VoteRevealed(id, stage, juror, vote);
    }

    /// @inheritdoc ICourt
    function settleJuror(bytes32 id, Stage stage, address juror) external nonReentrant {
        Case storage c = _require(id, Stage.Closed);
        Ballot storage ballot = _ballots[id][stage][juror];
        require(ballot.drawn, NotJuror(juror, id));
        require(!ballot.settled, AlreadyDone(id));

        ballot.settled = true;
        uint256 paid = _paid(c, ballot.vote);
        uint256 fined = STAKING.SLOT() * _fineBps(c, ballot.vote) / BPS;
        if (!_inOffice()) fined = 0;
        if (paid != 0) credits[juror] += paid;
        emit JurorSettled(id, stage, juror, paid, fined);

        if (fined != 0) STAKING.fine(juror, fined, JUROR_FINE, msg.sender, address(0));
    }

    /* INTERNAL */

    function _requireTrial(bytes32 id) internal view returns (Case storage c, Stage stage) {
        c = _cases[id];
        stage = c.stage;
        require(stage != Stage.None, UnknownCase(id));
        require(stage == Stage.Trial || stage == Stage.Appeal, WrongStage(id, stage));
    }

    function _paid(Case storage c, Verdict vote) internal view returns (uint256) {
        bool right = vote != Verdict.Undecided && c.verdict != Verdict.Undecided && _agree(vote, c.verdict);
        return right ? c.jurorShare : 0;
    }

    /// Without a final verdict only absence is punished.
    function _fineBps(Case storage c, Verdict vote) internal view returns (uint256) {
        if (vote == Verdict.Undecided) return NO_SHOW_BPS;
        if (c.verdict == Verdict.Undecided || _agree(vote, c.verdict)) return 0;
        return c.ruled ? OVERRULED_BPS : MINORITY_BPS;
    }

    /// Votes of both committees that agree with `verdict`.
    function _rightVotes(bytes32 id, Verdict verdict) internal view returns (uint256) {
        Round storage trial = _rounds[id][Stage.Trial];
        Round storage second = _rounds[id][Stage.Appeal];
        if (verdict == Verdict.Innocent) return uint256(trial.innocent) + second.innocent;
        return uint256(trial.fault) + trial.guilty + second.fault + second.guilty;
    }
}
