// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What an operator does. One account has one kind, for ever.
enum Kind {
    None,
    Provider,
    Verifier
}

/// @notice An operator's stake.
struct Operator {
    uint96 stake;
    uint96 unbonding; // left `stake`, still slashable
    uint40 unbondEnd; // when `unbonding` may be withdrawn
    uint8 slots; // active verifier slots
    Kind kind;
}

/// @notice An operator's fixed facts and its jail.
struct Profile {
    address payout; // rewards are minted here
    uint40 jailedUntil;
    uint32 openedEpoch; // in which `opened` counts
    uint8 opened; // slots opened in `openedEpoch`
}

/// @notice A node key's history: it binds `operator` for what it signed in [from, until).
struct Key {
    address operator;
    uint40 from;
    uint40 until; // 0 while the key is in use
}

/// @notice One place in the committee draw, held by `operator` in the epochs [from, until).
struct Slot {
    address operator;
    uint32 from;
    uint32 until;
}

/// @notice Parameters of one network.
struct StakingParameters {
    uint96 minProvider; // least stake of an active provider
    uint96 slot; // stake of one verifier slot
    uint32 unbond; // seconds from unbonding to withdrawal
    uint32 challenge; // seconds for which a receipt can be challenged
    uint32 slasherDelay; // seconds from proposing a slasher to its first slash
}

/// @title IStaking
/// @notice Operators, their stake and keys, verifier slots, slashing.
interface IStaking {
    event Registered(address indexed operator, Kind kind, address indexed node, address payout);
    event KeyRotated(address indexed operator, address indexed oldNode, address indexed newNode);
    /// @notice `stake` is the operator's stake after the event; it counts from `fromEpoch`.
    event Staked(address indexed operator, uint256 amount, uint256 stake, uint256 fromEpoch);
    event Unbonding(address indexed operator, uint256 amount, uint256 unbonding, uint256 unbondEnd);
    event UnbondCancelled(address indexed operator, uint256 amount, uint256 stake);
    event Withdrawn(address indexed operator, address indexed to, uint256 amount);
    event SlotOpened(uint256 indexed index, address indexed operator, uint256 fromEpoch);
    event SlotClosed(uint256 indexed index, address indexed operator, uint256 untilEpoch);
    event Slashed(address indexed operator, uint8 indexed reason, uint256 amount, uint256 burned, uint256 bounty);
    event JailSet(address indexed operator, uint256 until);
    event CasesChanged(address indexed operator, address indexed slasher, uint256 open);
    event BountyClaimed(address indexed account, address indexed to, uint256 amount);
    event SlasherProposed(address indexed slasher, uint256 readyAt);
    event SlasherChanged(address indexed slasher);

    /// @notice The constructor's numbers break a rule written at the top of the contract.
    error BadParameters();
    error ZeroAddress();
    error ZeroAmount();
    error BadKind();
    error AlreadyRegistered(address operator);
    error NotOperator(address account);
    /// @notice A node key belongs to one operator for ever, even after it was rotated out.
    error KeyInUse(address node, address operator);
    error BadNodeSignature(address node);
    error InsufficientStake(uint256 wanted, uint256 stake);
    error StillBonded(uint256 unbondEnd);
    error NothingUnbonding(address operator);
    error CasesOpen(address operator, uint256 open);
    error Jailed(address operator, uint256 until);
    error NotSlasher(address caller);
    error NotGovernor(address caller);
    /// @notice The proposed slasher may act from `readyAt` on (0: none is proposed).
    error SlasherDelay(uint256 readyAt);

    /* ACTIONS OF OPERATORS */

    /// @notice Makes the caller an operator.
    /// @param node The libp2p key's address; it signs offers, receipts and audit transactions.
    /// @param nodeSignature Signature of `node` over NodeKey(operator, node): the key's consent.
    /// @param payout Where rewards go. Fixed, because the committee draw compares payouts.
    function register(Kind kind, address node, bytes calldata nodeSignature, address payout) external;

    /// @notice Replaces the node key. The old one stays liable for what it signed until now.
    function rotateKey(address node, bytes calldata nodeSignature) external;

    /// @notice Adds to the caller's stake, which counts from the next epoch.
    function stake(uint256 amount) external;

    /// @notice `stake` with an ERC-2612 permit. A permit that somebody else has already used does no harm.
    function stakeWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Takes `amount` out of the stake from the next epoch on. It can be withdrawn after `UNBOND` and is
    /// slashable until then. One unbonding at a time: a second call adds to it and starts its time again.
    function unbond(uint256 amount) external;

    /// @notice Puts everything that unbonds back into the stake.
    function cancelUnbond() external;

    /// @notice Pays what finished unbonding. Not while a case is open.
    function withdraw(address to) external;

    /// @notice Brings slots and effective stake in line with the stake: after a jail has ended, or when slots could not
    /// be opened at once because the operator had opened `MAX_SLOTS` in the same epoch.
    function refresh() external;

    /// @notice Pays the caller's bounties.
    function claimBounty(address to) external;

    /* ACTIONS OF THE SLASHER */

    /// @notice Takes `bps` of stake and unbonding, rounded up and never more than there is. Never reverts for the slasher.
    /// @param reason A number the slasher defines; only for the event.
    /// @param challenger Credited 25 % (zero: burnt).
    /// @param adjudicators Credited 15 % (zero: burnt), to be split further by that account.
    function slash(address operator, uint256 bps, uint8 reason, address challenger, address adjudicators)
        external
        returns (uint256 burned, uint256 bounty);

    /// @notice As `slash`, but takes `amount` tokens, or what there is.
    function fine(address operator, uint256 amount, uint8 reason, address challenger, address adjudicators)
        external
        returns (uint256 burned, uint256 bounty);

    /// @notice Suspends an operator: no effective stake and no slots from the next epoch. Only ever extends.
    function jail(address operator, uint40 until) external;

    /// @notice Counts an open case; withdrawals wait for it.
    function openCase(address operator) external;

    /// @notice Counts a case of the caller as closed; a former slasher may, so that no case stays open for ever.
    function closeCase(address operator) external;

    /* ACTIONS OF THE GOVERNOR */

    /// @notice Proposes the next slasher (zero: none), which takes over after `SLASHER_DELAY`.
    function proposeSlasher(address slasher) external;

    /// @notice Installs the proposed slasher. Anyone may call.
    function acceptSlasher() external;

    /* VIEWS */

    /// @notice Stake that counts for provider `operator` in `epoch`: what it had before the epoch began, or 0 if that is
    /// less than `MIN_PROVIDER`, or it is no provider, or it was in jail.
    function effectiveStake(address operator, uint256 epoch) external view returns (uint256);

    /// @notice The operator whose node key is in use at this moment, or zero.
    function operatorOf(address node) external view returns (address);

    /// @notice `operatorOf` and its `effectiveStake`, in one call.
    function activeOf(address node, uint256 epoch) external view returns (address operator, uint256 stake);

    /// @notice Draws `count` different verifiers for `subject` without replacement.
    /// @dev Draw k looks at the slots keccak256(abi.encodePacked(seed, subject, k, probe)) mod slotsLength(epoch) for
    /// probe = 0, 1, ... and takes the first whose holder was not drawn before and shares neither operator nor payout
    /// with `subject`. Every probe is a new hash: walking to the neighbour would favour whoever stands behind a large
    /// holder. A draw that finds none in `MAX_PROBES` stays empty, so the result may be shorter than `count`.
    function draw(bytes32 seed, address subject, uint256 epoch, uint256 count)
        external
        view
        returns (address[] memory drawn);

    /// @notice The node key in use.
    function nodeOf(address operator) external view returns (address);

    function operators(address operator) external view returns (Operator memory);

    function profiles(address operator) external view returns (Profile memory);

    function keys(address node) external view returns (Key memory);

    function slots(uint256 index) external view returns (Slot memory);

    /// @notice Indexes that a draw of `epoch` ranges over.
    function slotsLength(uint256 epoch) external view returns (uint256);

    function openCases(address slasher, address operator) external view returns (uint256);

    function bounties(address account) external view returns (uint256);

    function slasher() external view returns (address);

    /// @notice Least stake of an active provider.
    function MIN_PROVIDER() external view returns (uint256);

    /// @notice Stake of one verifier slot.
    function SLOT() external view returns (uint256);

    /// @notice Seconds for which a receipt can be challenged.
    function CHALLENGE() external view returns (uint256);
}
