// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Kind} from "../../../src/interfaces/IStaking.sol";
import {Fixture} from "../base/Fixture.sol";

/// Verifier slots and the draw.
contract SlotsTest is Fixture {
    uint256 internal constant FINALIZE_END = 126;

    function verifier(uint160 i) internal pure returns (address) {
        return address(0x7E000 + i);
    }

    function testFuzz_one_slot_per_stake_up_to_twenty(uint96 amount) public {
        amount = uint96(bound(amount, 1, 30 * uint256(SLOT)));
        enlist(verifier(0), Kind.Verifier, amount);
        uint256 expected = amount / SLOT > 20 ? 20 : amount / SLOT;
        assertEq(staking.operators(verifier(0)).slots, expected, "slots");
        assertEq(staking.slotsLength(0), 0, "this epoch");
        assertEq(staking.slotsLength(1), expected, "next epoch");
        assertEq(staking.effectiveStake(verifier(0), 1), 0, "a verifier is no provider");
    }

    function test_closed_slot_stays_in_the_draws_of_its_last_epoch() public {
        enlist(verifier(0), Kind.Verifier, SLOT);
        warpToEpoch(1);
        vm.prank(verifier(0));
        staking.unbond(1);
        assertEq(staking.draw("seed", address(1), 1, 1).length, 1, "this epoch");
        assertEq(staking.draw("seed", address(1), 2, 1).length, 0, "next epoch");
    }

    function test_closed_slot_rests_until_its_last_audits_are_final() public {
        enlist(verifier(0), Kind.Verifier, SLOT);
        warpToEpoch(1);
        vm.prank(verifier(0));
        staking.unbond(1); // last epoch: 1

        warpAfter(1, FINALIZE_END - 1);
        enlist(verifier(1), Kind.Verifier, SLOT);
        assertEq(staking.slots(1).operator, verifier(1), "a new slot");
        assertEq(staking.draw("seed", address(1), 1, 1)[0], verifier(0), "epoch 1 is unchanged");

        warpAfter(1, FINALIZE_END);
        enlist(verifier(2), Kind.Verifier, SLOT);
        assertEq(staking.slots(0).operator, verifier(2), "the rested slot");
    }

    /// A verifier that stakes in circles opens at most 20 slots per epoch.
    function test_circles_cannot_fill_the_draw_with_resting_slots() public {
        enlist(verifier(0), Kind.Verifier, 20 * uint256(SLOT));
        vm.startPrank(verifier(0));
        for (uint256 i; i < 5; ++i) {
            staking.unbond(20 * uint256(SLOT));
            staking.cancelUnbond();
        }
        vm.stopPrank();
        assertEq(staking.slotsLength(1), 20, "length");
        assertEq(staking.operators(verifier(0)).slots, 0, "slots: this epoch's are used up");

        warpToEpoch(1);
        vm.prank(verifier(0));
        staking.refresh();
        assertEq(staking.operators(verifier(0)).slots, 20, "slots of the next epoch");
    }

    function testFuzz_draws_different_verifiers_that_are_not_the_subject(bytes32 seed, uint8 holders) public {
        holders = uint8(bound(holders, 8, 12)); // enough that 32 probes find four
        for (uint160 i; i < holders; ++i) {
            enlist(verifier(i), Kind.Verifier, SLOT * (1 + i % 3));
        }
        address[] memory drawn = staking.draw(seed, verifier(0), 1, 4);
        assertEq(drawn.length, 4, "length");
        for (uint256 i; i < 4; ++i) {
            assertTrue(drawn[i] != verifier(0) && drawn[i] != address(0), "subject");
            for (uint256 j; j < i; ++j) {
                assertTrue(drawn[i] != drawn[j], "twice");
            }
        }
    }

    function test_verifier_with_the_subjects_payout_is_never_drawn() public {
        enlist(verifier(0), Kind.Verifier, SLOT);
        address provider = address(uint160(verifier(0)) ^ 0xFFFF); // whose payout is verifier 0
        bytes memory consent = signNode(nodeKeyOf(provider), provider);
        vm.prank(provider);
        staking.register(Kind.Provider, nodeOf(provider), consent, payoutOf(verifier(0)));
        assertEq(staking.draw("seed", provider, 1, 1).length, 0, "length");
    }

    function test_no_slots_no_committee() public view {
        assertEq(staking.draw("seed", address(1), 1, 3).length, 0, "length");
    }
}
