// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Channel, Parties} from "../../../src/interfaces/IEscrow.sol";
import {SignedDeposits} from "../base/SignedDeposits.sol";

/// Random but valid actions on three payers' channels to two payees, with ghost accounting.
contract EscrowHandler is SignedDeposits {
    struct Ghost {
        uint256 payerKey;
        address payer;
        address payee;
        uint96 salt;
        bytes32 id;
        uint256 claimed;
        uint256 signed; // the largest voucher that was signed
        uint256 thawEnd;
    }

    uint256 internal constant KEY = 0x5E55;
    Ghost[] internal ghosts;
    address[] internal payers;
    address[2] internal payees = [address(0xB1), address(0xB2)];
    uint256 public deltas;
    uint256 public paidOut;
    uint256 public feesBurned;
    uint40 internal lastDeadline = type(uint40).max; // each authorization has its own

    constructor() {
        build();
        for (uint256 i = 1; i <= 3; ++i) {
            address payer = vm.addr(0xAA00 + i);
            payers.push(payer);
            fund(payer, address(escrow), 1e24);
            for (uint256 j; j < 2; ++j) {
                uint96 salt = j == 0 ? 1 : uint96(1) << 95;
                bytes32 id = escrow.channelId(payer, payees[j], vm.addr(KEY), salt);
                ghosts.push(Ghost(0xAA00 + i, payer, payees[j], salt, id, 0, 0, 0));
            }
        }
    }

    /* ACTIONS */

    function deposit(uint256 index, uint256 amount) external {
        Ghost storage g = ghosts[index % ghosts.length];
        uint256 balance = token.balanceOf(g.payer);
        if (balance == 0) return;
        vm.prank(g.payer);
        escrow.deposit(g.payee, vm.addr(KEY), g.salt, bound(amount, 1, balance));
        g.thawEnd = 0;
    }

    function depositFor(uint256 index, uint256 donor, uint256 amount) external {
        Ghost storage g = ghosts[index % ghosts.length];
        address from = payers[donor % payers.length];
        uint256 balance = token.balanceOf(from);
        if (balance == 0 || from == g.payer) return;
        vm.prank(from);
        escrow.depositFor(g.payer, g.payee, vm.addr(KEY), g.salt, bound(amount, 1, balance));
    }

    function depositWithPermit(uint256 index, uint256 amount) external {
        Ghost storage g = ghosts[index % ghosts.length];
        uint256 balance = token.balanceOf(g.payer);
        if (balance == 0) return;
        amount = bound(amount, 1, balance);
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(g.payerKey, permitDigest(g.payer, amount, type(uint256).max));
        vm.prank(g.payer);
        escrow.depositWithPermit(g.payee, vm.addr(KEY), g.salt, amount, type(uint256).max, v, r, s);
        fund(g.payer, address(escrow), 0); // the permit has replaced the allowance
        g.thawEnd = 0;
    }

    /// Sent by a relayer, in each of the two forms: only the payer itself takes a thaw back.
    function depositAuthorized(uint256 index, uint256 amount, bool compact) external {
        Ghost storage g = ghosts[index % ghosts.length];
        uint256 balance = token.balanceOf(g.payer);
        if (balance == 0) return;
        amount = bound(amount, 1, balance);
        uint40 deadline = lastDeadline--;
        Parties memory parties = Parties(g.payer, g.payee, vm.addr(KEY), g.salt);
        bytes32 digest = receiveDigest(
            g.payer, amount, deadline, keccak256(abi.encode(g.id, uint256(deadline)))
        );
        if (compact) {
            (bytes32 r, bytes32 vs) = compactSignature(g.payerKey, digest);
            escrow.depositBySignature(parties, amount, deadline, r, vs);
        } else {
            escrow.depositWithAuthorization(
                parties, amount, 0, deadline, bytes32(uint256(deadline)), signature(g.payerKey, digest)
            );
        }
    }

    /// Two rows of one payee, perhaps of the same channel, and a bad row between them.
    function redeem(uint256 first, uint256 second, uint256 total1, uint256 total2) external {
        Ghost storage a = ghosts[first % ghosts.length];
        Ghost storage b = ghosts[second % ghosts.length];
        bytes memory rows = bytes.concat(sign(a, a.payee, total1), new bytes(128), sign(b, a.payee, total2));
        (uint256 claimedA, uint256 claimedB) = (claimed(a), claimed(b));
        escrow.redeem(a.payee, rows);
        deltas += claimed(a) - claimedA;
        if (a.id != b.id) deltas += claimed(b) - claimedB;
        (a.claimed, b.claimed) = (claimed(a), claimed(b));
    }

    function thaw(uint256 index) external {
        Ghost storage g = ghosts[index % ghosts.length];
        vm.prank(g.payer);
        g.thawEnd = escrow.thaw(g.payee, vm.addr(KEY), g.salt);
    }

    /// C7: works with nobody's help as soon as the thaw is over.
    function withdraw(uint256 index) external {
        Ghost storage g = ghosts[index % ghosts.length];
        if (g.thawEnd == 0) return;
        if (block.timestamp < g.thawEnd) vm.warp(g.thawEnd);
        Channel memory channel = escrow.channels(g.id);
        vm.prank(g.payer);
        uint256 amount = escrow.withdraw(g.payee, vm.addr(KEY), g.salt, g.payer);
        assertEq(amount, channel.balance - channel.claimed, "C7");
        g.thawEnd = 0;
    }

    function close(uint256 index) external {
        Ghost storage g = ghosts[index % ghosts.length];
        Channel memory channel = escrow.channels(g.id);
        if (channel.balance == channel.claimed) return;
        vm.prank(g.payee);
        escrow.close(g.payer, vm.addr(KEY), g.salt);
    }

    function withdrawRefund(uint256 index) external {
        address payer = payers[index % payers.length];
        if (escrow.refunds(payer) == 0) return;
        vm.prank(payer);
        escrow.withdrawRefund(payer);
    }

    function payout(uint256 index) external {
        address payee = payees[index % 2];
        if (escrow.owed(payee) == 0) return;
        vm.prank(payee);
        paidOut += escrow.payout(payee);
    }

    function burnFees(uint256 index) external {
        address payee = payees[index % 2];
        if (escrow.unburned(payee) != 0) feesBurned += escrow.burnFees(payee);
    }

    function setFee(uint256 feePpm) external {
        escrow.setFee(bound(feePpm, 0, 100_000));
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 0, 3 * EPOCH));
    }

    /* CHECKS */

    function check() external view {
        uint256 inChannels;
        for (uint256 i; i < ghosts.length; ++i) {
            Channel memory channel = escrow.channels(ghosts[i].id);
            assertTrue(channel.claimed <= channel.balance, "C1");
            assertEq(channel.claimed, ghosts[i].claimed, "C3 and C5: only redeem moves claimed");
            assertTrue(channel.claimed <= ghosts[i].signed, "C5");
            assertEq(channel.thawEnd, ghosts[i].thawEnd, "C10");
            inChannels += channel.balance - channel.claimed;
        }
        uint256 owed = escrow.owed(payees[0]) + escrow.owed(payees[1]);
        uint256 refunds;
        for (uint256 i; i < payers.length; ++i) {
            refunds += escrow.refunds(payers[i]);
        }
        uint256 unburned = escrow.unburned(payees[0]) + escrow.unburned(payees[1]);
        uint256 held = token.balanceOf(address(escrow));
        assertEq(held, inChannels + owed + unburned + refunds, "C2");
        assertEq(deltas, owed + paidOut + unburned + feesBurned, "C4");
    }

    function claimed(Ghost storage g) internal view returns (uint256) {
        return escrow.channels(g.id).claimed;
    }

    /// A voucher of the channel, redeemable only if the channel's payee is the one of the batch.
    function sign(Ghost storage g, address payee, uint256 total) internal returns (bytes memory) {
        uint96 amount = uint96(bound(total, 1, 1e24));
        if (payee == g.payee && amount > g.signed) g.signed = amount;
        return row(KEY, g.payer, payee, g.salt, amount);
    }
}

contract EscrowInvariants {
    EscrowHandler internal handler;

    function setUp() public {
        handler = new EscrowHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_escrow() public view {
        handler.check();
    }
}
