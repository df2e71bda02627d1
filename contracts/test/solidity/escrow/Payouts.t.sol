// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";

/// close, withdrawRefund, payout, burnFees, setFee.
contract PayoutsTest is EscrowFixture {
    address internal constant TO = address(0x70);

    function close() internal returns (uint256) {
        vm.prank(payee);
        return escrow.close(payer, signer, SALT);
    }

    function test_close_of_an_empty_channel_reverts() public {
        vm.prank(payee);
        vm.expectRevert(IEscrow.ZeroAmount.selector);
        escrow.close(payer, signer, SALT);
    }

    function test_close_by_anyone_else_finds_no_channel() public {
        open(10);
        vm.prank(payer);
        vm.expectRevert(IEscrow.ZeroAmount.selector);
        escrow.close(payer, signer, SALT);
    }

    function testFuzz_close_returns_the_unclaimed_rest_at_once(uint96 balance, uint96 total) public {
        balance = uint96(bound(balance, 2, 1e25));
        total = uint96(bound(total, 1, balance - 1));
        open(balance);
        escrow.redeem(payee, voucher(total));
        assertEq(close(), balance - total, "refund");
        assertEq(escrow.refunds(payer), balance - total, "refunds");

        uint256 before = token.balanceOf(payer);
        vm.prank(payer);
        escrow.withdrawRefund(payer);
        assertEq(token.balanceOf(payer) - before, balance - total, "tokens");
    }

    function test_no_refund_reverts() public {
        vm.prank(payer);
        vm.expectRevert(IEscrow.ZeroAmount.selector);
        escrow.withdrawRefund(TO);
    }

    function test_close_does_not_move_a_thaw() public {
        open(10);
        vm.prank(payer);
        uint256 thawEnd = escrow.thaw(payee, signer, SALT);
        close();
        assertEq(channel().thawEnd, thawEnd, "thawEnd");
    }

    function test_nothing_owed_reverts() public {
        vm.prank(payee);
        vm.expectRevert(IEscrow.ZeroAmount.selector);
        escrow.payout(TO);
    }

    function testFuzz_payout_pays_what_is_owed_once(uint96 total) public {
        total = uint96(bound(total, 100, 1e25));
        open(total);
        escrow.redeem(payee, voucher(total));

        vm.prank(payee);
        assertEq(escrow.payout(TO), total - feeOf(total), "amount");
        assertEq(token.balanceOf(TO), total - feeOf(total), "tokens");
        assertEq(escrow.owed(payee), 0, "owed");
    }

    function test_no_fees_reverts() public {
        vm.expectRevert(IEscrow.ZeroAmount.selector);
        escrow.burnFees(payee);
    }

    function testFuzz_anyone_burns_the_fees(address sender, uint96 total) public {
        total = uint96(bound(total, 1, 1e25));
        open(total);
        escrow.redeem(payee, voucher(total));
        uint256 supply = token.totalSupply();
        vm.prank(sender);
        escrow.burnFees(payee);
        assertEq(supply - token.totalSupply(), feeOf(total), "burned");
        assertEq(escrow.unburned(payee), 0, "unburned");
        uint256 rewardable = feeOf(total) / 1 gwei * 1 gwei;
        assertEq(escrow.fees(payee, 0), rewardable, "fees stay on file");
        (uint256 all, uint256 feePpm) = escrow.feeTotal(0);
        assertEq(all, rewardable, "total");
        assertEq(feePpm, rewardable == 0 ? 0 : FEE_PPM, "rate");
    }

    function test_only_the_governor_sets_the_fee() public {
        vm.prank(payee);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotGovernor.selector, payee));
        escrow.setFee(0);
    }

    function testFuzz_fee_has_a_bound(uint256 feePpm) public {
        feePpm = bound(feePpm, 100_001, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.FeeTooHigh.selector, feePpm, 100_000));
        escrow.setFee(feePpm);
    }

    function test_constructor_checks_the_fee() public {
        vm.expectRevert(abi.encodeWithSelector(IEscrow.FeeTooHigh.selector, 100_001, 100_000));
        this.deployWithFee(100_001);
    }

    function deployWithFee(uint24 feePpm) external {
        deployEscrow(feePpm);
    }

    function testFuzz_a_new_fee_counts_from_the_next_deposit(uint24 feePpm) public {
        feePpm = uint24(bound(feePpm, 0, 100_000));
        open(1e6 * 2);
        escrow.setFee(feePpm);
        assertEq(escrow.feePpm(), feePpm, "rate");
        escrow.redeem(payee, voucher(1e6));
        assertEq(escrow.unburned(payee), 50_000, "the rate that both knew");
        open(1e6);
        escrow.redeem(payee, voucher(2e6));
        assertEq(escrow.unburned(payee), 50_000 + feePpm, "the new one");
    }
}
