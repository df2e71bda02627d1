// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRewards} from "../../../src/interfaces/IRewards.sol";
import {Guarded} from "../../../src/libraries/Guarded.sol";
import {AuditFixture} from "../base/AuditFixture.sol";

/// freezeEpoch.
contract FreezeTest is AuditFixture {
    uint256 internal constant WEEK = 7 days;
    uint256 internal from;
    uint256 internal until;

    function setUp() public override {
        super.setUp();
        audit([uint8(95), 95, 95], 3);
        finalize(E, provider);
        (from, until) = rewards.claimWindow(E);
    }

    function freeze(uint256 duration) internal {
        vm.prank(guardian);
        rewards.freezeEpoch(E, duration);
    }

    function testFuzz_only_the_guardian_freezes(address caller) public {
        vm.assume(caller != guardian);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(Guarded.NotGuardian.selector, caller, GENESIS + 365 days));
        rewards.freezeEpoch(E, 1);
    }

    function test_freeze_lasts_between_a_second_and_a_week() public {
        vm.expectRevert(abi.encodeWithSelector(IRewards.BadFreeze.selector, 0, WEEK));
        freeze(0);
        vm.expectRevert(abi.encodeWithSelector(IRewards.BadFreeze.selector, WEEK + 1, WEEK));
        freeze(WEEK + 1);
        freeze(WEEK);
    }

    function testFuzz_freeze_before_claims_open_moves_their_window(uint256 duration) public {
        duration = bound(duration, 1, WEEK);
        freeze(duration);
        (uint256 newFrom, uint256 newUntil) = rewards.claimWindow(E);
        assertEq(newFrom, from + duration, "from");
        assertEq(newUntil, until + duration, "until: nobody loses time to claim");

        vm.warp(newFrom - 1);
        bytes memory closed = abi.encodeWithSelector(IRewards.ClaimsClosed.selector, newFrom - 1, newFrom, newUntil);
        vm.expectRevert(closed);
        rewards.claim(E, provider);
        vm.expectRevert(closed);
        rewards.claimTreasury(E);
        vm.warp(newFrom);
        rewards.claim(E, provider);
    }

    function test_freeze_of_open_claims_counts_from_now_and_keeps_the_pool() public {
        vm.warp(from + 100);
        uint256 first = rewards.claim(E, provider);
        freeze(50);
        (uint256 newFrom,) = rewards.claimWindow(E);
        assertEq(newFrom, from + 150, "from");
        vm.warp(newFrom);
        assertEq(rewards.poolOf(E).delay, 150, "delay");
        assertEq(rewards.claim(E, verifiers[0]), first / 2 / 3, "the rest of the same pool");
        vm.expectRevert(abi.encodeWithSelector(IRewards.AlreadyClaimed.selector, E, provider));
        rewards.claim(E, provider);
    }

    function test_an_epoch_is_frozen_once_and_alone() public {
        freeze(10);
        vm.expectRevert(abi.encodeWithSelector(IRewards.AlreadyFrozen.selector, E));
        freeze(10);
        (uint256 other,) = rewards.claimWindow(E + 1);
        assertEq(other, from + EPOCH, "the next epoch");
    }

    function test_claims_that_are_over_cannot_be_frozen() public {
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IRewards.ClaimsClosed.selector, until, from, until));
        freeze(1);
        vm.warp(until - 1);
        freeze(1);
    }

    function test_claimed_tells_one_epoch_from_another() public {
        vm.warp(from);
        rewards.claim(E, provider);
        assertTrue(rewards.claimed(E, provider), "claimed");
        assertTrue(!rewards.claimed(E + 1, provider), "next epoch");
        assertTrue(!rewards.claimed(E + 256, provider), "next word");
        assertTrue(!rewards.claimed(E, second), "someone else");
    }
}
