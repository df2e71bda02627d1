// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAriaToken} from "./interfaces/IAriaToken.sol";
import {Account, Channel, IEscrow, Parties} from "./interfaces/IEscrow.sol";
import {Epochs, Timetable} from "./libraries/Epochs.sol";

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
/// A part of every redemption, rounded up per row, is burnt. There is no pause and no owner of any balance.
contract Escrow is IEscrow, Epochs, EIP712, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IAriaToken;

    struct Fees {
        uint96 unburned;
        uint96 publicFees; // in `epoch`
        uint32 epoch; // of the last redemption
        uint24 ppm; // in `epoch`
    }

    struct EpochFees {
        uint96 publicFees;
        uint24 ppm;
    }

    bytes32 public constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");

    /// @notice Bytes of one row of `redeem`.
    uint256 public constant ROW = 128;
    uint256 public constant MAX_FEE_PPM = 100_000;
    uint256 internal constant PPM = 1_000_000;
    uint256 internal constant PRIVATE_BIT = 1 << 95;
    uint8 internal constant NOTHING_NEW = 1;
    uint8 internal constant BAD_SIGNATURE = 2;

    IAriaToken public immutable TOKEN;
    address public immutable GOVERNOR;
    uint256 public immutable THAW;

    /* STORAGE */

    mapping(bytes32 id => Channel) internal _channels;
    mapping(address payee => Account) internal _accounts;
    mapping(address payee => mapping(uint256 epoch => uint96)) internal _pastFees;
    /// @inheritdoc IEscrow
    mapping(address payer => uint256) public refunds;
    Fees internal _fees;
    mapping(uint256 epoch => EpochFees) internal _pastTotals;
    uint24 internal _nextPpm; // the rate after the running epoch

    /* CONSTRUCTOR */

    constructor(Timetable memory time, IAriaToken token, address governor, uint32 thawSeconds, uint24 feePpm)
        Epochs(time)
        EIP712("ARIA Escrow", "1")
    {
        require(feePpm <= MAX_FEE_PPM, FeeTooHigh(feePpm, MAX_FEE_PPM));

        TOKEN = token;
        GOVERNOR = governor;
        THAW = thawSeconds;
        _fees.ppm = feePpm;
        _nextPpm = feePpm;
        emit FeeChanged(feePpm);
    }

    /* ACTIONS OF PAYERS */

    /// @inheritdoc IEscrow
    function deposit(address payee, address signer, uint96 salt, uint256 amount) external nonReentrant {
        _deposit(Parties(msg.sender, payee, signer, salt), amount);

        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IEscrow
    function depositFor(address payer, address payee, address signer, uint96 salt, uint256 amount)
        external
        nonReentrant
    {
        _deposit(Parties(payer, payee, signer, salt), amount);

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
        _deposit(Parties(msg.sender, payee, signer, salt), amount);

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
        bytes32 nonce = keccak256(abi.encode(id, nonceSalt));

        TOKEN.receiveWithAuthorization(
            parties.payer, address(this), amount, validAfter, validBefore, nonce, signature
        );
    }

    /// @inheritdoc IEscrow
    function thaw(address payee, address signer, uint96 salt) external returns (uint256 thawEnd) {
        bytes32 id = channelId(msg.sender, payee, signer, salt);
        thawEnd = _channels[id].thawEnd;
        if (thawEnd != 0) return thawEnd;

        thawEnd = block.timestamp + THAW;
        _channels[id].thawEnd = thawEnd.toUint40();
        emit Thawing(id, thawEnd);
    }

    /// @inheritdoc IEscrow
    function cancelThaw(address payee, address signer, uint96 salt) external {
        bytes32 id = channelId(msg.sender, payee, signer, salt);
        require(_channels[id].thawEnd != 0, NotThawing(id));

        _channels[id].thawEnd = 0;
        emit ThawCancelled(id);
    }

    /// @inheritdoc IEscrow
    function withdraw(address payee, address signer, uint96 salt, address to)
        external
        nonReentrant
        returns (uint256 amount)
    {
        bytes32 id = channelId(msg.sender, payee, signer, salt);
        Channel memory channel = _channels[id];
        require(channel.thawEnd != 0, NotThawing(id));
        require(block.timestamp >= channel.thawEnd, StillThawing(id, channel.thawEnd));

        amount = channel.balance - channel.claimed;
        _channels[id] = Channel({balance: channel.claimed, claimed: channel.claimed, thawEnd: 0});
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

        Fees memory total = _currentFees();
        bytes32 domain = _domainSeparatorV4();
        uint256 income;
        uint256 publicFees;
        uint256 allFees;
        for (uint256 offset; offset < length; offset += ROW) {
            (uint256 delta, uint256 fee, bool isPublic) =
                _redeemRow(payee, rows[offset:offset + ROW], domain, total.ppm);
            income += delta - fee;
            allFees += fee;
            if (isPublic) publicFees += fee;
        }
        if (income + allFees == 0) return;

        total.unburned += allFees.toUint96();
        total.publicFees += publicFees.toUint96();
        _fees = total;
        _credit(payee, income, publicFees, total.epoch);
    }

    /// @inheritdoc IEscrow
    function close(address payer, address signer, uint96 salt) external returns (uint256 refund) {
        bytes32 id = channelId(payer, msg.sender, signer, salt);
        Channel storage channel = _channels[id];
        refund = channel.balance - channel.claimed;
        require(refund != 0, ZeroAmount());

        channel.balance = channel.claimed;
        refunds[payer] += refund;
        emit Closed(id, payer, refund);
    }

    /// @inheritdoc IEscrow
    function payout(address to) external nonReentrant returns (uint256 amount) {
        amount = _accounts[msg.sender].owed;
        require(amount != 0, ZeroAmount());

        _accounts[msg.sender].owed = 0;
        emit PaidOut(msg.sender, to, amount);

        TOKEN.safeTransfer(to, amount);
    }

    /* ACTIONS OF ANYONE, AND OF THE GOVERNOR */

    /// @inheritdoc IEscrow
    function burnFees() external nonReentrant returns (uint256 amount) {
        amount = _fees.unburned;
        require(amount != 0, ZeroAmount());

        _fees.unburned = 0;
        emit FeesBurned(amount);

        TOKEN.burn(amount);
    }

    /// @inheritdoc IEscrow
    function setFee(uint256 feePpm) external {
        require(msg.sender == GOVERNOR, NotGovernor(msg.sender));
        require(feePpm <= MAX_FEE_PPM, FeeTooHigh(feePpm, MAX_FEE_PPM));

        _fees = _currentFees();
        _nextPpm = uint24(feePpm); // Safe: at most MAX_FEE_PPM.
        emit FeeChanged(feePpm);
    }

    /* VIEWS */

    /// @inheritdoc IEscrow
    function channelId(address payer, address payee, address signer, uint96 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(payer, payee, signer == address(0) ? payer : signer, salt));
    }

    /// @inheritdoc IEscrow
    function channels(bytes32 id) external view returns (Channel memory) {
        return _channels[id];
    }

    /// @inheritdoc IEscrow
    function owed(address payee) external view returns (uint256) {
        return _accounts[payee].owed;
    }

    /// @inheritdoc IEscrow
    function fees(address payee, uint256 epoch) external view returns (uint256) {
        Account storage account = _accounts[payee];
        return epoch == account.epoch ? account.fees : _pastFees[payee][epoch];
    }

    /// @inheritdoc IEscrow
    function feeTotal(uint256 epoch) external view returns (uint256 total, uint256 feePpm) {
        Fees storage current = _fees;
        if (epoch == current.epoch) return (current.publicFees, current.ppm);
        return (_pastTotals[epoch].publicFees, _pastTotals[epoch].ppm);
    }

    /// @inheritdoc IEscrow
    function unburned() external view returns (uint256) {
        return _fees.unburned;
    }

    /// @inheritdoc IEscrow
    function voucherDigest(bytes32 id, uint128 maxClaimableAmount) external view returns (bytes32) {
        return _voucherDigest(_domainSeparatorV4(), id, maxClaimableAmount);
    }

    /* INTERNAL */

    /// The callers transfer the tokens afterwards, so that all effects come first.
    function _deposit(Parties memory p, uint256 amount) internal returns (bytes32 id) {
        require(amount != 0, ZeroAmount());
        require(p.payee != address(0) && p.payer != address(0), ZeroAddress());

        id = channelId(p.payer, p.payee, p.signer, p.salt);
        Channel storage channel = _channels[id];
        uint256 balance = channel.balance + amount;
        require(balance <= type(uint96).max, Overflow96(balance));

        channel.balance = uint96(balance); // Safe: checked above.
        if (msg.sender == p.payer) channel.thawEnd = 0;
        address signer = p.signer == address(0) ? p.payer : p.signer;
        emit Deposited(id, p.payer, p.payee, signer, p.salt, amount, balance);
    }

    function _redeemRow(address payee, bytes calldata row, bytes32 domain, uint256 ppm)
        internal
        returns (uint256 delta, uint256 fee, bool isPublic)
    {
        address payer = address(bytes20(row[0:20]));
        address signer = address(bytes20(row[20:40]));
        uint96 salt = uint96(bytes12(row[40:52]));
        uint96 total = uint96(bytes12(row[52:64]));
        if (signer == address(0)) signer = payer;
        bytes32 id = keccak256(abi.encode(payer, payee, signer, salt));

        Channel storage channel = _channels[id];
        uint96 claimed = channel.claimed;
        uint96 claim = uint96(Math.min(total, channel.balance));
        if (claim <= claimed) return _skip(id, NOTHING_NEW);

        bytes32 digest = _voucherDigest(domain, id, total);
        (address recovered, ECDSA.RecoverError failure,) =
            ECDSA.tryRecover(digest, bytes32(row[64:96]), bytes32(row[96:128]));
        if (failure != ECDSA.RecoverError.NoError || recovered != signer) return _skip(id, BAD_SIGNATURE);

        channel.claimed = claim;
        delta = claim - claimed;
        fee = Math.ceilDiv(delta * ppm, PPM);
        isPublic = salt & PRIVATE_BIT == 0;
        emit Redeemed(id, payee, claim, delta, fee);
    }

    function _skip(bytes32 id, uint8 reason) internal returns (uint256, uint256, bool) {
        emit Skipped(id, reason);
        return (0, 0, false);
    }

    function _voucherDigest(bytes32 domain, bytes32 id, uint128 total) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(VOUCHER_TYPEHASH, id, total)));
    }

    /// The running epoch's fees. The first call in a new epoch files those of the old one.
    function _currentFees() internal returns (Fees memory total) {
        total = _fees;
        uint32 epoch = epochNow().toUint32();
        if (epoch == total.epoch) return total;

        if (total.publicFees != 0) _pastTotals[total.epoch] = EpochFees(total.publicFees, total.ppm);
        total.publicFees = 0;
        total.epoch = epoch;
        total.ppm = _nextPpm;
    }

    function _credit(address payee, uint256 income, uint256 publicFees, uint32 epoch) internal {
        Account memory account = _accounts[payee];
        if (publicFees != 0 && account.epoch != epoch) {
            if (account.fees != 0) _pastFees[payee][account.epoch] = account.fees;
            (account.fees, account.epoch) = (0, epoch);
        }
        account.owed = (account.owed + income).toUint96();
        account.fees += publicFees.toUint96();
        _accounts[payee] = account;
    }
}
