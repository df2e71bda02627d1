// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow, Parties} from "../../../src/interfaces/IEscrow.sol";
import {Guarded} from "../../../src/libraries/Guarded.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";

/// stopDeposits, rearmStop.
contract StopDepositsTest is EscrowFixture {
    uint256 internal constant STOP = 7 days;
    uint256 internal constant TERM = 365 days;

    function stop() internal {
        vm.prank(guardian);
        escrow.stopDeposits();
    }

    function testFuzz_only_the_guardian_stops(address caller) public {
        vm.assume(caller != guardian);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(Guarded.NotGuardian.selector, caller, GENESIS + TERM));
        escrow.stopDeposits();
    }

    function test_guardians_power_ends_after_a_year() public {
        vm.warp(GENESIS + TERM);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(Guarded.NotGuardian.selector, guardian, GENESIS + TERM));
        escrow.stopDeposits();
        vm.warp(GENESIS + TERM - 1);
        stop();
        assertEq(escrow.depositsStoppedUntil(), GENESIS + TERM - 1 + STOP, "until");
    }

    function test_stop_lasts_a_week_and_holds_every_deposit() public {
        stop();
        uint256 until = GENESIS + STOP;
        bytes memory stopped = abi.encodeWithSelector(IEscrow.DepositsStoppedUntil.selector, until);
        vm.warp(until - 1);
        vm.startPrank(payer);
        vm.expectRevert(stopped);
        escrow.deposit(payee, signer, SALT, 1);
        vm.expectRevert(stopped);
        escrow.depositFor(payee, payee, signer, SALT, 1);
        vm.expectRevert(stopped);
        escrow.depositWithPermit(payee, signer, SALT, 1, until, 27, 0, 0);
        vm.expectRevert(stopped);
        escrow.depositWithAuthorization(Parties(payer, payee, signer, SALT), 1, 0, until, 0, "");
        vm.expectRevert(stopped);
        escrow.depositBySignature(Parties(payer, payee, signer, SALT), 1, uint40(until), 0, 0);
        vm.warp(until);
        escrow.deposit(payee, signer, SALT, 1);
        vm.stopPrank();
    }

    /// OZ-2024 CR-01, OZ-2025 M-04: a pause must not hold anybody's money.
    function testFuzz_stop_holds_nothing_but_deposits(uint96 total) public {
        total = uint96(bound(total, 100, 1e24));
        open(2 * uint256(total));
        stop();

        escrow.redeem(payee, voucher(total));
        escrow.burnFees(payee);
        vm.prank(payee);
        escrow.payout(payee);
        vm.startPrank(payer);
        vm.warp(escrow.thaw(payee, signer, SALT));
        assertEq(escrow.withdraw(payee, signer, SALT, payer), total, "withdrawn");
        vm.stopPrank();
    }

    function test_second_stop_needs_the_governor() public {
        stop();
        vm.prank(guardian);
        vm.expectRevert(IEscrow.StopUsed.selector);
        escrow.stopDeposits();
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotGovernor.selector, guardian));
        escrow.rearmStop();

        escrow.rearmStop();
        assertEq(escrow.depositsStoppedUntil(), GENESIS + STOP, "re-arming does not lift a stop");
        vm.warp(GENESIS + 1);
        stop();
        assertEq(escrow.depositsStoppedUntil(), GENESIS + 1 + STOP, "until");
    }

    function test_stop_leaves_the_fee_alone() public {
        stop();
        assertEq(escrow.feePpm(), FEE_PPM, "fee");
        escrow.setFee(1);
        assertEq(escrow.depositsStoppedUntil(), GENESIS + STOP, "until");
    }
}
