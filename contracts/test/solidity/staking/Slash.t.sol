// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStaking, Kind, StakingParameters} from "../../../src/interfaces/IStaking.sol";
import {Fixture} from "../base/Fixture.sol";

/// slash, jail, bounties, change of slasher.
contract SlashTest is Fixture {
    address internal operator = address(0x0A);
    address internal challenger = address(0xC4);
    address internal adjudicators = address(0xAD);

    function slash(uint256 bps) internal returns (uint256 burned, uint256 bounty) {
        vm.prank(slasher);
        return staking.slash(operator, bps, 1, challenger, adjudicators);
    }

    function testFuzz_only_the_slasher_slashes_and_jails(address caller) public {
        vm.assume(caller != slasher);
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotSlasher.selector, caller));
        staking.slash(operator, 1, 1, caller, caller);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotSlasher.selector, caller));
        staking.jail(operator, type(uint40).max);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotSlasher.selector, caller));
        staking.openCase(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotSlasher.selector, caller));
        staking.fine(operator, 1, 1, caller, caller);
        vm.expectRevert(); // nothing to subtract from
        staking.closeCase(operator);
        vm.stopPrank();
    }

    /// S2 and S6: never reverts; unbonding first; rounded up; at least 60 % burnt.
    function testFuzz_slash(uint96 amount, uint96 part, uint256 bps) public {
        amount = uint96(bound(amount, 1, 1e26));
        part = uint96(bound(part, 1, amount));
        enlist(operator, Kind.Provider, amount);
        vm.prank(operator);
        staking.unbond(part);
        uint256 supply = token.totalSupply();

        (uint256 burned, uint256 bounty) = slash(bps);

        uint256 cut = bps > 10_000 ? 10_000 : bps;
        uint256 taken = (uint256(amount) * cut + 9_999) / 10_000;
        assertEq(burned + bounty, taken, "taken");
        assertTrue(burned * 10 >= taken * 6, "60 % burnt");
        assertEq(supply - token.totalSupply(), burned, "burned");
        assertEq(staking.bounties(challenger), taken * 25 / 100, "challenger");
        assertEq(staking.bounties(adjudicators), taken * 15 / 100, "adjudicators");
        assertEq(staking.operators(operator).unbonding, taken > part ? 0 : part - taken, "unbonding first");
        assertEq(
            uint256(staking.operators(operator).stake) + staking.operators(operator).unbonding, amount - taken, "rest"
        );
        assertEq(token.balanceOf(address(staking)), amount - burned, "tokens");
    }

    function testFuzz_slash_of_a_stranger_takes_nothing(address stranger, uint256 bps) public {
        operator = stranger;
        (uint256 burned, uint256 bounty) = slash(bps);
        assertEq(burned + bounty, 0, "taken");
    }

    function test_shares_of_nobody_are_burnt() public {
        enlist(operator, Kind.Provider, 1_000);
        vm.prank(slasher);
        (uint256 burned, uint256 bounty) = staking.slash(operator, 10_000, 1, address(0), address(0));
        assertEq(burned, 1_000, "burned");
        assertEq(bounty, 0, "bounty");
    }

    /// A fine takes an amount, or what there is, by the same rules as a slash.
    function testFuzz_fine(uint96 amount, uint96 part, uint256 wanted) public {
        amount = uint96(bound(amount, 1, 1e26));
        part = uint96(bound(part, 1, amount));
        enlist(operator, Kind.Provider, amount);
        vm.prank(operator);
        staking.unbond(part);
        vm.prank(slasher);
        (uint256 burned, uint256 bounty) = staking.fine(operator, wanted, 1, challenger, adjudicators);

        uint256 taken = wanted > amount ? amount : wanted;
        assertEq(burned + bounty, taken, "taken");
        assertTrue(burned * 10 >= taken * 6, "60 % burnt");
        assertEq(staking.operators(operator).unbonding, taken > part ? 0 : part - taken, "unbonding first");
    }

    function test_former_slasher_closes_its_cases() public {
        enlist(operator, Kind.Provider, 10);
        vm.prank(slasher);
        staking.openCase(operator);
        staking.proposeSlasher(challenger);
        vm.warp(GENESIS + SLASHER_DELAY);
        staking.acceptSlasher();
        vm.prank(slasher);
        staking.closeCase(operator);
        assertEq(staking.openCases(slasher, operator), 0, "open");
    }

    function test_bounty_is_pulled_once() public {
        enlist(operator, Kind.Provider, 1_000);
        slash(10_000);
        vm.startPrank(challenger);
        staking.claimBounty(address(0x70));
        assertEq(token.balanceOf(address(0x70)), 250, "tokens");
        vm.expectRevert(IStaking.ZeroAmount.selector);
        staking.claimBounty(address(0x70));
        vm.stopPrank();
    }

    function test_slash_below_the_minimum_ends_a_provider() public {
        enlist(operator, Kind.Provider, MIN_PROVIDER);
        slash(1);
        assertEq(staking.effectiveStake(operator, 1), 0, "effective");
    }

    function test_jail_suspends_until_it_ends() public {
        enlist(operator, Kind.Provider, MIN_PROVIDER);
        uint40 until = uint40(GENESIS + 200);
        vm.startPrank(slasher);
        staking.jail(operator, until);
        staking.jail(operator, until - 100); // never shortens
        vm.stopPrank();
        assertEq(staking.effectiveStake(operator, 1), 0, "in jail");

        vm.warp(until - 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.Jailed.selector, operator, until));
        staking.refresh();
        vm.warp(until);
        vm.prank(operator);
        staking.refresh();
        assertEq(staking.effectiveStake(operator, 3), MIN_PROVIDER, "free");
    }

    function test_a_stranger_can_be_neither_jailed_nor_refreshed() public {
        vm.prank(slasher);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotOperator.selector, operator));
        staking.jail(operator, 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotOperator.selector, operator));
        staking.refresh();
    }

    function test_only_the_governor_proposes_a_slasher() public {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotGovernor.selector, operator));
        staking.proposeSlasher(operator);
    }

    function test_new_slasher_waits_longer_than_unbonding() public {
        vm.expectRevert(abi.encodeWithSelector(IStaking.SlasherDelay.selector, 0));
        staking.acceptSlasher();
        staking.proposeSlasher(challenger);
        uint256 readyAt = GENESIS + SLASHER_DELAY;
        vm.warp(readyAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IStaking.SlasherDelay.selector, readyAt));
        staking.acceptSlasher();

        vm.warp(readyAt);
        staking.acceptSlasher();
        assertEq(staking.slasher(), challenger, "slasher");
        vm.expectRevert(abi.encodeWithSelector(IStaking.SlasherDelay.selector, 0));
        staking.acceptSlasher();
    }

    function test_a_case_of_the_old_slasher_does_not_hold_a_withdrawal_for_ever() public {
        enlist(operator, Kind.Provider, 10);
        vm.prank(operator);
        staking.unbond(10);
        vm.prank(slasher);
        staking.openCase(operator);
        staking.proposeSlasher(challenger);
        vm.warp(GENESIS + SLASHER_DELAY);
        staking.acceptSlasher();
        vm.prank(operator);
        staking.withdraw(operator);
        assertEq(token.balanceOf(operator), 10, "tokens");
    }

    /// S4.
    function test_constructor_keeps_unbonding_longer_than_challenges() public {
        StakingParameters memory p = stakingParameters();
        p.unbond = p.challenge + uint32(EPOCH) - 1;
        expectBadParameters(p);
        p = stakingParameters();
        p.slasherDelay = p.unbond;
        expectBadParameters(p);
        p = stakingParameters();
        p.slot = 0;
        expectBadParameters(p);
    }

    function expectBadParameters(StakingParameters memory p) internal {
        vm.expectRevert(IStaking.BadParameters.selector);
        this.deployStaking(p);
    }

    function deployStaking(StakingParameters memory p) external {
        deploy("Staking", abi.encode(timetable(), p, token, address(this), slasher));
    }
}
