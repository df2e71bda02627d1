// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAriaToken} from "../../../src/interfaces/IAriaToken.sol";
import {IEscrow, Parties} from "../../../src/interfaces/IEscrow.sol";
import {World} from "../base/Fixture.sol";
import {HookedToken} from "../base/HookedToken.sol";

contract ReentrancyTest is World {
    bytes4 internal constant REENTRANT = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
    uint256 internal constant KEY = 0x5E55;
    address internal payee = address(0xBEEF);
    HookedToken internal hooked;
    IEscrow internal twin;

    function setUp() public {
        vm.warp(GENESIS);
        hooked = new HookedToken();
        token = IAriaToken(address(hooked));
        escrow = twin = IEscrow(deployEscrow(FEE_PPM));
        hooked.setTarget(address(twin), abi.encodeCall(IEscrow.payout, (address(hooked))));
        twin.deposit(payee, vm.addr(KEY), 1, 1_000);
        assertRefused("deposit");
        hooked.forget();
    }

    function assertRefused(string memory what) internal view {
        assertEq(bytes32(hooked.refused()), bytes32(REENTRANT), what);
    }

    function redeem() internal {
        twin.redeem(payee, row(KEY, address(this), payee, 1, 400));
    }

    function test_deposit_for_another_is_guarded() public {
        twin.depositFor(address(0x1), payee, vm.addr(KEY), 1, 1);
        assertRefused("depositFor");
    }

    function test_deposit_by_permit_is_guarded() public {
        twin.depositWithPermit(payee, vm.addr(KEY), 2, 1, 0, 0, 0, 0);
        assertRefused("depositWithPermit");
    }

    function test_deposit_by_authorization_is_guarded() public {
        twin.depositWithAuthorization(Parties(address(0x1), payee, vm.addr(KEY), 3), 1, 0, 0, 0, "");
        assertRefused("depositWithAuthorization");
    }

    function test_deposit_by_signature_is_guarded() public {
        twin.depositBySignature(Parties(address(0x1), payee, vm.addr(KEY), 3), 1, 0, 0, 0);
        assertRefused("depositBySignature");
    }

    function test_withdrawal_is_guarded() public {
        vm.warp(twin.thaw(payee, vm.addr(KEY), 1));
        twin.withdraw(payee, vm.addr(KEY), 1, address(this));
        assertRefused("withdraw");
    }

    function test_refund_is_guarded() public {
        vm.prank(payee);
        twin.close(address(this), vm.addr(KEY), 1);
        twin.withdrawRefund(address(this));
        assertRefused("withdrawRefund");
    }

    function test_payout_is_guarded() public {
        redeem();
        vm.prank(payee);
        twin.payout(payee);
        assertRefused("payout");
    }

    function test_burning_is_guarded() public {
        redeem();
        twin.burnFees(payee);
        assertRefused("burnFees");
    }
}
