// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Balance of one channel. One storage slot.
struct Channel {
    uint96 balance; // deposited - withdrawn: what vouchers may claim in total
    uint96 claimed; // total ever claimed; never resets
    uint40 thawEnd; // 0 unless the payer thaws
    uint24 feePpm; // fee of its redemptions: the rate at its last deposit
}

/// @notice What a payee is owed, and the fees of its redemptions that are not burnt yet. One storage slot.
struct Account {
    uint96 owed;
    uint96 unburned;
    uint64 publicGwei; // the part of `unburned` from public channels, in whole gwei per row
}

/// @notice Who pays whom, and who may sign: a channel's identity.
struct Parties {
    address payer;
    address payee;
    address signer; // zero means payer
    uint96 salt; // top bit set: a private channel, whose fees earn no work reward
}

/// @title IEscrow
/// @notice Payment channels: deposits, vouchers, redemption, withdrawal.
///
/// A channel's id is keccak256(abi.encode(payer, payee, signer, salt)), where a zero signer is replaced by the payer.
/// A voucher is the EIP-712 struct Voucher(bytes32 channelId,uint128 maxClaimableAmount), signed by the signer's key.
interface IEscrow {
    /// @notice The channel's new balance is what it was, plus `amount`.
    event Deposited(
        bytes32 indexed id,
        address indexed payer,
        address indexed payee,
        address signer,
        uint96 salt,
        uint256 amount
    );
    /// @notice `claimed` is the channel's new total, `delta` the step, `fee` the part of `delta` that will be burnt.
    event Redeemed(bytes32 indexed id, address indexed payee, uint256 claimed, uint256 delta, uint256 fee);
    /// @notice A row that changed nothing. Reason 1: the voucher adds nothing. Reason 2: the signer did not sign it.
    event Skipped(bytes32 indexed id, uint8 reason);
    event Thawing(bytes32 indexed id, uint256 thawEnd);
    event ThawCancelled(bytes32 indexed id);
    event Withdrawn(bytes32 indexed id, address indexed to, uint256 amount);
    event Closed(bytes32 indexed id, address indexed payer, uint256 refund);
    event Refunded(address indexed payer, address indexed to, uint256 amount);
    event PaidOut(address indexed payee, address indexed to, uint256 amount);
    /// @notice `rewardable` is the part of `amount` that counts for `payee`'s work reward of `epoch`.
    event FeesBurned(address indexed payee, uint256 indexed epoch, uint256 amount, uint256 rewardable);
    /// @notice Channels use `feePpm` from their next deposit on.
    event FeeChanged(uint256 feePpm);
    event DepositsStopped(uint256 until);
    event StopRearmed();

    /// @notice There is no contract at the token's address.
    error NoToken(address token);
    error ZeroAmount();
    error ZeroAddress();
    error NotThawing(bytes32 id);
    error StillThawing(bytes32 id, uint256 thawEnd);
    /// @notice `redeem` takes a whole number of rows, at least one.
    error BadRows(uint256 length);
    error Overflow96(uint256 value);
    error FeeTooHigh(uint256 feePpm, uint256 max);
    error NotGovernor(address caller);
    /// @notice The guardian stopped new deposits for a while.
    error DepositsStoppedUntil(uint256 until);
    /// @notice The guardian has used its stop; only the governor gives it another one.
    error StopUsed();

    /* ACTIONS OF PAYERS */

    /// @notice Funds the caller's channel and cancels its thaw.
    function deposit(address payee, address signer, uint96 salt, uint256 amount) external;

    /// @notice Funds somebody else's channel with the caller's tokens. Does not cancel a thaw.
    function depositFor(address payer, address payee, address signer, uint96 salt, uint256 amount) external;

    /// @notice `deposit` with an ERC-2612 permit. A permit that somebody else has already used does no harm.
    function depositWithPermit(
        address payee,
        address signer,
        uint96 salt,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Funds the payer's channel by an ERC-3009 ReceiveWithAuthorization that the payer signed, to this contract
    /// and with nonce keccak256(abi.encode(id, nonceSalt)): bound to the channel, whoever sends it. Does not cancel a thaw.
    function depositWithAuthorization(
        Parties calldata parties,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonceSalt,
        bytes calldata signature
    ) external;

    /// @notice The same for less gas: the EIP-2098 signature of a key, with `validAfter` = 0 and `nonceSalt` =
    /// bytes32(`validBefore`), so one authorization per channel and deadline. Named so that its selector is the lowest,
    /// which a contract compares first (22 gas for each one before).
    function depositBySignature(Parties calldata parties, uint256 amount, uint40 validBefore, bytes32 r, bytes32 vs)
        external;

    /// @notice Announces a withdrawal. The first call starts the time; further calls change nothing.
    /// @return thawEnd When `withdraw` becomes possible.
    function thaw(address payee, address signer, uint96 salt) external returns (uint256 thawEnd);

    /// @notice Takes the announcement back.
    function cancelThaw(address payee, address signer, uint96 salt) external;

    /// @notice Pays out what no voucher has claimed, after the thaw.
    function withdraw(address payee, address signer, uint96 salt, address to) external returns (uint256 amount);

    /// @notice Pays out what payees returned to the caller by `close`.
    function withdrawRefund(address to) external returns (uint256 amount);

    /* ACTIONS OF PAYEES */

    /// @notice Turns vouchers into money for `payee`. Anyone may send it; only `payee` gains.
    /// @param rows Rows of 128 bytes: payer 20 | signer 20 | salt 12 | maxClaimableAmount 12 | r 32 | vs 32 (EIP-2098).
    /// A row claims up to the channel's balance. A row that is bad or adds nothing is skipped and changes no other row.
    function redeem(address payee, bytes calldata rows) external;

    /// @notice Returns the unclaimed rest of a channel to its payer. The caller is the payee.
    function close(address payer, address signer, uint96 salt) external returns (uint256 refund);

    /// @notice Pays the caller what it is owed.
    function payout(address to) external returns (uint256 amount);

    /* ACTIONS OF ANYONE, AND OF THE GOVERNOR */

    /// @notice Burns the fees of `payee`'s redemptions. Those of public channels count for its work reward of the
    /// running epoch: burn before the epoch ends.
    function burnFees(address payee) external returns (uint256 amount);

    /// @notice Sets the fee of channels from their next deposit on, at most `MAX_FEE_PPM`. Governor only.
    function setFee(uint256 feePpm) external;

    /// @notice Stops deposits for `STOP` seconds, and nothing else. Guardian only, once until the governor re-arms it.
    function stopDeposits() external;

    /// @notice Gives the guardian another stop. Governor only.
    function rearmStop() external;

    /* VIEWS */

    function channelId(address payer, address payee, address signer, uint96 salt) external pure returns (bytes32);

    function channels(bytes32 id) external view returns (Channel memory);

    /// @notice What `payout` would pay.
    function owed(address payee) external view returns (uint256);

    /// @notice What `withdrawRefund` would pay.
    function refunds(address payer) external view returns (uint256);

    /// @notice Fees of `payee`'s public channels that were burnt in `epoch`.
    function fees(address payee, uint256 epoch) external view returns (uint256);

    /// @notice Sum of `fees` over all payees, and the fee rate then (0 and 0 for an epoch in which nothing was burnt).
    function feeTotal(uint256 epoch) external view returns (uint256 total, uint256 feePpm);

    /// @notice Fees of `payee`'s redemptions that `burnFees` would burn.
    function unburned(address payee) external view returns (uint256);

    /// @notice The fee of channels that are funded now.
    function feePpm() external view returns (uint256);

    /// @notice Deposits revert before this timestamp. 0: the guardian has never stopped them.
    function depositsStoppedUntil() external view returns (uint256);

    /// @notice The digest that the signer of channel `id` signs.
    function voucherDigest(bytes32 id, uint128 maxClaimableAmount) external view returns (bytes32);
}
