// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditParameters, IAudits, Result, Root, Row} from "../../../src/interfaces/IAudits.sol";
import {IBeacon} from "../../../src/interfaces/IBeacon.sol";
import {IEpochs} from "../../../src/interfaces/IEpochs.sol";
import {Kind} from "../../../src/interfaces/IStaking.sol";
import {Timetable} from "../../../src/libraries/Epochs.sol";
import {AuditFixture} from "../base/AuditFixture.sol";

contract AuditsTest is AuditFixture {
    function expectWindow(uint256 from, uint256 until) internal {
        uint256 end = GENESIS + (E + 1) * EPOCH;
        vm.expectRevert(
            abi.encodeWithSelector(IAudits.WindowClosed.selector, block.timestamp, end + from, end + until)
        );
    }

    /* commitRoot */

    function test_root_belongs_into_its_window() public {
        Root memory good = root();
        vm.warp(GENESIS + (E + 1) * EPOCH - 1);
        vm.startPrank(nodeOf(provider));
        expectWindow(0, 6);
        audits.commitRoot(E, good);
        warpAfter(E, 6);
        expectWindow(0, 6);
        audits.commitRoot(E, good);
        warpAfter(E, 5);
        audits.commitRoot(E, good);
        vm.stopPrank();
    }

    function test_root_comes_from_the_node_key_of_an_active_provider() public {
        Root memory good = root();
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotNode.selector, provider));
        audits.commitRoot(E, good);
        vm.prank(nodeOf(verifiers[0]));
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotProvider.selector, verifiers[0], E));
        audits.commitRoot(E, good);
    }

    function test_old_node_key_and_unknown_ones_commit_nothing() public {
        Root memory good = root();
        address old = nodeOf(provider);
        uint256 key = 0x4E3;
        bytes memory consent = signNode(key, provider);
        vm.prank(provider);
        staking.rotateKey(vm.addr(key), consent);
        vm.prank(old);
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotNode.selector, old));
        audits.commitRoot(E, good);
        vm.prank(vm.addr(key));
        audits.commitRoot(E, good);

        warpAfter(E, 24);
        vm.prank(address(0xBAD));
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotNode.selector, address(0xBAD)));
        audits.commitAudit(E, "c");
        warpAfter(E, 42);
        vm.prank(address(0xBAD));
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotNode.selector, address(0xBAD)));
        audits.revealAudit(E, SALT, rowsFor(95));
    }

    function test_epoch_zero_has_no_provider() public {
        vm.warp(GENESIS + EPOCH + 54);
        Root memory none;
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotProvider.selector, provider, 0));
        audits.finalize(0, provider, none);
    }

    function test_root_is_complete_and_final() public {
        Root memory good = root();
        Root[4] memory bad = [root(), root(), root(), root()];
        bad[0].root = 0;
        bad[1].count = 0;
        bad[2].tokens = 0;
        bad[3].model = 0;
        vm.startPrank(nodeOf(provider));
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(IAudits.BadRoot.selector);
            audits.commitRoot(E, bad[i]);
        }
        audits.commitRoot(E, good);
        vm.expectRevert(abi.encodeWithSelector(IAudits.AlreadyCommitted.selector, E, provider));
        audits.commitRoot(E, good);
        vm.stopPrank();
        bytes32 expected = keccak256(abi.encode(bytes32("root"), uint64(500), uint32(3), model));
        assertEq(audits.rootHash(E, provider), expected, "hash");
    }

    /* commitAudit, revealAudit */

    function test_commitment_comes_once_from_a_verifiers_node() public {
        warpAfter(E, 23);
        vm.prank(nodeOf(verifiers[0]));
        expectWindow(24, 42);
        audits.commitAudit(E, "c");
        warpAfter(E, 24);
        vm.prank(nodeOf(provider));
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotNode.selector, nodeOf(provider)));
        audits.commitAudit(E, "c");
        vm.startPrank(nodeOf(verifiers[0]));
        vm.expectRevert(IAudits.BadReveal.selector);
        audits.commitAudit(E, 0);
        audits.commitAudit(E, "c");
        vm.expectRevert(abi.encodeWithSelector(IAudits.AlreadyCommitted.selector, E, verifiers[0]));
        audits.commitAudit(E, "d");
        vm.stopPrank();
    }

    function test_copied_commitment_cannot_be_revealed() public {
        openBeacon(E);
        warpAfter(E, 24);
        bytes32 commitment = keccak256(abi.encode(verifiers[0], E, SALT, rowsFor(95)));
        for (uint256 i; i < 2; ++i) {
            vm.prank(nodeOf(verifiers[i]));
            audits.commitAudit(E, commitment);
        }
        warpAfter(E, 42);
        revealAudit(verifiers[0], rowsFor(95));
        vm.prank(nodeOf(verifiers[1]));
        vm.expectRevert(IAudits.BadReveal.selector);
        audits.revealAudit(E, SALT, rowsFor(95));
    }

    function expectReveal(Row[] memory rows, bytes memory failure) internal {
        openBeacon(E);
        warpAfter(E, 24);
        commitAudit(verifiers[0], rows);
        warpAfter(E, 42);
        vm.prank(nodeOf(verifiers[0]));
        vm.expectRevert(failure);
        audits.revealAudit(E, SALT, rows);
    }

    function testFuzz_score_over_a_hundred_reverts(uint8 score) public {
        expectReveal(rowsFor(uint8(bound(score, 101, 255))), abi.encodePacked(IAudits.BadReveal.selector));
    }

    function test_same_provider_twice_reverts() public {
        Row[] memory rows = new Row[](2);
        rows[0] = Row(provider, 95, CAPACITY, "");
        rows[1] = Row(provider, 95, CAPACITY, "");
        expectReveal(rows, abi.encodePacked(IAudits.BadReveal.selector));
    }

    function test_no_rows_reverts() public {
        expectReveal(new Row[](0), abi.encodePacked(IAudits.BadReveal.selector));
    }

    function test_row_about_no_provider_reverts() public {
        Row[] memory rows = new Row[](1);
        rows[0] = Row(address(0xDEAD), 95, CAPACITY, "");
        expectReveal(rows, abi.encodeWithSelector(IAudits.NotProvider.selector, address(0xDEAD), E));
    }

    function test_verifier_that_was_not_drawn_cannot_score() public {
        // A fourth verifier, from the same epoch on, so that one of four is not drawn.
        vm.warp(GENESIS);
        address fourth = address(0xF4);
        enlist(fourth, Kind.Verifier, SLOT);
        openBeacon(E);
        address outsider = fourth;
        address[] memory drawn = audits.committee(E, provider);
        for (uint256 i; i < 3; ++i) {
            bool isDrawn = drawn[0] == verifiers[i] || drawn[1] == verifiers[i] || drawn[2] == verifiers[i];
            if (!isDrawn) outsider = verifiers[i];
        }
        warpAfter(E, 24);
        commitAudit(outsider, rowsFor(0));
        warpAfter(E, 42);
        vm.prank(nodeOf(outsider));
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotAssigned.selector, outsider, provider, E));
        audits.revealAudit(E, SALT, rowsFor(0));
    }

    function test_reveal_counts_once_and_in_its_window() public {
        openBeacon(E);
        warpAfter(E, 24);
        commitAudit(verifiers[0], rowsFor(95));
        warpAfter(E, 41);
        vm.prank(nodeOf(verifiers[0]));
        expectWindow(42, 54);
        audits.revealAudit(E, SALT, rowsFor(95));
        warpAfter(E, 42);
        revealAudit(verifiers[0], rowsFor(95));
        vm.prank(nodeOf(verifiers[0]));
        vm.expectRevert(abi.encodeWithSelector(IAudits.AlreadyRevealed.selector, E, verifiers[0]));
        audits.revealAudit(E, SALT, rowsFor(95));
        assertEq(audits.rowsTotal(E), 1, "rows");
    }

    function test_without_randomness_there_is_no_committee() public {
        vm.expectRevert(abi.encodeWithSelector(IBeacon.NotYet.selector, beacon.roundOf(E)));
        audits.committee(E, provider);
    }

    /* finalize */

    /// A1: a quorum of scores; their median; of two the lower one.
    function testFuzz_score_is_the_median(uint8[3] memory scores, bool third) public {
        for (uint256 i; i < 3; ++i) {
            scores[i] = uint8(bound(scores[i], 0, 100));
        }
        audit(scores, third ? 3 : 2);
        finalize(E, provider);
        (uint8 a, uint8 b, uint8 c) = (scores[0], scores[1], scores[2]);
        uint8 low = a < b ? a : b;
        uint8 high = a < b ? b : a;
        uint8 median = third ? (c < low ? low : c > high ? high : c) : low;
        assertEq(audits.resultOf(E, provider).score, median, "score");
        assertEq(audits.weightTotal(E), median >= 90 ? 3_000 ether * uint256(median) : 0, "weight");
    }

    function test_finalize_belongs_into_its_window_and_happens_once() public {
        Root memory good = root();
        audit([uint8(95), 95, 95], 3);
        warpAfter(E, 53);
        expectWindow(54, 126);
        finalize(E, provider);
        warpAfter(E, 126);
        expectWindow(54, 126);
        finalize(E, provider);
        warpAfter(E, 125);
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotProvider.selector, verifiers[0], E));
        audits.finalize(E, verifiers[0], good);
        finalize(E, provider);
        vm.expectRevert(abi.encodeWithSelector(IAudits.AlreadyFinalized.selector, E, provider));
        finalize(E, provider);
    }

    function test_score_without_quorum_is_carried_over_once() public {
        audit([uint8(95), 95, 95], 3);
        finalize(E, provider);
        warpAfter(E + 1, 54);
        finalize(E + 1, provider);
        warpAfter(E + 2, 54);
        finalize(E + 2, provider);

        Result memory carried = audits.resultOf(E + 1, provider);
        assertEq(carried.score, 95, "next epoch");
        assertTrue(carried.carried, "carried");
        assertEq(audits.resultOf(E + 2, provider).score, 0, "the one after");
    }

    function test_one_verdict_is_no_quorum() public {
        audit([uint8(95), 0, 0], 1);
        finalize(E, provider);
        assertEq(audits.resultOf(E, provider).score, 0, "score");
    }

    /* views, constructor */

    function testFuzz_samples_grow_with_receipts(uint32 count, uint64 tokens, uint256 j) public {
        tokens = uint64(bound(tokens, 1, type(uint64).max));
        openBeacon(E);
        uint256 expected = (uint256(count) + 99) / 100;
        assertEq(audits.sampleCount(count), expected < 8 ? 8 : expected, "count");
        bytes32 hash = keccak256(abi.encodePacked(beacon.rand(E), provider, "s", j));
        assertEq(audits.samplePosition(E, provider, j, tokens), uint256(hash) % tokens, "position");
    }

    function test_constructor_checks_committee_and_quorum() public {
        AuditParameters[5] memory bad = [
            AuditParameters(3, 0, 8, 10_000, 1),
            AuditParameters(3, 4, 8, 10_000, 1),
            AuditParameters(6, 2, 8, 10_000, 1),
            AuditParameters(3, 2, 8, 1_000_001, 1),
            AuditParameters(3, 2, 8, 10_000, 0)
        ];
        for (uint256 i; i < 5; ++i) {
            vm.expectRevert(IAudits.BadParameters.selector);
            this.deployAudits(timetable(), bad[i]);
        }
    }

    function test_constructor_checks_the_order_of_the_windows() public {
        Timetable[6] memory bad =
            [timetable(), timetable(), timetable(), timetable(), timetable(), timetable()];
        (bad[5].finalizeEnd, bad[5].claimAt) = (2 * 72 + 8 + 1, 2 * 72 + 9); // a ballot's slot is needed again
        bad[0].genesis = uint40(block.timestamp + 1);
        bad[1].rootEnd = bad[1].randAt;
        bad[2].auditStart = bad[2].randAt - 1;
        bad[3].revealEnd = bad[3].auditEnd;
        bad[4].claimAt = bad[4].finalizeEnd - 1;
        for (uint256 i; i < 6; ++i) {
            vm.expectRevert(IEpochs.BadTimetable.selector);
            this.deployAudits(bad[i], auditParameters());
        }
    }

    function deployAudits(Timetable memory time, AuditParameters memory parameters) external {
        deploy("Audits", abi.encode(time, parameters, staking, beacon, models));
    }
}
