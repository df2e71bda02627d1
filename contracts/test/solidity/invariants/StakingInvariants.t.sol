// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Kind, Operator} from "../../../src/interfaces/IStaking.sol";
import {World} from "../base/Fixture.sol";

/// Random but valid actions of two providers and two verifiers, and of the slasher at any moment.
contract StakingHandler is World {
    address[] internal operators;
    address internal challenger = address(0xC4);
    address internal adjudicators = address(0xAD);
    mapping(address operator => uint256) internal unbondEnd;
    uint256 internal past; // an epoch whose effective stake must not change any more
    mapping(address operator => uint256) internal pastStake;

    constructor() {
        build();
        for (uint160 i = 1; i <= 4; ++i) {
            address operator = address(0x0A00 + i);
            operators.push(operator);
            register(operator, i <= 2 ? Kind.Provider : Kind.Verifier);
            fund(operator, address(staking), 1e23);
        }
    }

    /* ACTIONS */

    function stake(uint256 index, uint256 amount) external {
        address operator = pick(index);
        uint256 balance = token.balanceOf(operator);
        if (balance == 0) return;
        vm.prank(operator);
        staking.stake(bound(amount, 1, balance));
    }

    function unbond(uint256 index, uint256 amount) external {
        address operator = pick(index);
        uint256 staked = staking.operators(operator).stake;
        if (staked == 0) return;
        vm.prank(operator);
        staking.unbond(bound(amount, 1, staked));
        unbondEnd[operator] = block.timestamp + UNBOND;
    }

    function cancelUnbond(uint256 index) external {
        address operator = pick(index);
        if (staking.operators(operator).unbonding == 0) return;
        vm.prank(operator);
        staking.cancelUnbond();
    }

    /// S3: whenever it pays, the last unbonding is at least UNBOND old.
    function withdraw(uint256 index) external {
        address operator = pick(index);
        vm.prank(operator);
        try staking.withdraw(operator) {
            assertTrue(block.timestamp >= unbondEnd[operator], "S3");
        } catch {}
    }

    /// S2 and S5: never reverts, never leaves more than before.
    function slash(uint256 index, uint256 bps) external {
        address operator = pick(index);
        uint256 before = bonded(operator);
        vm.prank(slasher);
        staking.slash(operator, bps, 1, challenger, adjudicators);
        assertTrue(bonded(operator) <= before, "S5");
    }

    /// As a slash, by an amount.
    function fine(uint256 index, uint256 amount) external {
        address operator = pick(index);
        uint256 before = bonded(operator);
        amount = bound(amount, 0, 2 * before + 1);
        vm.prank(slasher);
        staking.fine(operator, amount, 1, challenger, adjudicators);
        assertEq(bonded(operator), amount > before ? 0 : before - amount, "S5");
    }

    /// S4: no withdrawal while a case is open.
    function judge(uint256 index) external {
        address operator = pick(index);
        vm.prank(slasher);
        staking.openCase(operator);
        vm.prank(operator);
        (bool left,) = address(staking).call(abi.encodeCall(staking.withdraw, (operator)));
        assertTrue(!left, "S4");
        vm.prank(slasher);
        staking.closeCase(operator);
    }

    function jail(uint256 index, uint256 time) external {
        vm.prank(slasher);
        staking.jail(pick(index), uint40(block.timestamp + bound(time, 0, 10 * EPOCH)));
    }

    function refresh(uint256 index) external {
        address operator = pick(index);
        if (block.timestamp < staking.profiles(operator).jailedUntil) return;
        vm.prank(operator);
        staking.refresh();
    }

    function claimBounty() external {
        if (staking.bounties(challenger) == 0) return;
        vm.prank(challenger);
        staking.claimBounty(challenger);
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 0, 3 * EPOCH));
        past = (block.timestamp - GENESIS) / EPOCH;
        for (uint256 i; i < operators.length; ++i) {
            pastStake[operators[i]] = staking.effectiveStake(operators[i], past);
        }
    }

    /* CHECKS */

    function check() external view {
        uint256 sum = staking.bounties(challenger) + staking.bounties(adjudicators);
        uint256 slotSum;
        for (uint256 i; i < operators.length; ++i) {
            Operator memory operator = staking.operators(operators[i]);
            sum += uint256(operator.stake) + operator.unbonding;
            slotSum += operator.slots;
            assertTrue(operator.slots * uint256(SLOT) <= operator.stake, "slots are paid for");
            assertEq(staking.effectiveStake(operators[i], past), pastStake[operators[i]], "S7");
        }
        assertEq(token.balanceOf(address(staking)), sum, "S1");
        uint256 next = (block.timestamp - GENESIS) / EPOCH + 1;
        uint256 active;
        for (uint256 i; i < staking.slotsLength(next); ++i) {
            uint32 until = staking.slots(i).until;
            if (staking.slots(i).from <= next && next < until) ++active;
        }
        assertEq(active, slotSum, "active slots");
    }

    function pick(uint256 index) internal view returns (address) {
        return operators[index % operators.length];
    }

    function bonded(address operator) internal view returns (uint256) {
        return uint256(staking.operators(operator).stake) + staking.operators(operator).unbonding;
    }
}

contract StakingInvariants {
    StakingHandler internal handler;

    function setUp() public {
        handler = new StakingHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_staking() public view {
        handler.check();
    }
}
