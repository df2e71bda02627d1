// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStaking, Kind, StakingParameters} from "../../../src/interfaces/IStaking.sol";
import {Fixture} from "../base/Fixture.sol";

/// The other side of limits, and sums of several actions.
contract StakingBoundsTest is Fixture {
    address internal operator = address(0x0A);
    address internal challenger = address(0xC4);

    function test_constructor_accepts_each_least_value() public {
        StakingParameters memory p = stakingParameters();
        p.unbond = p.challenge + uint32(EPOCH);
        p.slasherDelay = p.unbond + 1;
        (p.minProvider, p.slot) = (1, 1);
        deploy("Staking", abi.encode(timetable(), p, token, address(this), slasher));
        p.minProvider = 0;
        vm.expectRevert(IStaking.BadParameters.selector);
        this.deployStaking(p);
    }

    function deployStaking(StakingParameters memory p) external {
        deploy("Staking", abi.encode(timetable(), p, token, address(this), slasher));
    }

    function test_constructor_keeps_its_numbers() public view {
        assertEq(staking.CHALLENGE(), 216, "challenge");
        assertEq(staking.MIN_PROVIDER(), MIN_PROVIDER, "minimum");
        assertEq(staking.SLOT(), SLOT, "slot");
    }

    function test_stakes_and_bounties_add_up() public {
        enlist(operator, Kind.Provider, 10_000);
        fund(operator, address(staking), 5_000);
        vm.prank(operator);
        staking.stake(5_000);
        assertEq(staking.operators(operator).stake, 15_000, "stake");
        vm.startPrank(slasher);
        staking.fine(operator, 1_000, 1, challenger, address(0));
        staking.fine(operator, 2_000, 1, challenger, address(0));
        vm.stopPrank();
        assertEq(staking.bounties(challenger), 750, "bounties");
        assertEq(staking.operators(operator).stake, 12_000, "rest");
    }

    function test_the_whole_stake_can_be_unbonded_and_cancelled_back() public {
        enlist(operator, Kind.Provider, 100);
        vm.startPrank(operator);
        staking.unbond(60);
        staking.unbond(40);
        assertEq(staking.operators(operator).stake, 0, "stake");
        assertEq(staking.operators(operator).unbonding, 100, "unbonding");
        staking.cancelUnbond();
        vm.stopPrank();
        assertEq(staking.operators(operator).stake, 100, "stake again");
        assertEq(staking.operators(operator).unbonding, 0, "nothing unbonds");
    }

    function test_cases_are_counted_one_by_one() public {
        enlist(operator, Kind.Provider, 10);
        vm.startPrank(slasher);
        staking.openCase(operator);
        staking.openCase(operator);
        assertEq(staking.openCases(slasher, operator), 2, "two");
        staking.closeCase(operator);
        vm.stopPrank();
        assertEq(staking.openCases(slasher, operator), 1, "one");
    }

    function test_a_jailed_verifier_has_no_slots_until_it_is_free() public {
        enlist(operator, Kind.Verifier, 3 * uint256(SLOT));
        uint40 until = uint40(GENESIS + 100);
        vm.prank(slasher);
        staking.jail(operator, until);
        assertEq(staking.operators(operator).slots, 0, "in jail");
        assertEq(staking.profiles(operator).jailedUntil, until, "until");
        vm.warp(until);
        vm.prank(operator);
        staking.refresh();
        assertEq(staking.operators(operator).slots, 3, "free");
    }

    function test_minimum_is_enough_and_a_wei_less_is_not() public {
        enlist(operator, Kind.Provider, MIN_PROVIDER);
        assertEq(staking.effectiveStake(operator, 1), MIN_PROVIDER, "minimum");
        vm.prank(operator);
        staking.unbond(1);
        assertEq(staking.effectiveStake(operator, 1), 0, "a wei less");
    }

    function test_activity_of_a_node_follows_its_key() public {
        enlist(operator, Kind.Provider, MIN_PROVIDER);
        address old = nodeOf(operator);
        (address found, uint256 effective) = staking.activeOf(old, 1);
        assertEq(found, operator, "operator");
        assertEq(effective, MIN_PROVIDER, "stake");
        uint256 key = 0xD0DE;
        bytes memory consent = signNode(key, operator);
        vm.warp(GENESIS + 5);
        vm.prank(operator);
        staking.rotateKey(vm.addr(key), consent);
        (found, effective) = staking.activeOf(old, 1);
        assertEq(found, address(0), "old key");
        assertEq(effective, 0, "old key's stake");
        (found, effective) = staking.activeOf(vm.addr(key), 1);
        assertEq(found, operator, "new key");
        assertEq(staking.keys(vm.addr(key)).from, GENESIS + 5, "from");
        assertEq(staking.nodeOf(operator), vm.addr(key), "nodeOf");
    }

    function test_closed_slots_keep_their_owner_and_their_end() public {
        enlist(operator, Kind.Verifier, 2 * uint256(SLOT));
        warpToEpoch(3);
        vm.prank(operator);
        staking.unbond(SLOT);
        assertEq(staking.slots(1).until, 4, "closed from the next epoch");
        assertEq(staking.slots(0).until, type(uint32).max, "the other one stays");
        assertEq(staking.slots(0).from, 1, "from");
        assertEq(staking.operators(operator).slots, 1, "slots");
    }

    /// A draw looks at 32 slots, the last of them included, and at no more; resting slots have no holder.
    function test_a_draw_looks_at_exactly_32_slots() public {
        enlist(operator, Kind.Verifier, 20 * uint256(SLOT));
        vm.prank(operator);
        staking.unbond(19 * uint256(SLOT)); // slot 0 stays
        address subject = address(0x50B);
        register(subject, Kind.Provider);
        uint256 last;
        uint256 beyond;
        for (uint256 seed = 1; seed < 10_000 && (last == 0 || beyond == 0); ++seed) {
            uint256 hit = firstHit(bytes32(seed), subject);
            if (hit == 31) last = seed;
            if (hit == 32) beyond = seed;
        }
        assertEq(staking.draw(bytes32(last), subject, 1, 1).length, 1, "the 32nd slot");
        assertEq(staking.draw(bytes32(beyond), subject, 1, 1).length, 0, "the 33rd slot");
    }

    /// The first probe that meets slot 0 of 20, at most 40.
    function firstHit(bytes32 seed, address subject) internal pure returns (uint256 probe) {
        while (probe < 40 && uint256(keccak256(abi.encodePacked(seed, subject, uint256(0), probe))) % 20 != 0) ++probe;
    }
}
