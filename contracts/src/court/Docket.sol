// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAriaToken} from "../interfaces/IAriaToken.sol";
import {IAudits} from "../interfaces/IAudits.sol";
import {IBeacon} from "../interfaces/IBeacon.sol";
import {
    Ballot,
    Case,
    Charge,
    Conviction,
    CourtParameters,
    ICourt,
    Round,
    Stage,
    Verdict
} from "../interfaces/ICourt.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {Epochs, Timetable} from "../libraries/Epochs.sol";
import {Guarded} from "../libraries/Guarded.sol";

/// @title Docket
/// @notice The court's storage and clock: how a case opens, what its verdict is at any moment, how it closes.
abstract contract Docket is ICourt, Epochs, Guarded, ReentrancyGuardTransient {
    /// @notice No case lasts longer, whatever anyone does or leaves undone.
    uint256 public constant MAX_EPOCHS = 12;
    /// @notice Open cases per operator. To fill it with sham cases, so that a real one finds no place, puts more bonds
    /// at risk than the least stake of a provider is worth.
    uint256 public constant MAX_OPEN_CASES = 64;
    uint256 public constant APPEAL_BONDS = 3;

    IAriaToken public immutable TOKEN;
    IStaking public immutable STAKING;
    IAudits public immutable AUDITS;
    IBeacon public immutable BEACON;
    /// @notice The only contract that opens cases, and closes those that the chain can decide.
    address public immutable CHARGES;
    address public immutable GOVERNOR;
    uint256 public immutable FIRST_BOND;
    uint256 public immutable ANSWER;
    uint256 public immutable JURY_DELAY;
    uint256 public immutable COMMIT;
    uint256 public immutable REVEAL;
    uint256 public immutable APPEAL;
    uint256 public immutable QUEUE;
    uint256 public immutable REFEREE;
    uint256 public immutable JAIL;
    uint256 public immutable REPEAT;
    uint256 public immutable SEATS;
    uint256 public immutable QUORUM;
    uint256 public immutable APPEAL_SEATS;
    uint256 public immutable APPEAL_QUORUM;

    /* STORAGE */

    /// @inheritdoc ICourt
    uint96 public bondNow;
    /// @inheritdoc ICourt
    address public referee;
    mapping(bytes32 id => Case) internal _cases;
    mapping(bytes32 id => mapping(Stage => Round)) internal _rounds;
    mapping(bytes32 id => mapping(Stage => mapping(address juror => Ballot))) internal _ballots;
    mapping(address operator => Conviction) internal _convictions;
    /// @inheritdoc ICourt
    mapping(address account => uint256) public credits;

    /* CONSTRUCTOR */

    constructor(
        Timetable memory time,
        CourtParameters memory p,
        IAriaToken token,
        IStaking staking,
        IAudits audits,
        IBeacon beacon,
        address charges,
        address governor,
        address guardian
    ) Epochs(time) Guarded(guardian) {
        uint256 trial = uint256(p.juryDelay) + p.commit + p.reveal;
        uint256 second = trial > p.referee ? trial : p.referee;
        require(p.answer + trial + p.appeal + second + p.queue <= MAX_EPOCHS * time.epoch, BadParameters());
        // A committee is drawn while the slots of the epoch of the answer are still what they were in it.
        require(p.juryDelay + p.commit <= time.finalizeEnd, BadParameters());
        // Whoever is accused of an omission may still put the receipt into the root of the next epoch.
        require(p.answer >= time.epoch && p.commit > 1 && p.reveal != 0 && p.appeal != 0, BadParameters());
        require(p.appeal <= p.queue && p.bond >= 4, BadParameters());
        // More than half: no committee can reach two verdicts.
        require(p.quorum <= p.seats && p.quorum > p.seats / 2, BadParameters());
        require(p.appealQuorum <= p.appealSeats && p.appealQuorum > p.appealSeats / 2, BadParameters());

        TOKEN = token;
        STAKING = staking;
        AUDITS = audits;
        BEACON = beacon;
        CHARGES = charges;
        GOVERNOR = governor;
        FIRST_BOND = p.bond;
        (ANSWER, JURY_DELAY, COMMIT, REVEAL) = (p.answer, p.juryDelay, p.commit, p.reveal);
        (APPEAL, QUEUE, REFEREE, JAIL, REPEAT) = (p.appeal, p.queue, p.referee, p.jail, p.repeat);
        (SEATS, QUORUM, APPEAL_SEATS, APPEAL_QUORUM) = (p.seats, p.quorum, p.appealSeats, p.appealQuorum);
        bondNow = p.bond;
    }

    modifier onlyGovernor() {
        require(msg.sender == GOVERNOR, NotGovernor(msg.sender));
        _;
    }

    /* VIEWS */

    /// @inheritdoc ICourt
    function caseId(Charge charge, bytes32 subject) public pure returns (bytes32) {
        return keccak256(abi.encode(charge, subject));
    }

    /// @inheritdoc ICourt
    function cases(bytes32 id) external view returns (Case memory) {
        return _cases[id];
    }

    /// @inheritdoc ICourt
    function rounds(bytes32 id, Stage stage) external view returns (Round memory) {
        return _rounds[id][stage];
    }

    /// @inheritdoc ICourt
    function ballots(bytes32 id, Stage stage, address juror) external view returns (Ballot memory) {
        return _ballots[id][stage][juror];
    }

    /// @inheritdoc ICourt
    function convictions(address operator) external view returns (Conviction memory) {
        return _convictions[operator];
    }

    /// @inheritdoc ICourt
    function verdictOf(bytes32 id) public view returns (Verdict verdict, uint256 executableAt) {
        Case storage c = _cases[id];
        Stage stage = c.stage;
        verdict = _verdict(id, c);
        if (stage == Stage.None || stage == Stage.Closed) return (verdict, type(uint256).max);

        executableAt = _decidedAt(c);
        if (_isGuilty(verdict)) executableAt += QUEUE;
        else if (stage == Stage.Trial) executableAt += APPEAL;
    }

    /* INTERNAL */

    function _requireUnanswered(bytes32 id) internal view returns (Case storage c) {
        c = _require(id, Stage.Accused);
        _requireWindow(c.since, c.since + ANSWER);
    }

    function _require(bytes32 id, Stage stage) internal view returns (Case storage c) {
        c = _cases[id];
        require(c.stage != Stage.None, UnknownCase(id));
        require(c.stage == stage, WrongStage(id, c.stage));
    }

    function _requireWindow(uint256 from, uint256 until) internal view {
        bool open = block.timestamp >= from && block.timestamp < until;
        require(open, WindowClosed(block.timestamp, from, until));
    }

    function _inOffice() internal view returns (bool) {
        return STAKING.slasher() == address(this);
    }

    function _isGuilty(Verdict verdict) internal pure returns (bool) {
        return verdict == Verdict.Fault || verdict == Verdict.Guilty;
    }

    /// Whether a vote counts as right once `verdict` is final: guilt of either degree is guilt.
    function _agree(Verdict vote, Verdict verdict) internal pure returns (bool) {
        return _isGuilty(vote) == _isGuilty(verdict);
    }

    /// The end of what decides the stage.
    function _decidedAt(Case storage c) internal view returns (uint256) {
        if (c.stage == Stage.Accused) return c.since + ANSWER;
        if (c.stage == Stage.Decided) return c.since;
        if (c.stage == Stage.Referred) return c.since + REFEREE;
        return c.since + JURY_DELAY + COMMIT + REVEAL;
    }

    /// A second instance that reaches no verdict lets the first one stand: stalling a committee helps nobody escape.
    function _verdict(bytes32 id, Case storage c) internal view returns (Verdict verdict) {
        if (c.stage == Stage.Closed || c.stage == Stage.Decided) return c.verdict;
        if (c.stage == Stage.Accused) return Verdict.Guilty; // by default, once the time to answer is over
        if (c.stage == Stage.Appeal) verdict = _count(id, Stage.Appeal);
        if (verdict == Verdict.Undecided) verdict = _count(id, Stage.Trial);
    }

    function _count(bytes32 id, Stage stage) internal view returns (Verdict) {
        Round storage round = _rounds[id][stage];
        uint256 quorum = stage == Stage.Trial ? QUORUM : APPEAL_QUORUM;
        if (round.innocent >= quorum) return Verdict.Innocent;
        if (round.guilty >= quorum) return Verdict.Guilty;
        return round.guilty + round.fault >= quorum ? Verdict.Fault : Verdict.Undecided;
    }

    /// Ends the case; whoever calls this has credited all bonds.
    function _close(bytes32 id, Case storage c, Verdict verdict, uint256 slashed) internal {
        (c.stage, c.verdict) = (Stage.Closed, verdict);
        emit CaseClosed(id, verdict, slashed);

        STAKING.closeCase(c.accused);
    }

    /// Ends the case without a loser.
    function _refund(bytes32 id, Case storage c) internal {
        credits[c.challenger] += c.bond;
        if (c.defender != address(0)) credits[c.defender] += c.bond;
        if (c.appellant != address(0)) credits[c.appellant] += c.bond * APPEAL_BONDS;
        _close(id, c, Verdict.Undecided, 0);
    }
}
