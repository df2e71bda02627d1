// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";

interface VmEvents {
    function expectEmit(address emitter) external;
}

/// What a row may leave out, and what the events say about each.
contract RedeemRowsTest is EscrowFixture {
    VmEvents internal constant events = VmEvents(address(vm));

    /// A zero signer in a row means the payer, as in a deposit.
    function testFuzz_row_without_a_signer_is_the_payers_own(uint96 total) public {
        total = uint96(bound(total, 1, 1e24));
        vm.prank(payer);
        escrow.deposit(payee, address(0), SALT, total);
        bytes32 own = escrow.channelId(payer, payee, payer, SALT);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(PAYER_KEY, escrow.voucherDigest(own, total));
        bytes32 vs = bytes32(uint256(v - 27) << 255 | uint256(s));
        escrow.redeem(payee, abi.encodePacked(payer, address(0), SALT, total, r, vs));
        assertEq(escrow.channels(own).claimed, total, "claimed");
    }

    function test_channel_without_a_signer_is_named_by_its_payer() public {
        assertEq(
            escrow.channelId(payer, payee, address(0), SALT), escrow.channelId(payer, payee, payer, SALT), "id"
        );
        vm.startPrank(payer);
        escrow.deposit(payee, address(0), SALT, 100);
        vm.warp(escrow.thaw(payee, address(0), SALT));
        assertEq(escrow.withdraw(payee, payer, SALT, payer), 100, "withdrawn");
        vm.stopPrank();
    }

    function test_deposit_without_a_signer_announces_the_payer() public {
        bytes32 own = escrow.channelId(payer, payee, payer, SALT);
        events.expectEmit(address(escrow));
        emit IEscrow.Deposited(own, payer, payee, payer, SALT, 100);
        vm.prank(payer);
        escrow.deposit(payee, address(0), SALT, 100);
    }

    function testFuzz_digest_is_that_of_the_published_domain(bytes32 channel_, uint128 total) public view {
        bytes32 typeHash = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
        bytes32 structHash = keccak256(abi.encode(typeHash, channel_, total));
        bytes32 expected = digestOf("ARIA Escrow", address(escrow), structHash);
        assertEq(escrow.voucherDigest(channel_, total), expected, "digest");
    }

    function test_fee_of_ten_percent_is_the_most() public {
        escrow.setFee(100_000);
        assertEq(escrow.feePpm(), 100_000, "fee");
        vm.expectRevert(abi.encodeWithSelector(IEscrow.FeeTooHigh.selector, 100_001, 100_000));
        escrow.setFee(100_001);
    }

    /// 2^96 - 1 fits a channel; only the token cannot pay it.
    function test_largest_balance_fits() public {
        bytes4 poor = bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)"));
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(poor, payer, 1e25, type(uint96).max));
        escrow.deposit(payee, signer, SALT, type(uint96).max);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.Overflow96.selector, 1 << 96));
        escrow.deposit(payee, signer, SALT, 1 << 96);
    }

    function test_events_of_rows() public {
        open(100);
        events.expectEmit(address(escrow));
        emit IEscrow.Redeemed(id, payee, 60, 60, 3);
        escrow.redeem(payee, voucher(60));
        events.expectEmit(address(escrow));
        emit IEscrow.Redeemed(id, payee, 100, 40, 2);
        escrow.redeem(payee, voucher(110));
        open(100);
        events.expectEmit(address(escrow));
        emit IEscrow.Skipped(id, 1);
        escrow.redeem(payee, voucher(100));
        bytes memory forged = voucher(150);
        forged[127] ^= 0x01;
        events.expectEmit(address(escrow));
        emit IEscrow.Skipped(id, 2);
        escrow.redeem(payee, forged);
    }

    /// The last second of a thaw still holds; the first after it pays, once.
    function test_thaw_ends_to_the_second() public {
        open(100);
        vm.startPrank(payer);
        uint256 end = escrow.thaw(payee, signer, SALT);
        assertEq(end, GENESIS + THAW, "end");
        vm.warp(end);
        assertEq(escrow.withdraw(payee, signer, SALT, payer), 100, "amount");
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotThawing.selector, id));
        escrow.withdraw(payee, signer, SALT, payer);
        vm.stopPrank();
    }

    function test_fees_of_several_redemptions_and_payers_add_up() public {
        open(1_000 ether);
        escrow.redeem(payee, voucher(100 ether));
        escrow.redeem(payee, voucher(300 ether));
        assertEq(escrow.unburned(payee), 15 ether, "unburned");
        assertEq(escrow.burnFees(payee), 15 ether, "burnt");
        escrow.redeem(payee, voucher(400 ether));
        escrow.burnFees(payee);
        assertEq(escrow.fees(payee, 0), 20 ether, "fees of the epoch");
        (uint256 total, uint256 feePpm) = escrow.feeTotal(0);
        assertEq(total, 20 ether, "total");
        assertEq(feePpm, FEE_PPM, "rate");
        assertEq(escrow.owed(payee), 380 ether, "owed");
    }

    function test_fees_of_one_batch_add_up() public {
        open(1_000 ether);
        bytes memory rows = bytes.concat(voucher(100 ether), voucher(300 ether), voucher(700 ether));
        escrow.redeem(payee, rows);
        assertEq(escrow.owed(payee), 665 ether, "owed");
        assertEq(escrow.burnFees(payee), 35 ether, "burnt");
        assertEq(escrow.fees(payee, 0), 35 ether, "rewardable");
    }

    function test_refunds_of_several_channels_add_up() public {
        open(100);
        vm.prank(payer);
        escrow.deposit(payee, signer, SALT + 1, 50);
        vm.startPrank(payee);
        escrow.close(payer, signer, SALT);
        escrow.close(payer, signer, SALT + 1);
        vm.stopPrank();
        assertEq(escrow.refunds(payer), 150, "refunds");
    }
}
