// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Row} from "../../../src/interfaces/IAudits.sol";
import {RewardParameters, Split} from "../../../src/interfaces/IRewards.sol";
import {AuditFixture} from "../base/AuditFixture.sol";

/// Both sides of the limits, several rows per verifier, and epochs beyond the first word of claims.
contract RewardBoundsTest is AuditFixture {
    uint256 internal constant EMISSION = 0.6e27 * 949 / 1e6;

    /// Closes `epoch`, in which all three verifiers give `rows`; time is left where claims open.
    function close(uint256 epoch, Row[] memory rows) internal {
        openBeacon(epoch);
        warpAfter(epoch, 24);
        for (uint256 i; i < 3; ++i) {
            bytes32 commitment = keccak256(abi.encode(verifiers[i], epoch, SALT, rows));
            vm.prank(nodeOf(verifiers[i]));
            audits.commitAudit(epoch, commitment);
        }
        warpAfter(epoch, 42);
        for (uint256 i; i < 3; ++i) {
            vm.prank(nodeOf(verifiers[i]));
            audits.revealAudit(epoch, SALT, rows);
        }
        warpAfter(epoch, 54);
        for (uint256 i; i < rows.length; ++i) {
            finalize(epoch, rows[i].provider);
        }
        warpAfter(epoch, 144);
    }

    function test_split_at_all_of_its_bounds_is_accepted() public {
        rewards.setSplit(Split(4_500, 2_000, 2_500, 1_000, 9_000));
        assertEq(rewards.poolOf(E).split.kappaBps, 9_000, "kappa");
    }

    function test_constructor_accepts_the_whole_rest_and_the_least_tau() public {
        RewardParameters memory p = rewardParameters();
        (p.ratePpm, p.tau) = (1_000_000, 1);
        deploy(
            "Rewards",
            abi.encode(timetable(), p, token, staking, escrow, audits, address(this), guardian, address(this))
        );
    }

    function test_rows_of_a_verifier_add_up() public {
        Row[] memory rows = new Row[](2);
        rows[0] = Row(provider, 95, CAPACITY, "digest");
        rows[1] = Row(second, 95, CAPACITY, "digest");
        close(E, rows);
        assertEq(rewards.claim(E, verifiers[0]), EMISSION / 4 * 2 / 6, "two of six rows");
    }

    /// Linear in stake: 3,000 and 1,000 at one score share three to one.
    function test_availability_is_shared_by_weight() public {
        Row[] memory rows = new Row[](2);
        rows[0] = Row(provider, 95, CAPACITY, "digest");
        rows[1] = Row(second, 95, CAPACITY, "digest");
        close(E, rows);
        assertEq(rewards.claim(E, provider), EMISSION / 2 * 3 / 4, "three quarters");
        assertEq(rewards.claim(E, second), EMISSION / 2 / 4, "one quarter");
    }

    function test_window_lasts_ninety_epochs() public view {
        (uint256 from, uint256 until) = rewards.claimWindow(E);
        assertEq(from, GENESIS + (E + 1) * EPOCH + 144, "from");
        assertEq(until - from, 90 * EPOCH, "length");
    }

    /// What is minted is gone for good: the next pool is a part of what is left.
    function test_next_pool_is_a_part_of_what_is_left() public {
        close(E, rowsFor(95));
        uint256 minted = rewards.claim(E, provider);
        close(E + 3, rowsFor(95));
        assertEq(rewards.poolOf(E + 3).emission, (0.6e27 - minted) * 949 / 1e6, "emission");
    }

    function test_claims_of_every_epoch_have_their_own_bit() public {
        uint256[5] memory epochs = [uint256(1), 255, 256, 257, 513];
        for (uint256 i; i < 5; ++i) {
            close(epochs[i], rowsFor(95));
            rewards.claim(epochs[i], provider);
            for (uint256 j; j < 5; ++j) {
                assertTrue(rewards.claimed(epochs[j], provider) == (j <= i), "claimed");
            }
        }
        assertTrue(!rewards.claimed(0, provider), "epoch 0");
        assertTrue(!rewards.claimed(2, provider), "epoch 2");
        assertTrue(!rewards.claimed(512, provider), "epoch 512");
    }
}
