// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {DoubleEndedQueue} from "@openzeppelin/contracts/utils/structs/DoubleEndedQueue.sol";
import {IAriaToken} from "./interfaces/IAriaToken.sol";
import {IStaking, Key, Kind, Operator, Profile, Slot, StakingParameters} from "./interfaces/IStaking.sol";
import {Epochs, Timetable} from "./libraries/Epochs.sol";

/// @title Staking
/// @notice Who operates, with how much at stake, under which keys.
///
/// STAKE
/// Stake counts from the next epoch, and so does its removal: effective stake in epoch e depends only on what
/// happened before e. Unbonding stake stays slashable for `UNBOND` >= challenge window + one epoch.
///
/// SLOTS
/// A verifier has one slot per `SLOT` of stake, at most `MAX_SLOTS`. A closed slot rests until all audits of its last
/// epoch are final, then goes to the next verifier that needs one. An operator opens at most `MAX_SLOTS` per epoch, so
/// that staking in circles cannot fill the draw with resting slots.
///
/// SLASHING
/// Unbonding first, rounded up, at least 60 % burnt: slashing oneself is never a way out. A slash never reverts.
/// The slasher is the only mutable link of the protocol; a change takes longer than unbonding.
contract Staking is IStaking, Epochs, EIP712, ReentrancyGuardTransient {
    using Checkpoints for Checkpoints.Trace208;
    using DoubleEndedQueue for DoubleEndedQueue.Bytes32Deque;
    using SafeCast for uint256;
    using SafeERC20 for IAriaToken;

    bytes32 public constant NODE_KEY_TYPEHASH = keccak256("NodeKey(address operator,address node)");

    /// @notice Bounds the loop over an operator's slots, also inside `slash`.
    uint256 public constant MAX_SLOTS = 20;
    /// @notice Slots that one draw looks at before it stays empty. Even if two thirds of all slots are out of the
    /// question (three verifiers, two of them drawn), 32 miss with a probability of 2 in a million.
    uint256 public constant MAX_PROBES = 32;
    uint256 public constant CHALLENGER_BPS = 2_500;
    uint256 public constant ADJUDICATOR_BPS = 1_500;
    uint256 internal constant BPS = 10_000;

    IAriaToken public immutable TOKEN;
    address public immutable GOVERNOR;
    /// @inheritdoc IStaking
    uint256 public immutable MIN_PROVIDER;
    /// @inheritdoc IStaking
    uint256 public immutable SLOT;
    uint256 public immutable UNBOND;
    /// @inheritdoc IStaking
    uint256 public immutable CHALLENGE;
    uint256 public immutable SLASHER_DELAY;
    uint256 internal immutable FINALIZE_END;

    /* STORAGE */

    /// @inheritdoc IStaking
    address public slasher;
    address public slasherProposed;
    uint256 public slasherReadyAt;

    mapping(address operator => Operator) internal _operators;
    mapping(address operator => Profile) internal _profiles;
    mapping(address operator => Checkpoints.Trace208) internal _effective; // epoch -> stake
    mapping(address operator => uint32[]) internal _held; // indexes of its active slots
    mapping(address node => Key) internal _keys;
    /// @inheritdoc IStaking
    mapping(address operator => address node) public nodeOf;
    /// @inheritdoc IStaking
    mapping(address slasher => mapping(address operator => uint256)) public openCases;
    /// @inheritdoc IStaking
    mapping(address account => uint256) public bounties;

    Slot[] internal _slots;
    Checkpoints.Trace208 internal _slotsLength; // epoch -> length
    DoubleEndedQueue.Bytes32Deque internal _resting; // indexes of closed slots, oldest first

    /* CONSTRUCTOR */

    constructor(
        Timetable memory time,
        StakingParameters memory parameters,
        IAriaToken token,
        address governor,
        address slasher_
    ) Epochs(time) EIP712("ARIA Staking", "1") {
        require(parameters.unbond >= parameters.challenge + time.epoch, BadParameters());
        require(parameters.slasherDelay > parameters.unbond, BadParameters());
        require(parameters.minProvider != 0 && parameters.slot != 0, BadParameters());

        TOKEN = token;
        GOVERNOR = governor;
        MIN_PROVIDER = parameters.minProvider;
        SLOT = parameters.slot;
        UNBOND = parameters.unbond;
        CHALLENGE = parameters.challenge;
        SLASHER_DELAY = parameters.slasherDelay;
        FINALIZE_END = time.finalizeEnd;
        slasher = slasher_;
    }

    modifier onlySlasher() {
        require(msg.sender == slasher, NotSlasher(msg.sender));
        _;
    }

    /* ACTIONS OF OPERATORS */

    /// @inheritdoc IStaking
    function register(Kind kind, address node, bytes calldata nodeSignature, address payout) external {
        require(kind != Kind.None, BadKind());
        require(payout != address(0), ZeroAddress());
        require(_operators[msg.sender].kind == Kind.None, AlreadyRegistered(msg.sender));

        _operators[msg.sender].kind = kind;
        _profiles[msg.sender].payout = payout;
        _bindKey(node, nodeSignature);
        emit Registered(msg.sender, kind, node, payout);
    }

    /// @inheritdoc IStaking
    function rotateKey(address node, bytes calldata nodeSignature) external {
        _requireOperator(msg.sender);

        address old = nodeOf[msg.sender];
        _keys[old].until = uint40(block.timestamp); // Safe: 2^40 seconds are 34,000 years.
        _bindKey(node, nodeSignature);
        emit KeyRotated(msg.sender, old, node);
    }

    /// @inheritdoc IStaking
    function stake(uint256 amount) external nonReentrant {
        _stake(amount);
    }

    /// @inheritdoc IStaking
    function stakeWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external nonReentrant {
        // Whoever ran ahead with this permit has set the very allowance that is needed; the transfer checks it.
        try TOKEN.permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _stake(amount);
    }

    /// @inheritdoc IStaking
    function unbond(uint256 amount) external {
        Operator storage operator = _operators[msg.sender];
        require(amount != 0, ZeroAmount());
        require(amount <= operator.stake, InsufficientStake(amount, operator.stake));

        operator.stake -= uint96(amount); // Safe: amount <= stake.
        operator.unbonding += uint96(amount);
        operator.unbondEnd = (block.timestamp + UNBOND).toUint40();
        _sync(msg.sender);
        emit Unbonding(msg.sender, amount, operator.unbonding, operator.unbondEnd);
    }

    /// @inheritdoc IStaking
    function cancelUnbond() external {
        Operator storage operator = _operators[msg.sender];
        uint96 amount = operator.unbonding;
        require(amount != 0, NothingUnbonding(msg.sender));

        operator.unbonding = 0;
        operator.stake += amount;
        _sync(msg.sender);
        emit UnbondCancelled(msg.sender, amount, operator.stake);
    }

    /// @inheritdoc IStaking
    function withdraw(address to) external nonReentrant {
        Operator storage operator = _operators[msg.sender];
        uint256 amount = operator.unbonding;
        require(amount != 0, NothingUnbonding(msg.sender));
        require(block.timestamp >= operator.unbondEnd, StillBonded(operator.unbondEnd));
        require(openCases[slasher][msg.sender] == 0, CasesOpen(msg.sender, openCases[slasher][msg.sender]));

        operator.unbonding = 0;
        emit Withdrawn(msg.sender, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IStaking
    function refresh() external {
        _requireOperator(msg.sender);
        uint256 until = _profiles[msg.sender].jailedUntil;
        require(block.timestamp >= until, Jailed(msg.sender, until));

        _sync(msg.sender);
    }

    /// @inheritdoc IStaking
    function claimBounty(address to) external nonReentrant {
        uint256 amount = bounties[msg.sender];
        require(amount != 0, ZeroAmount());

        bounties[msg.sender] = 0;
        emit BountyClaimed(msg.sender, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /* ACTIONS OF THE SLASHER */

    /// @inheritdoc IStaking
    function slash(address account, uint256 bps, uint8 reason, address challenger, address adjudicators)
        external
        onlySlasher
        nonReentrant
        returns (uint256 burned, uint256 bounty)
    {
        uint256 amount = Math.mulDiv(_bonded(account), Math.min(bps, BPS), BPS, Math.Rounding.Ceil);
        return _slash(account, amount, reason, challenger, adjudicators);
    }

    /// @inheritdoc IStaking
    function fine(address account, uint256 amount, uint8 reason, address challenger, address adjudicators)
        external
        onlySlasher
        nonReentrant
        returns (uint256 burned, uint256 bounty)
    {
        return _slash(account, Math.min(amount, _bonded(account)), reason, challenger, adjudicators);
    }

    /// @inheritdoc IStaking
    function jail(address account, uint40 until) external onlySlasher {
        _requireOperator(account);
        Profile storage profile = _profiles[account];
        if (until > profile.jailedUntil) profile.jailedUntil = until;

        _sync(account);
        emit JailSet(account, profile.jailedUntil);
    }

    /// @inheritdoc IStaking
    function openCase(address account) external onlySlasher {
        uint256 open = ++openCases[msg.sender][account];
        emit CasesChanged(account, msg.sender, open);
    }

    /// @inheritdoc IStaking
    /// @dev Whoever never opened one has nothing to subtract from: only a slasher, former or present, gets through.
    function closeCase(address account) external {
        uint256 open = --openCases[msg.sender][account];
        emit CasesChanged(account, msg.sender, open);
    }

    /* ACTIONS OF THE GOVERNOR */

    /// @inheritdoc IStaking
    function proposeSlasher(address proposed) external {
        require(msg.sender == GOVERNOR, NotGovernor(msg.sender));

        slasherProposed = proposed;
        slasherReadyAt = block.timestamp + SLASHER_DELAY;
        emit SlasherProposed(proposed, slasherReadyAt);
    }

    /// @inheritdoc IStaking
    function acceptSlasher() external {
        require(slasherReadyAt != 0 && block.timestamp >= slasherReadyAt, SlasherDelay(slasherReadyAt));

        slasher = slasherProposed;
        slasherReadyAt = 0;
        emit SlasherChanged(slasher);
    }

    /* VIEWS */

    /// @inheritdoc IStaking
    function effectiveStake(address account, uint256 epoch) external view returns (uint256) {
        return _effective[account].upperLookupRecent(epoch.toUint48());
    }

    /// @inheritdoc IStaking
    function operatorOf(address node) external view returns (address) {
        Key storage key = _keys[node];
        return key.until == 0 ? key.operator : address(0);
    }

    /// @inheritdoc IStaking
    function activeOf(address node, uint256 epoch) external view returns (address operator, uint256) {
        Key memory key = _keys[node];
        if (key.until == 0) operator = key.operator;
        return (operator, _effective[operator].upperLookupRecent(epoch.toUint48()));
    }

    /// @inheritdoc IStaking
    function draw(bytes32 seed, address subject, uint256 epoch, uint256 count)
        external
        view
        returns (address[] memory drawn)
    {
        uint256 length = slotsLength(epoch);
        address payout = _profiles[subject].payout;
        drawn = new address[](count);
        uint256 found;
        for (uint256 k; k < count && length != 0; ++k) {
            for (uint256 probe; probe < MAX_PROBES; ++probe) {
                uint256 index = uint256(keccak256(abi.encodePacked(seed, subject, k, probe))) % length;
                address holder = _holderAt(index, epoch);
                if (holder == address(0) || holder == subject || _profiles[holder].payout == payout) continue;
                if (_contains(drawn, found, holder)) continue;
                drawn[found++] = holder;
                break;
            }
        }
        assembly ("memory-safe") {
            mstore(drawn, found) // shortens the array; Solidity has no other way
        }
    }

    /// @inheritdoc IStaking
    function slotsLength(uint256 epoch) public view returns (uint256) {
        return _slotsLength.upperLookupRecent(epoch.toUint48());
    }

    /// @inheritdoc IStaking
    function operators(address account) external view returns (Operator memory) {
        return _operators[account];
    }

    /// @inheritdoc IStaking
    function profiles(address account) external view returns (Profile memory) {
        return _profiles[account];
    }

    /// @inheritdoc IStaking
    function keys(address node) external view returns (Key memory) {
        return _keys[node];
    }

    /// @inheritdoc IStaking
    function slots(uint256 index) external view returns (Slot memory) {
        return _slots[index];
    }

    /* INTERNAL: KEYS AND STAKE */

    function _requireOperator(address account) internal view {
        require(_operators[account].kind != Kind.None, NotOperator(account));
    }

    function _bindKey(address node, bytes calldata signature) internal {
        require(_keys[node].operator == address(0), KeyInUse(node, _keys[node].operator));
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(NODE_KEY_TYPEHASH, msg.sender, node)));
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        require(failure == ECDSA.RecoverError.NoError && recovered == node, BadNodeSignature(node));

        _keys[node] = Key({operator: msg.sender, from: uint40(block.timestamp), until: 0});
        nodeOf[msg.sender] = node;
    }

    function _stake(uint256 amount) internal {
        _requireOperator(msg.sender);
        require(amount != 0, ZeroAmount());

        Operator storage operator = _operators[msg.sender];
        operator.stake += amount.toUint96();
        _sync(msg.sender);
        emit Staked(msg.sender, amount, operator.stake, epochNow() + 1);

        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _bonded(address account) internal view returns (uint256) {
        Operator storage operator = _operators[account];
        return uint256(operator.stake) + operator.unbonding;
    }

    /// Takes `amount`, at most what is bonded: from unbonding first.
    function _slash(address account, uint256 amount, uint8 reason, address challenger, address adjudicators)
        internal
        returns (uint256 burned, uint256 bounty)
    {
        bounty = _credit(challenger, amount * CHALLENGER_BPS / BPS);
        bounty += _credit(adjudicators, amount * ADJUDICATOR_BPS / BPS);
        burned = amount - bounty;

        Operator storage operator = _operators[account];
        uint256 fromUnbonding = Math.min(amount, operator.unbonding);
        operator.unbonding -= uint96(fromUnbonding); // Safe: at most unbonding.
        operator.stake -= uint96(amount - fromUnbonding); // Safe: amount <= stake + unbonding.
        _sync(account);
        emit Slashed(account, reason, amount, burned, bounty);

        TOKEN.burn(burned);
    }

    /// Nobody to credit: the share is burnt with the rest.
    function _credit(address account, uint256 amount) internal returns (uint256) {
        if (account == address(0)) return 0;
        bounties[account] += amount;
        return amount;
    }

    /// Brings slots and effective stake of the next epoch in line with the stake.
    function _sync(address account) internal {
        Operator storage operator = _operators[account];
        bool jailed = block.timestamp < _profiles[account].jailedUntil;
        if (operator.kind == Kind.Verifier) _syncSlots(account, jailed ? 0 : operator.stake / SLOT);
        if (operator.kind != Kind.Provider) return;

        uint256 effective = jailed || operator.stake < MIN_PROVIDER ? 0 : operator.stake;
        _effective[account].push((epochNow() + 1).toUint48(), effective.toUint208());
    }

    /* INTERNAL: SLOTS */

    function _syncSlots(address account, uint256 affordable) internal {
        Operator storage operator = _operators[account];
        uint256 target = Math.min(affordable, MAX_SLOTS);
        uint32 next = (epochNow() + 1).toUint32();
        while (operator.slots > target) {
            _closeSlot(account, next);
            --operator.slots;
        }
        while (operator.slots < target && _mayOpen(account, next)) {
            _openSlot(account, next);
            ++operator.slots;
        }
    }

    function _mayOpen(address account, uint32 next) internal returns (bool) {
        Profile storage profile = _profiles[account];
        if (profile.openedEpoch != next) (profile.openedEpoch, profile.opened) = (next, 0);
        if (profile.opened == MAX_SLOTS) return false;
        ++profile.opened;
        return true;
    }

    function _openSlot(address account, uint32 next) internal {
        Slot memory slot = Slot({operator: account, from: next, until: type(uint32).max});
        uint256 index = _slots.length;
        if (_hasRested()) {
            index = uint256(_resting.popFront());
            _slots[index] = slot;
        } else {
            _slots.push(slot);
            _slotsLength.push(next, _slots.length.toUint208());
        }
        _held[account].push(index.toUint32());
        emit SlotOpened(index, account, next);
    }

    function _closeSlot(address account, uint32 next) internal {
        uint32[] storage held = _held[account];
        uint256 index = held[held.length - 1];
        held.pop();
        _slots[index].until = next;
        _resting.pushBack(bytes32(index));
        emit SlotClosed(index, account, next);
    }

    /// True when no audit can draw the oldest resting slot any more.
    function _hasRested() internal view returns (bool) {
        if (_resting.empty()) return false;
        uint256 until = _slots[uint256(_resting.front())].until;
        return block.timestamp >= GENESIS + until * EPOCH + FINALIZE_END;
    }

    function _holderAt(uint256 index, uint256 epoch) internal view returns (address) {
        Slot storage slot = _slots[index];
        return slot.from <= epoch && epoch < slot.until ? slot.operator : address(0);
    }

    function _contains(address[] memory list, uint256 length, address account) internal pure returns (bool) {
        for (uint256 i; i < length; ++i) {
            if (list[i] == account) return true;
        }
        return false;
    }
}
