// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";

contract DepositTest is EscrowFixture {
    function test_needs_a_token_with_code() public {
        bytes memory arguments =
            abi.encode(timetable(), address(0xBAD), address(this), guardian, uint32(THAW), FEE_PPM);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NoToken.selector, address(0xBAD)));
        this.create("Escrow", arguments);
    }

    function create(string calldata name, bytes calldata arguments) external {
        deploy(name, arguments);
    }

    /// The id that deposits compute by hand against the plain one.
    function testFuzz_channel_of_any_parties(address to, address by, uint96 salt, uint96 amount) public {
        vm.assume(to != address(0));
        amount = uint96(bound(amount, 1, 1e24));
        vm.prank(payer);
        escrow.deposit(to, by, salt, amount);
        assertEq(escrow.channels(escrow.channelId(payer, to, by, salt)).balance, amount, "balance");
    }

    function test_rejects_zero() public {
        vm.prank(payer);
        vm.expectRevert(IEscrow.ZeroAmount.selector);
        escrow.deposit(payee, signer, SALT, 0);
    }

    function test_rejects_no_payee() public {
        vm.prank(payer);
        vm.expectRevert(IEscrow.ZeroAddress.selector);
        escrow.deposit(address(0), signer, SALT, 1);
    }

    function test_rejects_no_payer() public {
        vm.prank(payer);
        vm.expectRevert(IEscrow.ZeroAddress.selector);
        escrow.depositFor(address(0), payee, signer, SALT, 1);
    }

    function testFuzz_rejects_a_balance_over_96_bits(uint256 amount) public {
        amount = bound(amount, uint256(type(uint96).max) + 1, type(uint256).max - type(uint96).max);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.Overflow96.selector, amount));
        escrow.deposit(payee, signer, SALT, amount);
    }

    function testFuzz_adds_to_the_balance(uint96 first, uint96 second) public {
        first = uint96(bound(first, 1, 5e24));
        second = uint96(bound(second, 1, 5e24));
        open(first);
        open(second);

        assertEq(channel().balance, uint256(first) + second, "balance");
        assertEq(channel().claimed, 0, "claimed");
        assertEq(token.balanceOf(address(escrow)), uint256(first) + second, "tokens");
    }

    function test_no_signer_means_the_payer() public {
        vm.prank(payer);
        escrow.deposit(payee, address(0), SALT, 5);
        assertEq(escrow.channels(escrow.channelId(payer, payee, payer, SALT)).balance, 5, "balance");

        escrow.redeem(payee, row(PAYER_KEY, payer, payee, SALT, 5));
        assertEq(escrow.owed(payee), 4, "owed: 5 minus a fee rounded up to 1");
    }

    function test_by_the_payer_cancels_a_thaw() public {
        open(5);
        vm.prank(payer);
        escrow.thaw(payee, signer, SALT);
        open(1);
        assertEq(channel().thawEnd, 0, "thawEnd");
    }

    function testFuzz_for_another_never_touches_a_thaw(address stranger, uint96 amount) public {
        vm.assume(stranger != payer && stranger != address(0) && stranger != address(escrow));
        amount = uint96(bound(amount, 1, 1e24));
        open(5);
        vm.prank(payer);
        escrow.thaw(payee, signer, SALT);
        uint256 thawEnd = channel().thawEnd;

        fund(stranger, address(escrow), amount);
        vm.prank(stranger);
        escrow.depositFor(payer, payee, signer, SALT, amount);

        assertEq(channel().thawEnd, thawEnd, "thawEnd");
        assertEq(channel().balance, uint256(amount) + 5, "balance");
        assertEq(token.balanceOf(stranger), 0, "stranger paid");
    }
}

