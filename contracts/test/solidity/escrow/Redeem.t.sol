// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";

contract RedeemTest is EscrowFixture {
    function testFuzz_rejects_partial_rows(uint256 length) public {
        length = bound(length, 0, 1_000);
        vm.assume(length == 0 || length % 128 != 0);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadRows.selector, length));
        escrow.redeem(payee, new bytes(length));
    }

    function testFuzz_pays_the_step_minus_a_fee_rounded_up(uint96 balance, uint96 first, uint96 second) public {
        balance = uint96(bound(balance, 2, 1e25));
        first = uint96(bound(first, 1, balance - 1));
        second = uint96(bound(second, first + 1, balance));
        open(balance);

        escrow.redeem(payee, voucher(first));
        escrow.redeem(payee, voucher(second));

        uint256 fee = feeOf(first) + feeOf(second - first);
        assertEq(channel().claimed, second, "claimed");
        assertEq(escrow.owed(payee), second - fee, "owed");
        assertEq(escrow.unburned(payee), fee, "unburned");
    }

    function testFuzz_anyone_may_send_it_and_only_the_payee_gains(address sender) public {
        vm.assume(sender != payee);
        open(100);
        bytes memory rows = voucher(60);
        vm.prank(sender);
        escrow.redeem(payee, rows);
        assertEq(escrow.owed(payee), 57, "payee");
        assertEq(escrow.owed(sender), 0, "sender");
    }

    function testFuzz_claims_at_most_the_balance(uint96 balance, uint96 total) public {
        balance = uint96(bound(balance, 1, 1e25));
        total = uint96(bound(total, balance, type(uint96).max));
        open(balance);
        escrow.redeem(payee, voucher(total));
        assertEq(channel().claimed, balance, "claimed");
    }

    function test_clamped_voucher_claims_the_rest_after_a_top_up() public {
        open(10);
        escrow.redeem(payee, voucher(30));
        open(50);
        escrow.redeem(payee, voucher(30));
        assertEq(channel().claimed, 30, "claimed");
    }

    function test_replayed_voucher_collects_nothing() public {
        open(100);
        escrow.redeem(payee, voucher(60));
        escrow.redeem(payee, voucher(60));
        escrow.redeem(payee, voucher(59));
        assertEq(channel().claimed, 60, "claimed");
        assertEq(escrow.owed(payee), 57, "owed");
    }

    function testFuzz_only_the_signers_key_counts(uint256 key) public {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != SIGNER_KEY);
        open(100);
        // The row names the right signer, another key signed it.
        bytes memory signed = rowSigned(key, escrow.voucherDigest(id, 60), payer, SALT, 60);
        bytes20 named = bytes20(signer);
        for (uint256 i; i < 20; ++i) {
            signed[20 + i] = named[i];
        }
        escrow.redeem(payee, signed);
        assertEq(channel().claimed, 0, "claimed");
    }

    /// Every bit of a row matters: parties, salt, total, signature.
    function testFuzz_no_altered_row_claims(uint256 bit) public {
        open(1_000);
        bytes memory altered = voucher(60);
        bit = bound(bit, 0, 128 * 8 - 1);
        altered[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        escrow.redeem(payee, altered);
        assertEq(escrow.owed(payee), 0, "owed");
    }

    function test_zero_signature_is_no_signature() public {
        vm.prank(payer);
        escrow.deposit(payee, address(0), SALT, 10);
        escrow.redeem(payee, abi.encodePacked(payer, address(0), SALT, uint96(5), bytes32(0), bytes32(0)));
        escrow.redeem(payee, abi.encodePacked(address(0), address(0), SALT, uint96(5), bytes32(0), bytes32(0)));
        assertEq(escrow.owed(payee), 0, "owed");
    }

    /// C8 and C9: a batch with bad rows and a repeated channel pays exactly what single rows pay.
    function testFuzz_batch_equals_sequence(uint96[4] memory totals, uint8 badRow) public {
        open(1_000);
        vm.prank(payer);
        escrow.deposit(payee, signer, PRIVATE_SALT, 1_000);
        bytes memory batch;
        bytes[] memory rows = new bytes[](5);
        for (uint256 i; i < 4; ++i) {
            uint96 total = uint96(bound(totals[i], 0, 1_500));
            rows[i] = row(SIGNER_KEY, payer, payee, i % 2 == 0 ? SALT : PRIVATE_SALT, total);
        }
        rows[4] = rows[badRow % 4];
        rows[badRow % 4] = new bytes(128);
        for (uint256 i; i < 5; ++i) {
            batch = bytes.concat(batch, rows[i]);
        }

        (uint256 owed, uint256 fees) = this.redeemAndUndo(rows);
        escrow.redeem(payee, batch);
        assertEq(escrow.owed(payee), owed, "owed");
        assertEq(escrow.unburned(payee), fees, "fees");
    }

    /// Redeems one by one, reports, and undoes it by reverting.
    function redeemAndUndo(bytes[] calldata rows) external returns (uint256, uint256) {
        try this.redeemAndThrow(rows) {
            revert("unreachable");
        } catch (bytes memory result) {
            return abi.decode(result, (uint256, uint256));
        }
    }

    function redeemAndThrow(bytes[] calldata rows) external {
        for (uint256 i; i < rows.length; ++i) {
            escrow.redeem(payee, rows[i]);
        }
        bytes memory result = abi.encode(escrow.owed(payee), escrow.unburned(payee));
        assembly {
            revert(add(result, 32), mload(result))
        }
    }

    function test_voucher_of_another_chain_or_deployment_claims_nothing() public {
        open(100);
        vm.chainId(999);
        bytes memory elsewhere = voucher(60);
        vm.chainId(31_337);
        escrow.redeem(payee, elsewhere);

        IEscrow other = IEscrow(deployEscrow(FEE_PPM));
        bytes memory foreign = rowSigned(SIGNER_KEY, other.voucherDigest(id, 60), payer, SALT, 60);
        escrow.redeem(payee, foreign);
        assertEq(channel().claimed, 0, "claimed");
    }

    function test_private_channels_burn_the_same_fee_and_earn_no_reward() public {
        vm.prank(payer);
        escrow.deposit(payee, signer, PRIVATE_SALT, 1 ether);
        escrow.redeem(payee, row(SIGNER_KEY, payer, payee, PRIVATE_SALT, 1 ether));

        assertEq(escrow.burnFees(payee), 0.05 ether, "burnt");
        assertEq(escrow.fees(payee, 0), 0, "fees");
        (uint256 total,) = escrow.feeTotal(0);
        assertEq(total, 0, "total");
    }

    /// Fees count in the epoch in which they are burnt, so that an epoch's total is fixed when it ends.
    function test_fees_are_filed_by_the_epoch_of_their_burning() public {
        open(10 ether);
        escrow.redeem(payee, voucher(1 ether));
        warpToEpoch(3);
        escrow.redeem(payee, voucher(3 ether));
        escrow.burnFees(payee);
        escrow.redeem(payee, voucher(7 ether));
        escrow.burnFees(payee);
        warpToEpoch(9);
        escrow.redeem(payee, voucher(8 ether));
        escrow.burnFees(payee);

        assertEq(escrow.fees(payee, 0), 0, "epoch 0");
        assertEq(escrow.fees(payee, 3), 0.35 ether, "epoch 3");
        assertEq(escrow.fees(payee, 9), 0.05 ether, "epoch 9");
        (uint256 total, uint256 feePpm) = escrow.feeTotal(3);
        assertEq(total, 0.35 ether, "total of epoch 3");
        assertEq(feePpm, FEE_PPM, "rate of epoch 3");
    }

    /// A pre-thawed channel still honours its vouchers until it is withdrawn, in both orders.
    function test_redeem_before_and_after_the_withdrawal_of_a_thaw() public {
        open(100);
        vm.prank(payer);
        escrow.thaw(payee, signer, SALT);
        escrow.redeem(payee, voucher(40));
        vm.warp(GENESIS + THAW);
        escrow.redeem(payee, voucher(50));
        vm.prank(payer);
        assertEq(escrow.withdraw(payee, signer, SALT, payer), 50, "withdrawn");
        escrow.redeem(payee, voucher(90));
        assertEq(channel().claimed, 50, "claimed");
    }
}
