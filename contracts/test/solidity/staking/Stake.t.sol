// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStaking, Kind} from "../../../src/interfaces/IStaking.sol";
import {Fixture} from "../base/Fixture.sol";

/// stake, unbond, cancelUnbond, withdraw.
contract StakeTest is Fixture {
    address internal operator = address(0x0A);
    address internal constant TO = address(0x70);

    function unbond(uint256 amount) internal {
        vm.prank(operator);
        staking.unbond(amount);
    }

    function test_stake_needs_an_operator_and_an_amount() public {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotOperator.selector, operator));
        staking.stake(1);
        register(operator, Kind.Provider);
        vm.prank(operator);
        vm.expectRevert(IStaking.ZeroAmount.selector);
        staking.stake(0);
    }

    /// S7: what happens in an epoch counts from the next one.
    function testFuzz_stake_counts_from_the_next_epoch(uint96 amount) public {
        amount = uint96(bound(amount, MIN_PROVIDER, 1e26));
        enlist(operator, Kind.Provider, amount);
        assertEq(staking.effectiveStake(operator, 0), 0, "this epoch");
        assertEq(staking.effectiveStake(operator, 1), amount, "next epoch");
        assertEq(token.balanceOf(address(staking)), amount, "tokens");
    }

    function testFuzz_less_than_the_minimum_counts_nothing(uint96 amount) public {
        amount = uint96(bound(amount, 1, MIN_PROVIDER - 1));
        enlist(operator, Kind.Provider, amount);
        assertEq(staking.effectiveStake(operator, 1), 0, "effective");
    }

    function test_permit_that_a_front_runner_used_still_stakes() public {
        uint256 key = 0xA11CE;
        operator = vm.addr(key);
        register(operator, Kind.Provider);
        token.transfer(operator, 50);
        bytes32 permit =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(permit, operator, address(staking), 50, 0, GENESIS));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digestOf("ARIA", address(token), structHash));
        token.permit(operator, address(staking), 50, GENESIS, v, r, s);

        vm.prank(operator);
        staking.stakeWithPermit(50, GENESIS, v, r, s);
        assertEq(staking.operators(operator).stake, 50, "stake");
    }

    function testFuzz_unbond_takes_at_most_the_stake(uint96 amount, uint96 more) public {
        amount = uint96(bound(amount, 1, 1e26));
        more = uint96(bound(more, uint256(amount) + 1, type(uint96).max));
        enlist(operator, Kind.Provider, amount);
        vm.startPrank(operator);
        vm.expectRevert(IStaking.ZeroAmount.selector);
        staking.unbond(0);
        vm.expectRevert(abi.encodeWithSelector(IStaking.InsufficientStake.selector, more, amount));
        staking.unbond(more);
        vm.stopPrank();
    }

    function testFuzz_unbonding_stake_stops_counting_in_the_next_epoch(uint96 amount, uint96 part) public {
        amount = uint96(bound(amount, 2 * MIN_PROVIDER, 1e26));
        part = uint96(bound(part, 1, amount - MIN_PROVIDER));
        enlist(operator, Kind.Provider, amount);
        warpToEpoch(1);
        unbond(part);
        assertEq(staking.effectiveStake(operator, 1), amount, "this epoch");
        assertEq(staking.effectiveStake(operator, 2), amount - part, "next epoch");
    }

    /// S3: never earlier than UNBOND after it stopped counting.
    function testFuzz_withdraw_waits_for_the_last_second(uint96 amount, uint256 early) public {
        amount = uint96(bound(amount, 1, 1e26));
        enlist(operator, Kind.Provider, amount);
        unbond(amount);
        vm.warp(GENESIS + bound(early, 0, UNBOND - 1));
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.StillBonded.selector, GENESIS + UNBOND));
        staking.withdraw(TO);

        vm.warp(GENESIS + UNBOND);
        vm.startPrank(operator);
        staking.withdraw(TO);
        assertEq(token.balanceOf(TO), amount, "tokens");
        vm.expectRevert(abi.encodeWithSelector(IStaking.NothingUnbonding.selector, operator));
        staking.withdraw(TO);
        vm.stopPrank();
    }

    function test_second_unbond_starts_the_time_again() public {
        enlist(operator, Kind.Provider, 10);
        unbond(4);
        vm.warp(GENESIS + 100);
        unbond(6);
        assertEq(staking.operators(operator).unbonding, 10, "unbonding");
        assertEq(staking.operators(operator).unbondEnd, GENESIS + 100 + UNBOND, "unbondEnd");
    }

    function test_cancelled_unbonding_counts_again() public {
        enlist(operator, Kind.Provider, MIN_PROVIDER);
        unbond(MIN_PROVIDER);
        warpToEpoch(2);
        vm.prank(operator);
        staking.cancelUnbond();
        assertEq(staking.effectiveStake(operator, 2), 0, "this epoch");
        assertEq(staking.effectiveStake(operator, 3), MIN_PROVIDER, "next epoch");
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NothingUnbonding.selector, operator));
        staking.cancelUnbond();
    }

    function test_open_case_holds_a_withdrawal() public {
        enlist(operator, Kind.Provider, 10);
        unbond(10);
        vm.warp(GENESIS + UNBOND);
        vm.prank(slasher);
        staking.openCase(operator);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.CasesOpen.selector, operator, 1));
        staking.withdraw(TO);

        vm.prank(slasher);
        staking.closeCase(operator);
        vm.prank(operator);
        staking.withdraw(TO);
        assertEq(token.balanceOf(TO), 10, "tokens");
    }
}
