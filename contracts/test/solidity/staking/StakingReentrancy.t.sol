// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAriaToken} from "../../../src/interfaces/IAriaToken.sol";
import {IStaking, Kind} from "../../../src/interfaces/IStaking.sol";
import {World} from "../base/Fixture.sol";
import {HookedToken} from "../base/HookedToken.sol";

contract StakingReentrancyTest is World {
    bytes4 internal constant REENTRANT = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
    address internal operator = address(0x0A);
    HookedToken internal hooked;

    function setUp() public {
        vm.warp(GENESIS);
        hooked = new HookedToken();
        slasher = address(0x51A5);
        staking = IStaking(
            deploy("Staking", abi.encode(timetable(), stakingParameters(), hooked, address(this), slasher))
        );
        token = IAriaToken(address(hooked));
        register(operator, Kind.Provider);
        hooked.setTarget(address(staking), abi.encodeCall(IStaking.claimBounty, (address(hooked))));
    }

    function assertRefused(string memory what) internal view {
        assertEq(bytes32(hooked.refused()), bytes32(REENTRANT), what);
    }

    function test_stake_is_guarded() public {
        vm.prank(operator);
        staking.stake(1);
        assertRefused("stake");
    }

    function test_stake_by_permit_is_guarded() public {
        vm.prank(operator);
        staking.stakeWithPermit(1, 0, 0, 0, 0);
        assertRefused("stakeWithPermit");
    }
}

/// The same for what pays: the stake is made first, by a token that does not call back yet.
contract StakingPayoutReentrancyTest is World {
    bytes4 internal constant REENTRANT = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
    address internal operator = address(0x0A);
    address internal challenger = address(0xC4);
    HookedToken internal hooked;

    function setUp() public {
        build();
        enlist(operator, Kind.Provider, 1_000);
        vm.etch(address(token), address(new HookedToken()).code);
        hooked = HookedToken(address(token));
        hooked.setTarget(address(staking), abi.encodeCall(IStaking.claimBounty, (address(hooked))));
    }

    function assertRefused(string memory what) internal view {
        assertEq(bytes32(hooked.refused()), bytes32(REENTRANT), what);
    }

    function test_slash_is_guarded() public {
        vm.prank(slasher);
        staking.slash(operator, 5_000, 1, challenger, challenger);
        assertRefused("slash");
    }

    function test_fine_is_guarded() public {
        vm.prank(slasher);
        staking.fine(operator, 500, 1, challenger, challenger);
        assertRefused("fine");
    }

    function test_withdrawal_is_guarded() public {
        vm.prank(operator);
        staking.unbond(1_000);
        vm.warp(GENESIS + UNBOND);
        vm.prank(operator);
        staking.withdraw(operator);
        assertRefused("withdraw");
    }

    function test_bounty_is_guarded() public {
        test_slash_is_guarded();
        vm.prank(challenger);
        staking.claimBounty(challenger);
        assertRefused("claimBounty");
    }
}
