// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAriaToken} from "./interfaces/IAriaToken.sol";
import {IAudits, Share} from "./interfaces/IAudits.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IRewards, Pool, RewardParameters, Split} from "./interfaces/IRewards.sol";
import {IStaking} from "./interfaces/IStaking.sol";
import {Epochs, Timetable} from "./libraries/Epochs.sol";
import {Guarded} from "./libraries/Guarded.sol";

/// @title Rewards
/// @notice Emission in closed form: no per-round factors that could miss an update.
///
/// EMISSION
/// E(e) = (EMISSION_CAP - minted) x rate, fixed when the first claim of e arrives. Only what is claimed is minted.
///
/// AVAILABILITY
/// E x availability x weight / sum(weight); see Audits for the weight. Linear in stake, so splitting one operator into
/// several gains nothing.
///
/// WORK
/// min(kappa x B x score / 100, E x work x B / sum(B)), where B is the fee of the operator's public channels that was
/// burnt in e, counted up to what stake / tau redemptions pay. The payee of such channels is the operator's own account.
/// As kappa < 1, the fee of a job bought from oneself exceeds its reward. Needs a root of a rewardable model and a score
/// of e itself.
///
/// VERIFICATION
/// E x verification x rows / sum(rows): per assigned row, never per volume.
///
/// ROLES
/// The governor sets the split of pools that are not open yet, within the bounds below. The guardian delays the claims
/// of one epoch, once, by at most a week.
///
/// All divisions round down.
contract Rewards is IRewards, Epochs, Guarded {
    using SafeCast for uint256;

    /// @notice Claims of an epoch expire after so many epochs.
    uint256 public constant CLAIM_EPOCHS = 90;
    uint256 public constant MAX_KAPPA_BPS = 9_000;
    uint256 public constant MAX_WORK_BPS = 2_000;
    uint256 public constant MAX_TREASURY_BPS = 1_000;
    uint256 public constant FREEZE_MAX = 7 days;
    uint256 internal constant BPS = 10_000;
    uint256 internal constant PPM = 1_000_000;
    uint256 internal constant SCORE_MAX = 100;

    IAriaToken public immutable TOKEN;
    IStaking public immutable STAKING;
    IEscrow public immutable ESCROW;
    IAudits public immutable AUDITS;
    address public immutable GOVERNOR;
    address public immutable TREASURY;
    uint256 public immutable CLAIM_AT;
    uint256 public immutable RATE_PPM;
    uint256 public immutable TAU;

    /* STORAGE */

    Split internal _split;
    mapping(uint256 epoch => Pool) internal _pools;
    /// One bit per epoch, so that most claims rewrite a used slot.
    mapping(address operator => mapping(uint256 word => uint256)) internal _claimed;

    /* CONSTRUCTOR */

    constructor(
        Timetable memory time,
        RewardParameters memory parameters,
        IAriaToken token,
        IStaking staking,
        IEscrow escrow,
        IAudits audits,
        address governor,
        address guardian,
        address treasury
    ) Epochs(time) Guarded(guardian) {
        require(parameters.ratePpm <= PPM && parameters.tau != 0, BadParameters());

        TOKEN = token;
        STAKING = staking;
        ESCROW = escrow;
        AUDITS = audits;
        GOVERNOR = governor;
        TREASURY = treasury;
        CLAIM_AT = time.claimAt;
        RATE_PPM = parameters.ratePpm;
        TAU = parameters.tau;
        _setSplit(parameters.split);
    }

    /* ACTIONS */

    /// @inheritdoc IRewards
    function claim(uint256 epoch, address operator) external returns (uint256 amount) {
        Pool memory pool = _openPool(epoch);
        (uint256 word, uint256 bit) = (epoch / 256, 1 << epoch % 256);
        uint256 done = _claimed[operator][word];
        require(done & bit == 0, AlreadyClaimed(epoch, operator));
        (uint256 availability, uint256 work, uint256 verification) = _reward(epoch, operator, pool);
        amount = availability + work + verification;
        require(amount != 0, NothingToClaim(epoch, operator));

        _claimed[operator][word] = done | bit;
        address payout = STAKING.profiles(operator).payout;
        emit Claimed(epoch, operator, payout, availability, work, verification);

        TOKEN.mint(payout, amount);
    }

    /// @inheritdoc IRewards
    function claimTreasury(uint256 epoch) external returns (uint256 amount) {
        Pool memory pool = _openPool(epoch);
        require(!pool.treasuryPaid, AlreadyClaimed(epoch, TREASURY));
        amount = _part(pool.emission, pool.split.treasuryBps);
        require(amount != 0, NothingToClaim(epoch, TREASURY));

        _pools[epoch].treasuryPaid = true;
        emit TreasuryPaid(epoch, TREASURY, amount);

        TOKEN.mint(TREASURY, amount);
    }

    /// @inheritdoc IRewards
    function setSplit(Split calldata split) external {
        require(msg.sender == GOVERNOR, NotGovernor(msg.sender));
        _setSplit(split);
    }

    /// @inheritdoc IRewards
    function freezeEpoch(uint256 epoch, uint256 duration) external onlyGuardian {
        require(duration != 0 && duration <= FREEZE_MAX, BadFreeze(duration, FREEZE_MAX));
        Pool storage pool = _pools[epoch];
        require(pool.delay == 0, AlreadyFrozen(epoch));
        (uint256 from, uint256 until) = claimWindow(epoch);
        require(block.timestamp < until, ClaimsClosed(block.timestamp, from, until));

        uint256 frozenUntil = Math.max(from, block.timestamp) + duration;
        pool.delay = (frozenUntil - from).toUint40();
        emit EpochFrozen(epoch, frozenUntil);
    }

    /* VIEWS */

    /// @inheritdoc IRewards
    function rewardOf(uint256 epoch, address operator) external view returns (uint256, uint256, uint256) {
        return _reward(epoch, operator, _withEmission(_pools[epoch]));
    }

    /// @inheritdoc IRewards
    function poolOf(uint256 epoch) external view returns (Pool memory pool) {
        return _withEmission(_pools[epoch]);
    }

    /// @inheritdoc IRewards
    function claimed(uint256 epoch, address operator) external view returns (bool) {
        return _claimed[operator][epoch / 256] >> epoch % 256 & 1 == 1;
    }

    /// @inheritdoc IRewards
    function claimWindow(uint256 epoch) public view returns (uint256 from, uint256 until) {
        return _window(epoch, _pools[epoch].delay);
    }

    /* INTERNAL */

    function _setSplit(Split memory split) internal {
        uint256 sum = uint256(split.availabilityBps) + split.workBps + split.verificationBps + split.treasuryBps;
        require(sum == BPS && split.workBps <= MAX_WORK_BPS, BadSplit());
        require(split.treasuryBps <= MAX_TREASURY_BPS && split.kappaBps <= MAX_KAPPA_BPS, BadSplit());

        _split = split;
        emit SplitChanged(split);
    }

    function _openPool(uint256 epoch) internal returns (Pool memory pool) {
        Pool memory stored = _pools[epoch];
        (uint256 from, uint256 until) = _window(epoch, stored.delay);
        bool open = block.timestamp >= from && block.timestamp < until;
        require(open, ClaimsClosed(block.timestamp, from, until));

        if (stored.emission != 0) return stored;
        pool = _withEmission(stored);
        _pools[epoch] = pool;
        emit PoolOpened(epoch, pool.emission, pool.split);
    }

    /// An open pool as it is; else as it would be if it opened now.
    function _withEmission(Pool memory pool) internal view returns (Pool memory) {
        if (pool.emission != 0) return pool;
        uint256 remaining = TOKEN.EMISSION_CAP() - TOKEN.minted();
        pool.emission = (remaining * RATE_PPM / PPM).toUint128();
        pool.split = _split;
        return pool;
    }

    function _window(uint256 epoch, uint256 delay) internal view returns (uint256 from, uint256 until) {
        from = epochEnd(epoch) + CLAIM_AT + delay;
        until = from + CLAIM_EPOCHS * EPOCH;
    }

    function _reward(uint256 epoch, address operator, Pool memory pool)
        internal
        view
        returns (uint256 availability, uint256 work, uint256 verification)
    {
        Share memory share = AUDITS.shareOf(epoch, operator);
        if (share.weight != 0) {
            uint256 part = _part(pool.emission, pool.split.availabilityBps);
            availability = Math.mulDiv(part, share.weight, share.weightTotal);
            if (share.worked) work = _work(epoch, operator, pool, share);
        }
        if (share.rows != 0) {
            verification = _part(pool.emission, pool.split.verificationBps) * share.rows / share.rowsTotal;
        }
    }

    function _work(uint256 epoch, address operator, Pool memory pool, Share memory share)
        internal
        view
        returns (uint256)
    {
        uint256 fee = ESCROW.fees(operator, epoch);
        if (fee == 0) return 0;
        (uint256 feeTotal, uint256 feePpm) = ESCROW.feeTotal(epoch);

        fee = Math.min(fee, share.stake / TAU * feePpm / PPM);
        uint256 rebate = fee * pool.split.kappaBps * share.score / (BPS * SCORE_MAX);
        return Math.min(rebate, Math.mulDiv(_part(pool.emission, pool.split.workBps), fee, feeTotal));
    }

    function _part(uint256 emission, uint256 bps) internal pure returns (uint256) {
        return emission * bps / BPS;
    }
}
