// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Docket} from "./court/Docket.sol";
import {Jury} from "./court/Jury.sol";
import {IAriaToken} from "./interfaces/IAriaToken.sol";
import {IAudits} from "./interfaces/IAudits.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {Case, Charge, Conviction, CourtParameters, ICourt, Stage, Verdict} from "./interfaces/ICourt.sol";
import {IStaking, Kind, Operator} from "./interfaces/IStaking.sol";
import {Timetable} from "./libraries/Epochs.sol";

/// @title Court
/// @notice Bonded challenges: the only way to a slash.
///
/// CASES
/// One deed, one case, named by the deed alone, so that a sham case cannot pre-empt a real one: anybody may add evidence
/// and appeal, and nothing that the challenger leaves undone matters. While a case is open the accused cannot withdraw.
///
/// TIME
/// Every stage ends by time alone: silence of the accused is an admission, a committee without a quorum leaves things as
/// they were. No case lasts longer than `MAX_EPOCHS`. There is no pause.
///
/// VERDICTS
/// Equal votes of a quorum, a proof that the chain checks, the referee's ruling, or silence; nothing else. A verdict
/// waits for `QUEUE`, in which it can be appealed and the guardian may cancel it. The guardian can do nothing else.
///
/// PENALTIES
/// Wrong output or equivocation 50 %, everything for a second fraud within `REPEAT`. A single wrong receipt that the
/// jurors put down to a fault 2 %; a second one is a fraud. Hiding 1 % and jail. Bad attestation one slot. Who concedes
/// pays half. A case slashes at most once.
///
/// BONDS
/// The loser's bond: half to the winner, half to the jurors who voted with the final verdict. Everything is pulled.
contract Court is Jury {
    using SafeERC20 for IAriaToken;

    uint256 public constant FRAUD_BPS = 5_000;
    uint256 public constant FAULT_BPS = 200;
    uint256 public constant HIDING_BPS = 100;

    constructor(
        Timetable memory time,
        CourtParameters memory parameters,
        IAriaToken token,
        IStaking staking,
        IAudits audits,
        IBeacon beacon,
        address charges,
        address governor,
        address guardian
    ) Docket(time, parameters, token, staking, audits, beacon, charges, governor, guardian) {}

    modifier onlyCharges() {
        require(msg.sender == CHARGES, NotCharges(msg.sender));
        _;
    }

    /* GOVERNANCE */

    /// @inheritdoc ICourt
    function setBond(uint96 bond) external onlyGovernor {
        (uint256 min, uint256 max) = (FIRST_BOND / 4, FIRST_BOND * 4);
        require(bond >= min && bond <= max, BondOutOfBounds(bond, min, max));

        bondNow = bond;
        emit BondChanged(bond);
    }

    /// @inheritdoc ICourt
    function setReferee(address referee_) external onlyGovernor {
        require(referee == address(0) && referee_ != address(0), NotReferee(referee_));

        referee = referee_;
        emit RefereeSet(referee_);
    }

    /* CHARGES */

    /// @inheritdoc ICourt
    function open(
        Charge charge,
        bytes32 subject,
        address accused,
        address challenger,
        uint40 epoch,
        bytes32 evidenceHash
    ) external onlyCharges nonReentrant returns (bytes32 id) {
        id = caseId(charge, subject);
        require(_cases[id].stage == Stage.None, AlreadyOpened(id));
        _requireAccusable(accused);

        bool proven = charge == Charge.Equivocation;
        uint96 bond = proven ? 0 : bondNow;
        Case storage c = _cases[id];
        (c.accused, c.charge, c.stage) = (accused, charge, proven ? Stage.Decided : Stage.Accused);
        if (proven) c.verdict = Verdict.Guilty;
        c.since = uint40(block.timestamp); // Safe: 2^40 seconds are 34,000 years.
        (c.challenger, c.bond) = (challenger, bond);
        c.epoch = epoch;
        emit Opened(id, charge, accused, challenger, bond, evidenceHash);

        STAKING.openCase(accused);
        if (bond != 0) TOKEN.safeTransferFrom(challenger, address(this), bond);
    }

    /// @inheritdoc ICourt
    /// @dev The chain has seen what was asked for. Whether it had been refused before, nobody can tell: no bond is lost.
    function acquit(bytes32 id) external onlyCharges nonReentrant {
        Case storage c = _requireUnanswered(id);

        credits[c.challenger] += c.bond;
        _close(id, c, Verdict.Innocent, 0);
    }

    /// @inheritdoc ICourt
    function addEvidence(bytes32 id, bytes32 evidenceHash) external {
        _requireOpen(id);

        emit Evidence(id, msg.sender, evidenceHash);
    }

    /* ANSWERS */

    /// @inheritdoc ICourt
    function concede(bytes32 id) external {
        Case storage c = _requireUnanswered(id);
        require(msg.sender == c.accused, NotAccused(msg.sender));

        (c.stage, c.verdict, c.conceded) = (Stage.Decided, Verdict.Guilty, true);
        c.since = uint40(block.timestamp); // Safe: as above.
        emit Conceded(id);
    }

    /// @inheritdoc ICourt
    function answer(bytes32 id) external nonReentrant {
        Case storage c = _requireUnanswered(id);
        require(c.charge == Charge.WrongOutput || c.charge == Charge.BadAttestation, WrongStage(id, c.stage));
        bool isAccused = msg.sender == c.accused || STAKING.operatorOf(msg.sender) == c.accused;
        require(isAccused, NotAccused(msg.sender));

        (c.stage, c.defender) = (Stage.Trial, msg.sender);
        c.since = uint40(block.timestamp); // Safe: as above.
        emit Answered(id, msg.sender, BEACON.roundAt(block.timestamp + JURY_DELAY));

        TOKEN.safeTransferFrom(msg.sender, address(this), c.bond);
    }

    /// @inheritdoc ICourt
    function voidRoot(bytes32 id) external {
        Case storage c = _requireOpen(id);
        bool admitted = c.conceded || (c.stage == Stage.Accused && block.timestamp >= c.since + ANSWER);
        require(c.charge == Charge.Omitted && admitted, WrongStage(id, c.stage));

        AUDITS.voidRoot(c.epoch, c.accused);
    }

    /* VERDICTS */

    /// @inheritdoc ICourt
    function appeal(bytes32 id) external nonReentrant {
        Case storage c = _require(id, Stage.Trial);
        uint256 decidedAt = _decidedAt(c);
        _requireWindow(decidedAt, decidedAt + APPEAL);

        bool referred = referee != address(0);
        (c.stage, c.appellant) = (referred ? Stage.Referred : Stage.Appeal, msg.sender);
        c.since = uint40(block.timestamp); // Safe: as above.
        emit Appealed(id, msg.sender, referred ? 0 : BEACON.roundAt(block.timestamp + JURY_DELAY));

        TOKEN.safeTransferFrom(msg.sender, address(this), c.bond * APPEAL_BONDS);
    }

    /// @inheritdoc ICourt
    function rule(bytes32 id, Verdict verdict) external {
        require(msg.sender == referee, NotReferee(msg.sender));
        Case storage c = _require(id, Stage.Referred);
        _requireWindow(c.since, _decidedAt(c));
        require(verdict != Verdict.Undecided, BadVote());
        require(verdict != Verdict.Fault || c.charge == Charge.WrongOutput, BadVote());

        (c.stage, c.verdict, c.ruled) = (Stage.Decided, verdict, true);
        c.since = uint40(block.timestamp); // Safe: as above.
        emit Ruled(id, verdict);
    }

    /// @inheritdoc ICourt
    function veto(bytes32 id) external onlyGuardian nonReentrant {
        Case storage c = _requireOpen(id);
        (Verdict verdict,) = verdictOf(id);
        require(_isGuilty(verdict) && block.timestamp >= _decidedAt(c), WrongStage(id, c.stage));

        emit Vetoed(id);
        _refund(id, c);
    }

    /// @inheritdoc ICourt
    function execute(bytes32 id) external nonReentrant {
        Case storage c = _requireOpen(id);
        (Verdict verdict, uint256 executableAt) = verdictOf(id);
        _requireWindow(executableAt, type(uint256).max);
        if (verdict == Verdict.Undecided) return _refund(id, c);

        uint256 rightVotes = _rightVotes(id, verdict);
        uint256 pot = _splitBonds(id, c, verdict);
        uint256 slashed;
        if (_isGuilty(verdict) && _inOffice()) {
            uint256 reward;
            (slashed, reward) = _slash(c, verdict, rightVotes != 0 ? address(this) : address(0));
            pot += reward;
        }
        if (rightVotes != 0) c.jurorShare = uint96(pot / rightVotes); // Safe: all tokens fit 96 bits.
        _close(id, c, verdict, slashed);

        // What no juror earned, and what does not divide.
        uint256 rest = pot - c.jurorShare * rightVotes;
        if (rest != 0) TOKEN.burn(rest);
    }

    /// @inheritdoc ICourt
    function withdraw(address to) external nonReentrant returns (uint256 amount) {
        amount = credits[msg.sender];
        require(amount != 0, NothingToPay(msg.sender));

        credits[msg.sender] = 0;
        emit PaidOut(msg.sender, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /* INTERNAL */

    function _requireAccusable(address account) internal view {
        require(_inOffice(), NotInOffice());
        Operator memory operator = STAKING.operators(account);
        uint256 bonded = uint256(operator.stake) + operator.unbonding;
        uint256 least = operator.kind == Kind.Verifier ? STAKING.SLOT() : STAKING.MIN_PROVIDER();
        require(bonded >= least / 2, TooLittleAtStake(account, bonded));
        uint256 cases_ = STAKING.openCases(address(this), account);
        require(cases_ < MAX_OPEN_CASES, TooManyCases(account, cases_));
    }

    function _requireOpen(bytes32 id) internal view returns (Case storage c) {
        c = _cases[id];
        require(c.stage != Stage.None, UnknownCase(id));
        require(c.stage != Stage.Closed, WrongStage(id, c.stage));
    }

    /// Credits everything but the jurors' part of lost bonds, which it returns.
    function _splitBonds(bytes32 id, Case storage c, Verdict verdict) internal returns (uint256 pot) {
        uint256 bond = c.bond;
        if (c.defender == address(0)) {
            credits[c.challenger] += bond; // by default, concession or proof: nobody denied it
            return 0;
        }
        address winner = _isGuilty(verdict) ? c.challenger : c.defender;
        credits[winner] += bond + bond / 2;
        pot = bond - bond / 2;
        if (c.appellant == address(0)) return pot;

        uint256 stake = bond * APPEAL_BONDS;
        if (!_isInVain(id, c, verdict)) {
            credits[c.appellant] += stake;
            return pot;
        }
        credits[winner] += stake / 2;
        pot += stake - stake / 2;
    }

    /// An appeal is lost if the second instance says what the first one said.
    function _isInVain(bytes32 id, Case storage c, Verdict verdict) internal view returns (bool) {
        bool decided = c.ruled || _count(id, Stage.Appeal) != Verdict.Undecided;
        return decided && _count(id, Stage.Trial) == verdict;
    }

    /// Slashes the accused. Returns what was taken, and the adjudicators' part, which has then arrived here.
    function _slash(Case storage c, Verdict verdict, address adjudicators)
        internal
        returns (uint256 slashed, uint256 reward)
    {
        uint256 divisor = c.conceded ? 2 : 1;
        uint8 reason = uint8(c.charge);
        (uint256 burned, uint256 bounty) = (0, 0);
        if (c.charge == Charge.BadAttestation) {
            (burned, bounty) = STAKING.fine(c.accused, STAKING.SLOT() / divisor, reason, c.challenger, adjudicators);
        } else {
            uint256 bps = HIDING_BPS;
            if (c.charge == Charge.WrongOutput || c.charge == Charge.Equivocation) bps = _convict(c.accused, verdict);
            else STAKING.jail(c.accused, uint40(block.timestamp + JAIL)); // Safe: as above.
            if (c.charge == Charge.Omitted) AUDITS.voidRoot(c.epoch, c.accused);
            (burned, bounty) = STAKING.slash(c.accused, bps / divisor, reason, c.challenger, adjudicators);
        }
        slashed = burned + bounty;
        reward = STAKING.bounties(address(this));
        if (reward != 0) STAKING.claimBounty(address(this));
    }

    /// Notes the conviction; a repetition is worse.
    function _convict(address operator, Verdict verdict) internal returns (uint256 bps) {
        Conviction memory before = _convictions[operator];
        bool again = before.time != 0 && block.timestamp < before.time + REPEAT;
        bool fraud = verdict == Verdict.Guilty || again;
        if (!fraud) bps = FAULT_BPS;
        else bps = again && before.fraud ? BPS : FRAUD_BPS;

        _convictions[operator] = Conviction({time: uint40(block.timestamp), fraud: fraud}); // Safe: as above.
    }
}
