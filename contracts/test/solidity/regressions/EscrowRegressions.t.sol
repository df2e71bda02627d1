// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";

/// Bugs of others (protocol, section 7) that this escrow must not have. Those with a test of their own elsewhere are
/// named in contracts/README.md.
contract EscrowRegressionsTest is EscrowFixture {
    uint256 internal constant OTHER_PAYER_KEY = 0x0777;

    /// Trust 2024-11 TRST-H-1: a payer names itself as a third party and drains what it promised.
    function testFuzz_trst_h_1_payer_cannot_take_back_what_it_signed(uint96 total, address sender) public {
        total = uint96(bound(total, 100, 1e24));
        open(total);
        vm.prank(sender);
        escrow.redeem(payer, voucher(total)); // names the payer as payee: another channel, which is empty
        vm.prank(payer);
        escrow.thaw(payee, signer, SALT);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillThawing.selector, id, GENESIS + THAW));
        escrow.withdraw(payee, signer, SALT, payer);

        escrow.redeem(payee, voucher(total));
        assertEq(escrow.owed(payee), total - feeOf(total), "the payee has it all");
        assertEq(escrow.owed(payer), 0, "payer");
    }

    /// TRST-M-10: moving a signer to another payer collects the same voucher again.
    function test_trst_m_10_voucher_of_one_payer_is_worthless_for_another() public {
        open(100);
        address other = vm.addr(OTHER_PAYER_KEY);
        fund(other, address(escrow), 100);
        vm.prank(other);
        escrow.deposit(payee, signer, SALT, 100);
        bytes memory signed = voucher(60);
        escrow.redeem(payee, signed);
        bytes20 moved = bytes20(other);
        for (uint256 i; i < 20; ++i) {
            signed[i] = moved[i];
        }
        escrow.redeem(payee, signed);
        assertEq(escrow.channels(escrow.channelId(other, payee, signer, SALT)).claimed, 0, "other channel");
    }

    /// OZ-2025 M-01: a cast of `now + period` wraps round and thaws at once.
    function test_oz_2025_m_01_longest_thaw_does_not_wrap() public {
        IEscrow slow = IEscrow(
            deploy(
                "Escrow", abi.encode(timetable(), token, address(this), guardian, type(uint32).max, FEE_PPM)
            )
        );
        vm.prank(payer);
        assertEq(slow.thaw(payee, signer, SALT), GENESIS + type(uint32).max, "thawEnd");
        vm.warp(uint256(type(uint40).max) - 1); // the last time at which 40 bits could hold an end
        vm.prank(payer);
        vm.expectRevert();
        slow.thaw(payee, signer, SALT + 1);
    }

    /// OZ #5707, cowswap #8032: code at an EIP-7702 account turns its own signature into a contract call.
    function test_oz_5707_vouchers_of_a_delegated_account_are_still_its_keys() public {
        vm.etch(payer, abi.encodePacked(hex"ef0100", address(0x42)));
        vm.prank(payer);
        escrow.deposit(payee, address(0), SALT, 100);
        bytes32 own = escrow.channelId(payer, payee, payer, SALT);
        escrow.redeem(payee, rowSigned(PAYER_KEY, escrow.voucherDigest(own, 40), payer, SALT, 40));
        assertEq(escrow.channels(own).claimed, 40, "claimed");
    }

    /// filecoin specs-actors #612: a voucher that names no channel is replayed in another.
    function testFuzz_filecoin_612_voucher_belongs_to_one_channel(uint96 salt) public {
        vm.assume(salt != SALT);
        open(100);
        vm.prank(payer);
        escrow.deposit(payee, signer, salt, 100);
        bytes memory signed = rowSigned(SIGNER_KEY, escrow.voucherDigest(id, 60), payer, salt, 60);
        escrow.redeem(payee, signed);
        assertEq(escrow.channels(escrow.channelId(payer, payee, signer, salt)).claimed, 0, "claimed");
    }

    /// x402 #2559: one unfunded channel bricks every other channel of the batch.
    function testFuzz_x402_2559_unfunded_rows_stop_nobody(uint96 total, uint8 unfunded) public {
        total = uint96(bound(total, 1, 1e24));
        open(total);
        bytes memory rows;
        for (uint96 i = 1; i <= unfunded % 8; ++i) {
            rows = bytes.concat(rows, row(SIGNER_KEY, payer, payee, SALT + i, total));
        }
        escrow.redeem(payee, bytes.concat(rows, voucher(total), rows));
        assertEq(channel().claimed, total, "claimed");
    }

    /// Trust-2025 H-2, OZ-2024 H-09: doing something for another with a side effect on it. Whatever a stranger calls in
    /// the name of payer or payee, their channel, income and refunds stay.
    function testFuzz_access_matrix_a_stranger_moves_nothing(address stranger, uint8 what) public {
        vm.assume(stranger != payer && stranger != payee && stranger != guardian && stranger != address(this));
        open(1_000);
        escrow.redeem(payee, voucher(400));
        vm.prank(payer);
        escrow.thaw(payee, signer, SALT);
        vm.warp(GENESIS + THAW);
        bytes[9] memory calls = [
            abi.encodeCall(IEscrow.thaw, (payee, signer, SALT)),
            abi.encodeCall(IEscrow.cancelThaw, (payee, signer, SALT)),
            abi.encodeCall(IEscrow.withdraw, (payee, signer, SALT, stranger)),
            abi.encodeCall(IEscrow.withdrawRefund, (stranger)),
            abi.encodeCall(IEscrow.close, (payer, signer, SALT)),
            abi.encodeCall(IEscrow.payout, (stranger)),
            abi.encodeCall(IEscrow.setFee, (0)),
            abi.encodeCall(IEscrow.stopDeposits, ()),
            abi.encodeCall(IEscrow.rearmStop, ())
        ];
        vm.prank(stranger);
        (bool done,) = address(escrow).call(calls[what % 9]);
        assertTrue(!done || what % 9 == 0, "only thawing an empty channel of one's own");
        assertEq(channel().balance, 1_000, "balance");
        assertEq(channel().thawEnd, GENESIS + THAW, "thawEnd");
        assertEq(escrow.owed(payee), 380, "owed");
        assertEq(escrow.feePpm(), FEE_PPM, "fee");
    }
}
