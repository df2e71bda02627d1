// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAudits, Result, Root, Row, Seat, Share} from "../../../src/interfaces/IAudits.sol";
import {IBeacon} from "../../../src/interfaces/IBeacon.sol";
import {Sibling} from "../../../src/libraries/MerkleSum.sol";
import {AuditFixture} from "../base/AuditFixture.sol";

/// seat, ballots, capacity, models, voidRoot, isIncluded.
contract BallotsTest is AuditFixture {
    function both() internal view returns (address[] memory providers) {
        providers = new address[](2);
        (providers[0], providers[1]) = (provider, second);
    }

    function rowWith(uint8 score, uint8 capacity) internal view returns (Row[] memory rows) {
        rows = new Row[](1);
        rows[0] = Row(provider, score, capacity, "digest");
    }

    /// The three verifiers score the provider with their own capacities.
    function auditCapacities(uint8[3] memory capacities) internal {
        openBeacon(E);
        warpAfter(E, 24);
        for (uint256 i; i < 3; ++i) {
            commitAudit(verifiers[i], rowWith(100, capacities[i]));
        }
        warpAfter(E, 42);
        for (uint256 i; i < 3; ++i) {
            revealAudit(verifiers[i], rowWith(100, capacities[i]));
        }
        warpAfter(E, 54);
    }

    /* seat */

    function test_seats_wait_for_the_randomness_and_for_providers() public {
        vm.expectRevert(abi.encodeWithSelector(IBeacon.NotYet.selector, beacon.roundOf(E)));
        audits.seat(E, both());
        openBeacon(E);
        address[] memory strangers = new address[](1);
        strangers[0] = verifiers[0];
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotProvider.selector, verifiers[0], E));
        audits.seat(E, strangers);
    }

    /// A2: whoever seats a committee, and whenever, it is the drawn one.
    function test_ballot_is_the_drawn_committee_and_stays() public {
        openBeacon(E);
        assertEq(audits.ballotOf(E, provider).length, 0, "before");
        audits.seat(E, both());
        address[] memory drawn = audits.committee(E, provider);
        Seat[] memory seats = audits.ballotOf(E, provider);
        assertEq(seats.length, 3, "seats");
        for (uint256 i; i < 3; ++i) {
            assertEq(seats[i].number, audits.numberOf(drawn[i]), "number");
            assertTrue(!seats[i].revealed, "revealed");
        }
        warpAfter(E, 24);
        commitAudit(verifiers[0], rowsFor(95));
        warpAfter(E, 42);
        revealAudit(verifiers[0], rowsFor(95));
        audits.seat(E, both()); // a second time changes nothing

        seats = audits.ballotOf(E, provider);
        uint256 revealed;
        for (uint256 i; i < 3; ++i) {
            bool isFirst = seats[i].number == audits.numberOf(verifiers[0]);
            assertTrue(seats[i].revealed == isFirst, "only the first revealed");
            if (!isFirst) continue;
            ++revealed;
            assertEq(seats[i].score, 95, "score");
            assertEq(seats[i].capacity, CAPACITY, "capacity");
        }
        assertEq(revealed, 1, "one verdict");
    }

    /// Epochs of one parity share the slot: the old verdicts are final before it is taken.
    function test_ballots_of_even_and_odd_epochs_take_turns() public {
        audit([uint8(95), 95, 95], 3);
        finalize(E, provider);
        openBeacon(E + 1);
        audits.seat(E + 1, both());
        assertEq(audits.ballotOf(E, provider).length, 3, "the other parity is untouched");
        openBeacon(E + 2);
        audits.seat(E + 2, both());
        assertEq(audits.ballotOf(E, provider).length, 0, "gone");
        assertEq(audits.ballotOf(E + 2, provider).length, 3, "new");
        assertTrue(!audits.ballotOf(E + 2, provider)[0].revealed, "and empty");
        assertEq(audits.resultOf(E, provider).score, 95, "the result stays");
    }

    function test_row_of_a_verifier_without_number_is_refused_while_seats_are_empty() public {
        // Two of the three leave: one seat is empty, number 0.
        vm.warp(GENESIS);
        for (uint256 i; i < 2; ++i) {
            vm.prank(verifiers[i]);
            staking.unbond(SLOT);
        }
        openBeacon(E);
        warpAfter(E, 24);
        commitAudit(verifiers[0], rowsFor(95));
        warpAfter(E, 42);
        vm.prank(nodeOf(verifiers[0]));
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotAssigned.selector, verifiers[0], provider, E));
        audits.revealAudit(E, SALT, rowsFor(95));
    }

    /* capacity */

    function testFuzz_stake_counts_up_to_the_median_capacity(uint8[3] memory capacities) public {
        auditCapacities(capacities);
        finalize(E, provider);
        (uint8 a, uint8 b, uint8 c) = (capacities[0], capacities[1], capacities[2]);
        uint256 low = a < b ? a : b;
        uint256 high = a < b ? b : a;
        uint256 median = c < low ? low : c > high ? high : c;
        uint256 counted = median * 1_000 ether < 3_000 ether ? median * 1_000 ether : 3_000 ether;
        assertEq(audits.weightOf(E, provider), counted * 100, "weight");
        assertEq(audits.weightTotal(E), counted * 100, "total");
        Share memory share = audits.shareOf(E, provider);
        assertEq(share.weight, counted * 100, "share");
        assertEq(share.stake, 3_000 ether, "stake");
        assertEq(share.rows, 0, "a provider has no rows");
        assertEq(audits.shareOf(E, verifiers[0]).rows, 1, "a verifier has");
    }

    /* models and roots */

    function test_finalize_is_told_the_committed_root() public {
        commitRoot(provider);
        audit([uint8(95), 95, 95], 3);
        Root memory other = root();
        other.count = 4;
        vm.expectRevert(IAudits.BadRoot.selector);
        audits.finalize(E, provider, other);
        finalize(E, provider);
        assertTrue(audits.resultOf(E, provider).worked, "worked");
        assertTrue(audits.shareOf(E, provider).worked, "share");
    }

    function test_without_root_nothing_was_worked() public {
        audit([uint8(95), 95, 95], 3);
        finalize(E, provider);
        assertTrue(!audits.resultOf(E, provider).worked, "worked");
    }

    function test_model_that_is_not_rewardable_earns_no_work() public {
        vm.warp(GENESIS); // before the epoch, so that it counts in it
        models.setRewardable(model, false);
        warpAfter(E, 0);
        commitRoot(provider);
        audit([uint8(95), 95, 95], 3);
        finalize(E, provider);
        assertTrue(!audits.resultOf(E, provider).worked, "worked");
        assertTrue(audits.weightOf(E, provider) != 0, "availability is not touched");
    }

    function test_only_the_slasher_voids_a_root() public {
        vm.expectRevert(abi.encodeWithSelector(IAudits.NotSlasher.selector, address(this)));
        audits.voidRoot(E, provider);
    }

    function testFuzz_voided_root_earns_no_work_whenever_it_is_voided(bool before) public {
        commitRoot(provider);
        if (before) void_();
        audit([uint8(95), 95, 95], 3);
        finalize(E, provider);
        if (!before) void_();
        Result memory result = audits.resultOf(E, provider);
        assertTrue(result.voided && !result.worked, "worked");
        assertEq(result.score, 95, "score");
        assertTrue(audits.weightOf(E, provider) != 0, "weight");
    }

    function void_() internal {
        vm.prank(slasher);
        audits.voidRoot(E, provider);
    }

    function test_window_times_count_from_the_end_of_the_epoch() public view {
        (uint256 end, uint256 a, uint256 b, uint256 c, uint256 d, uint256 e) = audits.windows(E);
        assertEq(end, GENESIS + (E + 1) * EPOCH, "end");
        assertTrue(a == end + 6 && b == end + 24 && c == end + 42 && d == end + 54 && e == end + 126, "windows");
    }

    /* isIncluded */

    struct Proof {
        Root root;
        bytes32 receipt;
        uint64 tokens;
        uint256 leaf;
        uint256 position;
        Sibling[] path;
    }

    /// Three leaves, so that the last one has one sibling and the first two have two.
    function proofOf(uint64[3] memory tokens, uint256 index) internal view returns (Proof memory p) {
        bytes32[3] memory receipts = [bytes32("a"), "b", "c"];
        bytes32[3] memory leaves;
        for (uint256 i; i < 3; ++i) {
            leaves[i] = keccak256(abi.encodePacked(bytes1(0), receipts[i], tokens[i]));
        }
        uint64 pair = tokens[0] + tokens[1];
        bytes32 left = keccak256(abi.encodePacked(bytes1(0x01), leaves[0], leaves[1], tokens[0], tokens[1]));
        p.root.root = keccak256(abi.encodePacked(bytes1(0x01), left, leaves[2], pair, tokens[2]));
        (p.root.tokens, p.root.count, p.root.model) = (pair + tokens[2], 3, model);
        p.path = new Sibling[](index == 2 ? 1 : 2);
        p.path[0] = index == 2 ? Sibling(left, pair) : Sibling(leaves[1 - index], tokens[1 - index]);
        if (index != 2) p.path[1] = Sibling(leaves[2], tokens[2]);
        (p.receipt, p.tokens, p.leaf) = (receipts[index], tokens[index], index);
        p.position = (index == 0 ? 0 : index == 1 ? tokens[0] : pair) + tokens[index] - 1;
    }

    function isIncluded(uint256 epoch, Proof memory p) internal view returns (bool) {
        return audits.isIncluded(epoch, provider, p.root, p.receipt, p.tokens, p.leaf, p.position, p.path);
    }

    function testFuzz_inclusion_needs_every_part_of_the_proof(uint64[3] memory tokens, uint256 index, uint8 fault)
        public
    {
        for (uint256 i; i < 3; ++i) {
            tokens[i] = uint64(bound(tokens[i], 1, 1e12));
        }
        Proof memory p = proofOf(tokens, bound(index, 0, 2));
        vm.prank(nodeOf(provider));
        audits.commitRoot(E, p.root);
        fault = uint8(bound(fault, 0, 9));
        if (fault == 1) p.root.count = 4;
        if (fault == 2) p.receipt = "d";
        if (fault == 3) p.tokens += 1;
        if (fault == 4) p.position += 1;
        if (fault == 5) p.path[0].sum = type(uint64).max;
        if (fault == 6) p.path = new Sibling[](3);
        if (fault == 7) p.path = new Sibling[](0);
        if (fault == 8) p.leaf = 3;
        if (fault == 9) p.position -= p.tokens < p.position + 1 ? p.tokens : 0;
        bool stays = fault == 0 || (fault == 9 && p.leaf == 0);
        assertTrue(isIncluded(E, p) == stays, "included");
        assertTrue(!isIncluded(E + 1, p), "another epoch");
    }
}
