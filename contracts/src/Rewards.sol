// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAriaToken} from "./interfaces/IAriaToken.sol";
import {IAudits, Tally} from "./interfaces/IAudits.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IRewards, Pool, RewardParameters, Split} from "./interfaces/IRewards.sol";
import {IStaking} from "./interfaces/IStaking.sol";
import {Epochs, Timetable} from "./libraries/Epochs.sol";

/// @title Rewards
/// @notice Emission in closed form: no per-round factors that could miss an update.
///
/// EMISSION
/// E(e) = (EMISSION_CAP - minted) x rate, fixed when the first claim of e arrives. Only what is claimed is minted.
///
/// AVAILABILITY
/// E x availability x weight / sum(weight); weight = effective stake x score, 0 below 90. Linear in stake, so splitting
/// one operator into several gains nothing.
///
/// WORK
/// min(kappa x B x score / 100, E x work x B / sum(B)), where B is the fee that redemptions of the operator's public
/// channels paid in e. The payee of such channels is the operator's own account. As kappa < 1, the fee of a job
/// bought from oneself exceeds its reward. Needs a root and a score of e itself.
///
/// VERIFICATION
/// E x verification x rows / sum(rows): per assigned row, never per volume.
///
/// All divisions round down.
contract Rewards is IRewards, Epochs {
    using SafeCast for uint256;

    /// @notice Claims of an epoch expire after so many epochs.
    uint256 public constant CLAIM_EPOCHS = 90;
    uint256 public constant MAX_KAPPA_BPS = 9_000;
    uint256 public constant MAX_WORK_BPS = 2_000;
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
    /// @inheritdoc IRewards
    mapping(uint256 epoch => mapping(address operator => bool)) public claimed;

    /* CONSTRUCTOR */

    constructor(
        Timetable memory time,
        RewardParameters memory parameters,
        IAriaToken token,
        IStaking staking,
        IEscrow escrow,
        IAudits audits,
        address governor,
        address treasury
    ) Epochs(time) {
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
        require(!claimed[epoch][operator], AlreadyClaimed(epoch, operator));
        (uint256 availability, uint256 work, uint256 verification) = _reward(epoch, operator, pool);
        amount = availability + work + verification;
        require(amount != 0, NothingToClaim(epoch, operator));

        claimed[epoch][operator] = true;
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

    /* VIEWS */

    /// @inheritdoc IRewards
    function rewardOf(uint256 epoch, address operator) external view returns (uint256, uint256, uint256) {
        return _reward(epoch, operator, poolOf(epoch));
    }

    /// @inheritdoc IRewards
    function poolOf(uint256 epoch) public view returns (Pool memory pool) {
        pool = _pools[epoch];
        if (pool.emission != 0) return pool;

        uint256 remaining = TOKEN.EMISSION_CAP() - TOKEN.minted();
        pool.emission = (remaining * RATE_PPM / PPM).toUint128();
        pool.split = _split;
    }

    /// @inheritdoc IRewards
    function claimWindow(uint256 epoch) public view returns (uint256 from, uint256 until) {
        from = epochEnd(epoch) + CLAIM_AT;
        until = from + CLAIM_EPOCHS * EPOCH;
    }

    /* INTERNAL */

    function _setSplit(Split memory split) internal {
        uint256 sum = uint256(split.availabilityBps) + split.workBps + split.verificationBps + split.treasuryBps;
        require(sum == BPS && split.workBps <= MAX_WORK_BPS && split.kappaBps <= MAX_KAPPA_BPS, BadSplit());

        _split = split;
        emit SplitChanged(split);
    }

    function _openPool(uint256 epoch) internal returns (Pool memory pool) {
        (uint256 from, uint256 until) = claimWindow(epoch);
        bool open = block.timestamp >= from && block.timestamp < until;
        require(open, ClaimsClosed(block.timestamp, from, until));

        pool = poolOf(epoch);
        if (_pools[epoch].emission != 0) return pool;
        _pools[epoch] = pool;
        emit PoolOpened(epoch, pool.emission, pool.split);
    }

    function _reward(uint256 epoch, address operator, Pool memory pool)
        internal
        view
        returns (uint256 availability, uint256 work, uint256 verification)
    {
        uint256 weight = AUDITS.weightOf(epoch, operator);
        if (weight != 0) {
            uint256 part = _part(pool.emission, pool.split.availabilityBps);
            availability = Math.mulDiv(part, weight, AUDITS.weightTotal(epoch));
            work = _work(epoch, operator, pool);
        }
        uint256 rows = AUDITS.rowsOf(epoch, operator);
        if (rows != 0) {
            verification = _part(pool.emission, pool.split.verificationBps) * rows / AUDITS.rowsTotal(epoch);
        }
    }

    function _work(uint256 epoch, address operator, Pool memory pool) internal view returns (uint256) {
        Tally memory tally = AUDITS.tallies(epoch, operator);
        if (tally.carried || AUDITS.rootHash(epoch, operator) == 0) return 0;
        (uint256 feeTotal, uint256 feePpm) = ESCROW.feeTotal(epoch);
        if (feeTotal == 0) return 0;

        uint256 most = STAKING.effectiveStake(operator, epoch) / TAU * feePpm / PPM;
        uint256 fee = Math.min(ESCROW.fees(operator, epoch), most);
        uint256 rebate = fee * pool.split.kappaBps * tally.score / (BPS * SCORE_MAX);
        return Math.min(rebate, Math.mulDiv(_part(pool.emission, pool.split.workBps), fee, feeTotal));
    }

    function _part(uint256 emission, uint256 bps) internal pure returns (uint256) {
        return emission * bps / BPS;
    }
}
