// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Row} from "../../../src/interfaces/IAudits.sol";
import {Kind} from "../../../src/interfaces/IStaking.sol";
import {AuditFixture} from "../base/AuditFixture.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";

/// Rows of the threat table (protocol, section 6) that the escrow answers. THREATS.md has them all.
contract EscrowThreatsTest is EscrowFixture {
    address internal thief = address(0xBAD);

    /// Row 6: a client cannot take back what it signed: a thaw leaves the provider a whole period to redeem.
    function testFuzz_row_6_client_that_never_pays(uint96 signedFor) public {
        signedFor = uint96(bound(signedFor, 1, 1e24));
        open(1e24);
        bytes memory signed = voucher(signedFor);
        vm.startPrank(payer);
        uint256 end = escrow.thaw(payee, signer, SALT);
        vm.warp(end - 1);
        vm.expectRevert();
        escrow.withdraw(payee, signer, SALT, payer);
        vm.stopPrank();
        escrow.redeem(payee, signed);
        assertEq(escrow.owed(payee), signedFor - feeOf(signedFor), "paid");
    }

    /// Row 18: whoever runs ahead with the payee's rows pays for its gas and redeems for the payee; the payee's own
    /// transaction still succeeds, with the rows that are new.
    function testFuzz_row_18_redemption_run_ahead(address runner, uint96 first, uint96 more) public {
        first = uint96(bound(first, 1, 1e23));
        more = uint96(bound(more, 1, 1e23));
        open(1e24);
        vm.prank(runner);
        escrow.redeem(payee, voucher(first));
        escrow.redeem(payee, bytes.concat(voucher(first), voucher(first + more)));
        assertEq(channel().claimed, uint256(first) + more, "claimed");
        assertEq(escrow.owed(payee), uint256(first) + more - feeOf(first) - feeOf(more), "owed");
    }

    /// Row 20: a batch that a reorganisation puts in twice counts once.
    function testFuzz_row_20_same_batch_again(uint96 total) public {
        total = uint96(bound(total, 1, 1e24));
        open(1e24);
        bytes memory rows = voucher(total);
        escrow.redeem(payee, rows);
        (uint256 owed, uint256 unburned) = (escrow.owed(payee), escrow.unburned(payee));
        escrow.redeem(payee, rows);
        assertEq(escrow.owed(payee), owed, "owed");
        assertEq(escrow.unburned(payee), unburned, "fees");
    }

    /// Row 22: a row costs the same in a long batch as in a short one.
    function test_row_22_cost_of_a_row_does_not_grow() public {
        uint256 short = costOfBadRows(20);
        uint256 long = costOfBadRows(200);
        assertTrue(long < 11 * short, "linear");
    }

    function costOfBadRows(uint256 count) internal returns (uint256) {
        bytes memory rows = new bytes(128 * count);
        uint256 before = gasleft();
        escrow.redeem(payee, rows);
        return before - gasleft();
    }

    /// Row 27: a leaked session key pays the one payee it was made for, at most the balance of its channel.
    function testFuzz_row_27_leaked_session_key(uint96 balance, uint96 greed) public {
        balance = uint96(bound(balance, 1, 1e24));
        greed = uint96(bound(greed, balance, type(uint96).max));
        open(balance);
        vm.prank(payer);
        escrow.deposit(payee, payer, SALT, 1e20); // a channel of the payer's own key
        escrow.redeem(thief, row(SIGNER_KEY, payer, thief, SALT, greed));
        assertEq(escrow.owed(thief), 0, "thief");
        escrow.redeem(payee, voucher(greed));
        assertEq(channel().claimed, balance, "at most the balance");
        assertEq(escrow.channels(escrow.channelId(payer, payee, payer, SALT)).claimed, 0, "the other channel");
    }
}

/// Rows that audits and rewards answer.
contract RewardThreatsTest is AuditFixture {
    function close(Row[] memory rows) internal {
        openBeacon(E);
        warpAfter(E, 24);
        for (uint256 i; i < 3; ++i) {
            commitAudit(verifiers[i], rows);
        }
        warpAfter(E, 42);
        for (uint256 i; i < 3; ++i) {
            revealAudit(verifiers[i], rows);
        }
        warpAfter(E, 54);
        for (uint256 i; i < rows.length; ++i) {
            finalize(E, rows[i].provider);
        }
        warpAfter(E, 144);
    }

    /// Row 1: who splits its stake into several providers gets no more than in one; who has too little gets nothing.
    function test_row_1_sybil_providers() public {
        address dust = address(0xA3);
        vm.warp(GENESIS);
        enlist(dust, Kind.Provider, MIN_PROVIDER - 1);
        assertEq(staking.effectiveStake(dust, E), 0, "less than the minimum");

        Row[] memory rows = new Row[](2);
        rows[0] = Row(provider, 95, CAPACITY, "digest"); // 3,000
        rows[1] = Row(second, 95, CAPACITY, "digest"); // 1,000
        close(rows);
        (uint256 of3000,,) = rewards.rewardOf(E, provider);
        (uint256 of1000,,) = rewards.rewardOf(E, second);
        uint256 whole = rewards.poolOf(E).emission / 2; // what one provider with 4,000 would get
        assertTrue(of3000 + of1000 <= whole, "no more");
        assertEq(of3000 / 3, of1000, "linear");
    }

    /// Row 1: one machine behind a large stake earns what the machine can do, as its audits measured.
    function test_row_1_stake_without_machines() public {
        Row[] memory rows = new Row[](2);
        rows[0] = Row(provider, 95, 1, "digest"); // 3,000 staked, capacity for 1,000
        rows[1] = Row(second, 95, 1, "digest");
        close(rows);
        assertEq(audits.weightOf(E, provider), audits.weightOf(E, second), "capped by capacity");
    }

    /// Row 3: each washed token loses a part of the fee; a private channel's wash earns nothing at all.
    function testFuzz_row_3_wash_trading(uint96 total) public {
        total = uint96(bound(total, 1 ether, 1e24));
        warpToEpoch(E);
        token.approve(address(escrow), total);
        escrow.deposit(provider, vm.addr(0x5E55), 1, total);
        escrow.redeem(provider, row(0x5E55, address(this), provider, 1, total));
        uint256 fee = escrow.burnFees(provider);
        warpAfter(E, 0);
        commitRoot(provider);
        close(rowsFor(100));
        (, uint256 work,) = rewards.rewardOf(E, provider);
        assertTrue(work * 10 <= fee * 8, "a fifth of the fee is lost");
    }
}
