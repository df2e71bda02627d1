// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";

/// thaw, cancelThaw, withdraw.
contract WithdrawTest is EscrowFixture {
    address internal constant TO = address(0x70);

    function thaw() internal returns (uint256) {
        vm.prank(payer);
        return escrow.thaw(payee, signer, SALT);
    }

    function withdraw() internal returns (uint256) {
        vm.prank(payer);
        return escrow.withdraw(payee, signer, SALT, TO);
    }

    function test_cancel_needs_a_thaw() public {
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotThawing.selector, id));
        escrow.cancelThaw(payee, signer, SALT);
    }

    function test_withdraw_needs_a_thaw() public {
        open(10);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotThawing.selector, id));
        escrow.withdraw(payee, signer, SALT, TO);
    }

    function test_withdraw_waits_for_the_last_second() public {
        open(10);
        uint256 thawEnd = thaw();
        assertEq(thawEnd, GENESIS + THAW, "thawEnd");
        vm.warp(thawEnd - 1);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.StillThawing.selector, id, thawEnd));
        escrow.withdraw(payee, signer, SALT, TO);

        vm.warp(thawEnd);
        assertEq(withdraw(), 10, "amount");
    }

    function testFuzz_repeating_thaw_never_moves_its_end(uint256 later) public {
        open(10);
        uint256 thawEnd = thaw();
        vm.warp(GENESIS + bound(later, 0, 10 * THAW));
        assertEq(thaw(), thawEnd, "thawEnd");
    }

    function test_cancelled_thaw_starts_afresh() public {
        open(10);
        thaw();
        vm.prank(payer);
        escrow.cancelThaw(payee, signer, SALT);
        vm.warp(GENESIS + 50);
        assertEq(thaw(), GENESIS + 50 + THAW, "thawEnd");
    }

    /// C7: the unclaimed rest, after THAW, with nobody's help.
    function testFuzz_pays_the_unclaimed_rest(uint96 balance, uint96 total) public {
        balance = uint96(bound(balance, 1, 1e25));
        total = uint96(bound(total, 0, balance));
        open(balance);
        thaw();
        escrow.redeem(payee, voucher(total));
        vm.warp(GENESIS + THAW);

        assertEq(withdraw(), balance - total, "amount");
        assertEq(token.balanceOf(TO), balance - total, "tokens");
        assertEq(channel().balance, total, "balance");
        assertEq(channel().thawEnd, 0, "thawEnd");
    }

    function test_refunded_channel_continues_its_count() public {
        open(100);
        escrow.redeem(payee, voucher(60));
        thaw();
        vm.warp(GENESIS + THAW);
        withdraw();

        open(100);
        escrow.redeem(payee, voucher(60));
        assertEq(channel().claimed, 60, "an old voucher claims nothing");
        escrow.redeem(payee, voucher(61));
        assertEq(channel().claimed, 61, "a new one claims the step");
    }

    /// C10: others have channels of their own, so their thaw is not this one.
    function testFuzz_a_strangers_thaw_is_another_channel(address stranger) public {
        vm.assume(stranger != payer);
        open(10);
        vm.prank(stranger);
        escrow.thaw(payee, signer, SALT);
        assertEq(channel().thawEnd, 0, "thawEnd");
    }
}
