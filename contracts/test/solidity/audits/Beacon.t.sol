// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBeacon} from "../../../src/interfaces/IBeacon.sol";
import {Fixture} from "../base/Fixture.sol";

contract BeaconTest is Fixture {
    function testFuzz_only_its_operator_submits(address caller) public {
        vm.assume(caller != address(this));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IBeacon.BadBeacon.selector, 0));
        beacon.submit(0, "x");
    }

    function testFuzz_round_has_a_value_once_and_not_before_it_starts(uint64 round, bytes calldata data) public {
        round = uint64(bound(round, 1, type(uint32).max));
        vm.warp(GENESIS + round * 3 - 1);
        vm.expectRevert(abi.encodeWithSelector(IBeacon.NotYet.selector, round));
        beacon.submit(round, data);
        vm.warp(GENESIS + round * 3);
        beacon.submit(round, data);
        vm.expectRevert(abi.encodeWithSelector(IBeacon.AlreadySubmitted.selector, round));
        beacon.submit(round, "other");
        assertEq(beacon.valueOf(round), keccak256(data), "value");
    }

    function testFuzz_round_of_an_epoch_starts_after_its_roots(uint32 epoch) public {
        uint64 round = beacon.roundOf(epoch);
        uint256 earliest = GENESIS + (uint256(epoch) + 1) * EPOCH + 8;
        uint256 start = GENESIS + round * 3;
        assertTrue(start >= earliest && start < earliest + 3, "start");
        vm.expectRevert(abi.encodeWithSelector(IBeacon.NotYet.selector, round));
        beacon.rand(epoch);
        vm.warp(start);
        beacon.submit(round, "x");
        assertEq(beacon.rand(epoch), keccak256("x"), "rand");
    }

    function testFuzz_round_at_a_time_starts_at_or_after_it(uint32 time) public view {
        assertEq(beacon.roundAt(GENESIS - 1), 0, "before genesis");
        assertEq(beacon.roundAt(GENESIS), 0, "genesis");
        uint256 start = GENESIS + beacon.roundAt(GENESIS + time) * 3;
        assertTrue(start >= GENESIS + time && start < GENESIS + time + 3, "start");
    }
}
