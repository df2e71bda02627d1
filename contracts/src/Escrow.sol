// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAriaToken} from "./interfaces/IAriaToken.sol";
import {Account, Channel, IEscrow, Parties} from "./interfaces/IEscrow.sol";
import {Epochs, Timetable} from "./libraries/Epochs.sol";
import {Guarded} from "./libraries/Guarded.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Word, Words} from "./libraries/Words.sol";

/// @title Escrow
/// @notice Channels from one payer to one payee.
///
/// VOUCHERS
/// A voucher carries a running total, so only the largest one matters and replaying any is harmless. It is always an
/// ECDSA signature of the channel's fixed signer: a contract's signature could be revoked after the work was done.
///
/// MONEY
/// tokens held == sum(balance - claimed) + sum(owed) + unburned fees + refunds, and claimed <= balance.
/// `claimed` never resets, so old vouchers of an emptied and re-funded channel claim nothing.
///
/// PATIENCE
/// The payer gets the unclaimed rest `THAW` seconds after asking, whatever anyone else does. Nobody but the payer
/// starts, moves or cancels a thaw.
///
/// FEE
/// A part of every redemption, rounded up per row, at the rate of the channel's last deposit: both sides know it before
/// they deal. It is burnt per payee, by anyone, and counts for work rewards in the epoch in which it is burnt.
///
/// ROLES
/// The governor sets the rate of later deposits. The guardian may stop new deposits for a week, once. Nobody can pause
/// anything else, and nobody owns a balance.
contract Escrow is IEscrow, Epochs, Guarded, EIP712, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IAriaToken;
    using Words for uint256;
    using Words for Word;

    /// One storage slot, because every deposit reads it.
    struct Settings {
        uint24 feePpm;
        uint40 stoppedUntil;
        bool stopUsed;
    }

    struct EpochFees {
        uint96 total;
        uint24 feePpm;
    }

    bytes32 public constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");

    /// @notice Bytes of one row of `redeem`.
    uint256 public constant ROW = 128;
    uint256 public constant MAX_FEE_PPM = 100_000;
    /// @notice How long the guardian stops deposits.
    uint256 public constant STOP = 7 days;
    uint256 internal constant PPM = 1_000_000;
    uint256 internal constant PRIVATE_BIT = 1 << 95;
    uint8 internal constant NOTHING_NEW = 1;
    uint8 internal constant BAD_SIGNATURE = 2;

    IAriaToken public immutable TOKEN;
    address public immutable GOVERNOR;
    uint256 public immutable THAW;

    /* STORAGE */

    /// Packed: Solidity writes a struct field by field, each with its own SLOAD and SSTORE; see Words.
    mapping(bytes32 id => Word) internal _channels;
    mapping(address payee => Word) internal _accounts;
    /// @inheritdoc IEscrow
    mapping(address payee => mapping(uint256 epoch => uint256)) public fees;
    mapping(uint256 epoch => EpochFees) internal _epochFees;
    /// @inheritdoc IEscrow
    mapping(address payer => uint256) public refunds;
    Settings internal _settings;

    /* CONSTRUCTOR */

    constructor(
        Timetable memory time,
        IAriaToken token,
        address governor,
        address guardian,
        uint32 thawSeconds,
        uint24 feePpm_
    ) Epochs(time) Guarded(guardian) EIP712("ARIA Escrow", "1") {
        require(address(token).code.length != 0, NoToken(address(token)));

        TOKEN = token;
        GOVERNOR = governor;
        THAW = thawSeconds;
        _setFee(feePpm_);
    }

    modifier onlyGovernor() {
        require(msg.sender == GOVERNOR, NotGovernor(msg.sender));
        _;
    }

    /* ACTIONS OF PAYERS */

    /// @inheritdoc IEscrow
    function deposit(address payee, address signer, uint96 salt, uint256 amount) external nonReentrant {
        _deposit(msg.sender, payee, signer, salt, amount);

        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IEscrow
    function depositFor(address payer, address payee, address signer, uint96 salt, uint256 amount)
        external
        nonReentrant
    {
        _deposit(payer, payee, signer, salt, amount);

        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IEscrow
    function depositWithPermit(
        address payee,
        address signer,
        uint96 salt,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Whoever ran ahead with this permit has set the very allowance that is needed; the transfer checks it.
        try TOKEN.permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(msg.sender, payee, signer, salt, amount);

        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IEscrow
    function depositWithAuthorization(
        Parties calldata parties,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonceSalt,
        bytes calldata signature
    ) external nonReentrant {
        bytes32 id = _deposit(parties, amount);
        bytes32 nonce = Hashes.efficientKeccak256(id, nonceSalt);

        TOKEN.receiveWithAuthorization(
            parties.payer, address(this), amount, validAfter, validBefore, nonce, signature
        );
    }

    /// @inheritdoc IEscrow
    function depositBySignature(Parties calldata parties, uint256 amount, uint40 validBefore, bytes32 r, bytes32 vs)
        external
        nonReentrant
    {
        bytes32 id = _deposit(parties, amount);
        bytes32 nonce = Hashes.efficientKeccak256(id, bytes32(uint256(validBefore)));

        _receive(parties.payer, amount, validBefore, nonce, r, vs);
    }

    /// @inheritdoc IEscrow
    function thaw(address payee, address signer, uint96 salt) external returns (uint256 thawEnd) {
        bytes32 id = channelId(msg.sender, payee, signer, salt);
        Channel memory channel = _channels[id].asChannel();
        if (channel.thawEnd != 0) return channel.thawEnd;

        thawEnd = block.timestamp + THAW;
        channel.thawEnd = thawEnd.toUint40();
        _channels[id].set(channel);
        emit Thawing(id, thawEnd);
    }

    /// @inheritdoc IEscrow
    function cancelThaw(address payee, address signer, uint96 salt) external {
        bytes32 id = channelId(msg.sender, payee, signer, salt);
        Channel memory channel = _channels[id].asChannel();
        require(channel.thawEnd != 0, NotThawing(id));

        channel.thawEnd = 0;
        _channels[id].set(channel);
        emit ThawCancelled(id);
    }

    /// @inheritdoc IEscrow
    function withdraw(address payee, address signer, uint96 salt, address to)
        external
        nonReentrant
        returns (uint256 amount)
    {
        bytes32 id = channelId(msg.sender, payee, signer, salt);
        Channel memory channel = _channels[id].asChannel();
        require(channel.thawEnd != 0, NotThawing(id));
        require(block.timestamp >= channel.thawEnd, StillThawing(id, channel.thawEnd));

        amount = channel.balance - channel.claimed;
        (channel.balance, channel.thawEnd) = (channel.claimed, 0);
        _channels[id].set(channel);
        emit Withdrawn(id, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IEscrow
    function withdrawRefund(address to) external nonReentrant returns (uint256 amount) {
        amount = refunds[msg.sender];
        require(amount != 0, ZeroAmount());

        refunds[msg.sender] = 0;
        emit Refunded(msg.sender, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /* ACTIONS OF PAYEES */

    /// @inheritdoc IEscrow
    function redeem(address payee, bytes calldata rows) external {
        uint256 length = rows.length;
        require(length != 0 && length % ROW == 0, BadRows(length));

        bytes32 domain = _domainSeparatorV4();
        uint256 income;
        uint256 allFees;
        uint256 publicGwei;
        uint256 start;
        assembly ("memory-safe") {
            start := rows.offset
        }
        for (uint256 end = start + length; start != end; start += ROW) {
            (uint256 delta, uint256 fee, bool isPublic) = _redeemRow(payee, start, domain);
            income += delta - fee;
            allFees += fee;
            if (isPublic) publicGwei += fee / 1 gwei;
        }
        if (income + allFees == 0) return;

        Account memory account = _accounts[payee].asAccount();
        account.owed = (account.owed + income).toUint96();
        account.unburned = (account.unburned + allFees).toUint96();
        account.publicGwei = (account.publicGwei + publicGwei).toUint64();
        _accounts[payee].set(account);
    }

    /// @inheritdoc IEscrow
    function close(address payer, address signer, uint96 salt) external returns (uint256 refund) {
        bytes32 id = channelId(payer, msg.sender, signer, salt);
        Channel memory channel = _channels[id].asChannel();
        refund = channel.balance - channel.claimed;
        require(refund != 0, ZeroAmount());

        channel.balance = channel.claimed;
        _channels[id].set(channel);
        refunds[payer] += refund;
        emit Closed(id, payer, refund);
    }

    /// @inheritdoc IEscrow
    function payout(address to) external nonReentrant returns (uint256 amount) {
        Account memory account = _accounts[msg.sender].asAccount();
        amount = account.owed;
        require(amount != 0, ZeroAmount());

        account.owed = 0;
        _accounts[msg.sender].set(account);
        emit PaidOut(msg.sender, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /* ACTIONS OF ANYONE, AND OF THE GOVERNOR */

    /// @inheritdoc IEscrow
    function burnFees(address payee) external nonReentrant returns (uint256 amount) {
        Account memory account = _accounts[payee].asAccount();
        amount = account.unburned;
        require(amount != 0, ZeroAmount());

        uint256 epoch = epochNow();
        uint256 rewardable = uint256(account.publicGwei) * 1 gwei;
        (account.unburned, account.publicGwei) = (0, 0);
        _accounts[payee].set(account);
        if (rewardable != 0) {
            fees[payee][epoch] += rewardable;
            uint256 total = _epochFees[epoch].total + rewardable;
            _epochFees[epoch] = EpochFees(total.toUint96(), _settings.feePpm);
        }
        emit FeesBurned(payee, epoch, amount, rewardable);

        TOKEN.burn(amount);
    }

    /// @inheritdoc IEscrow
    function setFee(uint256 feePpm_) external onlyGovernor {
        _setFee(feePpm_);
    }

    /// @inheritdoc IEscrow
    function stopDeposits() external onlyGuardian {
        Settings memory settings = _settings;
        require(!settings.stopUsed, StopUsed());

        (settings.stopUsed, settings.stoppedUntil) = (true, (block.timestamp + STOP).toUint40());
        _settings = settings;
        emit DepositsStopped(settings.stoppedUntil);
    }

    /// @inheritdoc IEscrow
    function rearmStop() external onlyGovernor {
        _settings.stopUsed = false;
        emit StopRearmed();
    }

    /* VIEWS */

    /// @inheritdoc IEscrow
    function channelId(address payer, address payee, address signer, uint96 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(payer, payee, signer == address(0) ? payer : signer, salt));
    }

    /// @inheritdoc IEscrow
    function channels(bytes32 id) external view returns (Channel memory) {
        return _channels[id].asChannel();
    }

    /// @inheritdoc IEscrow
    function owed(address payee) external view returns (uint256) {
        return _accounts[payee].asAccount().owed;
    }

    /// @inheritdoc IEscrow
    function feeTotal(uint256 epoch) external view returns (uint256, uint256) {
        EpochFees memory burnt = _epochFees[epoch];
        return (burnt.total, burnt.feePpm);
    }

    /// @inheritdoc IEscrow
    function unburned(address payee) external view returns (uint256) {
        return _accounts[payee].asAccount().unburned;
    }

    /// @inheritdoc IEscrow
    function feePpm() external view returns (uint256) {
        return _settings.feePpm;
    }

    /// @inheritdoc IEscrow
    function depositsStoppedUntil() external view returns (uint256) {
        return _settings.stoppedUntil;
    }

    /// @inheritdoc IEscrow
    function voucherDigest(bytes32 id, uint128 maxClaimableAmount) external view returns (bytes32) {
        return _voucherDigest(_domainSeparatorV4(), id, maxClaimableAmount);
    }

    /* INTERNAL */

    function _setFee(uint256 feePpm_) internal {
        require(feePpm_ <= MAX_FEE_PPM, FeeTooHigh(feePpm_, MAX_FEE_PPM));

        _settings.feePpm = uint24(feePpm_); // Safe: at most MAX_FEE_PPM.
        emit FeeChanged(feePpm_);
    }

    function _deposit(Parties calldata p, uint256 amount) internal returns (bytes32 id) {
        return _deposit(p.payer, p.payee, p.signer, p.salt, amount);
    }

    /// The callers transfer the tokens afterwards, so that all effects come first.
    function _deposit(address payer, address payee, address signer, uint96 salt, uint256 amount)
        internal
        returns (bytes32 id)
    {
        uint256 stoppedUntil = _settings.stoppedUntil;
        uint256 rate = _settings.feePpm;
        require(block.timestamp >= stoppedUntil, DepositsStoppedUntil(stoppedUntil));
        require(amount != 0, ZeroAmount());
        require(payee != address(0), ZeroAddress());
        require(payer != address(0), ZeroAddress());

        if (signer == address(0)) signer = payer;
        id = _id(payer, payee, signer, salt);
        Word storage slot = _channels[id];
        uint256 word = slot.word;
        uint256 balance = word.balance() + amount;
        require(balance <= type(uint96).max, Overflow96(balance));

        word = word.funded(balance, rate);
        if (msg.sender == payer) word = word.withoutThaw();
        slot.word = word;
        emit Deposited(id, payer, payee, signer, salt, amount);
    }

    /// `channelId` of parties that name a signer, without allocating (180 gas less). Fuzzed against it.
    function _id(address payer, address payee, address signer, uint96 salt) internal pure returns (bytes32 id) {
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, payer)
            mstore(add(start, 32), payee)
            mstore(add(start, 64), signer)
            mstore(add(start, 96), salt)
            id := keccak256(start, 128)
        }
    }

    /// TOKEN.receiveFrom(payer, address(this), amount, 0, ...) without looking for code that the constructor saw (280 gas
    /// less). Fuzzed against `depositWithAuthorization`.
    function _receive(address payer, uint256 amount, uint256 validBefore, bytes32 nonce, bytes32 r, bytes32 vs)
        internal
    {
        address token = address(TOKEN);
        bytes4 selector = IAriaToken.receiveFrom.selector;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, selector)
            mstore(add(input, 0x04), payer)
            mstore(add(input, 0x24), address())
            mstore(add(input, 0x44), amount)
            mstore(add(input, 0x64), 0) // validAfter
            mstore(add(input, 0x84), validBefore)
            mstore(add(input, 0xa4), nonce)
            mstore(add(input, 0xc4), r)
            mstore(add(input, 0xe4), vs)
            if iszero(call(gas(), token, 0, input, 0x104, 0, 0)) {
                returndatacopy(input, 0, returndatasize())
                revert(input, returndatasize())
            }
        }
    }

    /// @param position Of the row in calldata. Words and loads instead of structs and slices: 1,500 gas less per row.
    function _redeemRow(address payee, uint256 position, bytes32 domain)
        internal
        returns (uint256 delta, uint256 fee, bool isPublic)
    {
        (address payer, address signer, uint96 salt, uint96 total) = _partsAt(position);
        if (signer == address(0)) signer = payer;
        bytes32 id = _id(payer, payee, signer, salt);
        uint256 word = _channels[id].word;
        uint256 claim = Math.min(total, word.balance());
        uint256 claimed = word.claimed();
        if (claim <= claimed) return _skip(id, NOTHING_NEW);
        if (!_isSigned(_voucherDigest(domain, id, total), signer, position)) return _skip(id, BAD_SIGNATURE);

        delta = claim - claimed;
        fee = Math.ceilDiv(delta * word.feePpm(), PPM);
        isPublic = salt & PRIVATE_BIT == 0;
        _channels[id].word = word.addClaimed(delta);
        emit Redeemed(id, payee, claim, delta, fee);
    }

    /// The first half of a row. Safe: `redeem` takes whole rows only. Fuzzed against abi.encodePacked.
    function _partsAt(uint256 position)
        internal
        pure
        returns (address payer, address signer, uint96 salt, uint96 total)
    {
        assembly ("memory-safe") {
            payer := shr(96, calldataload(position))
            signer := shr(96, calldataload(add(position, 20)))
            salt := shr(160, calldataload(add(position, 40)))
            total := shr(160, calldataload(add(position, 52)))
        }
    }

    /// The second half: an EIP-2098 signature. Its other form (n - s) is as good: a channel counts totals, not signatures.
    function _isSigned(bytes32 digest, address signer, uint256 position) internal view returns (bool) {
        bytes32 r;
        bytes32 vs;
        assembly ("memory-safe") {
            r := calldataload(add(position, 64))
            vs := calldataload(add(position, 96))
        }
        address recovered = Signatures.recover(digest, r, vs);
        return recovered == signer && recovered != address(0);
    }

    function _skip(bytes32 id, uint8 reason) internal returns (uint256, uint256, bool) {
        emit Skipped(id, reason);
        return (0, 0, false);
    }

    function _voucherDigest(bytes32 domain, bytes32 id, uint128 total) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(VOUCHER_TYPEHASH, id, total)));
    }
}
