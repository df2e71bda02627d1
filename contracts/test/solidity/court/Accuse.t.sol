// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Root, Row} from "../../../src/interfaces/IAudits.sol";
import {ICharges} from "../../../src/interfaces/ICharges.sol";
import {Case, Charge, ICourt, Stage, Verdict} from "../../../src/interfaces/ICourt.sol";
import {Receipt} from "../../../src/libraries/Receipts.sol";
import {CourtFixture} from "../base/CourtFixture.sol";

/// The five charges: when they are heard, and against whom.
contract AccuseTest is CourtFixture {
    function expectWindowClosed(uint256 from, uint256 until) internal {
        vm.expectRevert(
            abi.encodeWithSelector(ICharges.WindowClosed.selector, block.timestamp, from, until)
        );
    }

    /* WRONG OUTPUT */

    function testFuzz_only_charges_opens_and_acquits(address caller) public {
        vm.assume(caller != address(charges));
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotCharges.selector, caller));
        court.open(Charge.WrongOutput, "subject", provider, caller, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotCharges.selector, caller));
        court.acquit("id");
        vm.stopPrank();
    }

    function testFuzz_receipt_that_no_node_signed_is_refused(uint256 key) public {
        key = bound(key, 1, type(uint128).max);
        Receipt memory receipt = wrong();
        bytes memory stranger = signature(key, digest(receipt));
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICharges.BadSignature.selector, vm.addr(key)));
        charges.accuseWrongOutput(receipt, stranger, "evidence");
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICharges.BadSignature.selector, address(0)));
        charges.accuseWrongOutput(receipt, "short", "evidence");
    }

    function testFuzz_any_changed_field_breaks_the_signature(uint8 field) public {
        Receipt memory receipt = wrong();
        bytes memory signature_ = signed(receipt);
        field = uint8(bound(field, 0, 12));
        if (field == 0) receipt.requestHash = "other";
        if (field == 1) receipt.modelId = "other";
        if (field == 2) receipt.promptCommit = "other";
        if (field == 3) receipt.outputRoot = "other";
        if (field == 4) receipt.samplingHash = "other";
        if (field == 5) receipt.seed = 1;
        if (field == 6) receipt.inputTokens = 1;
        if (field == 7) receipt.outputTokens = 1;
        if (field == 8) receipt.cumulativeDue = 1;
        if (field == 9) receipt.finish = 1;
        if (field == 10) receipt.flags = 0;
        if (field == 11) receipt.startedAt = 1;
        if (field == 12) receipt.endedAt -= 1;
        vm.prank(challenger);
        vm.expectRevert();
        charges.accuseWrongOutput(receipt, signature_, "evidence");
    }

    function test_signature_of_another_chain_is_refused() public {
        Receipt memory receipt = wrong();
        bytes memory signature_ = signed(receipt);
        vm.chainId(4_242);
        vm.prank(challenger);
        vm.expectRevert();
        charges.accuseWrongOutput(receipt, signature_, "evidence");
    }

    function test_a_deed_can_be_charged_for_the_challenge_window() public {
        uint256 endedAt = block.timestamp;
        Receipt memory receipt = receiptAt(endedAt);
        bytes memory signature_ = signed(receipt);
        vm.startPrank(challenger);
        vm.warp(endedAt - 1);
        expectWindowClosed(endedAt, endedAt + CHALLENGE);
        charges.accuseWrongOutput(receipt, signature_, "evidence");
        vm.warp(endedAt + CHALLENGE);
        expectWindowClosed(endedAt, endedAt + CHALLENGE);
        charges.accuseWrongOutput(receipt, signature_, "evidence");
        vm.warp(endedAt + CHALLENGE - 1);
        charges.accuseWrongOutput(receipt, signature_, "evidence");
        vm.stopPrank();
    }

    function test_a_case_takes_the_bond_and_locks_the_accused() public {
        uint256 before = token.balanceOf(challenger);
        bytes32 id = accuse();

        Case memory c = court.cases(id);
        assertEq(c.accused, provider, "accused");
        assertEq(c.challenger, challenger, "challenger");
        assertEq(c.bond, BOND, "bond");
        assertEq(before - token.balanceOf(challenger), BOND, "paid");
        assertEq(token.balanceOf(address(court)), BOND, "held");
        assertEq(staking.openCases(address(court), provider), 1, "open cases");
        assertStage(id, Stage.Accused);
        assertEq(id, court.caseId(Charge.WrongOutput, digest(wrong())), "id");
    }

    function test_same_deed_is_one_case() public {
        bytes32 id = accuse();
        Receipt memory receipt = wrong();
        bytes memory signature_ = signed(receipt);
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICourt.AlreadyOpened.selector, id));
        charges.accuseWrongOutput(receipt, signature_, "other evidence");
    }

    /// Key history: a key answers for what it signed while it was in use, before and after its rotation.
    function test_rotated_key_answers_for_its_own_time() public {
        uint256 rotatedAt = block.timestamp + 10;
        vm.warp(rotatedAt);
        uint256 freshKey = 0xF4E54;
        bytes memory consent = signNode(freshKey, provider);
        vm.prank(provider);
        staking.rotateKey(vm.addr(freshKey), consent);
        vm.warp(rotatedAt + 1);

        Receipt memory late = receiptAt(rotatedAt);
        bytes memory signature_ = signed(late);
        vm.startPrank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICharges.BadSignature.selector, nodeOf(provider)));
        charges.accuseWrongOutput(late, signature_, "evidence");
        Receipt memory early = receiptAt(rotatedAt - 1);
        Receipt memory tooEarly = receiptAt(rotatedAt - 1);
        bytes memory fresh = signature(freshKey, digest(tooEarly));
        vm.expectRevert(abi.encodeWithSelector(ICharges.BadSignature.selector, vm.addr(freshKey)));
        charges.accuseWrongOutput(tooEarly, fresh, "evidence");
        signature_ = signed(early);
        bytes32 id = charges.accuseWrongOutput(early, signature_, "evidence");
        vm.stopPrank();
        assertEq(court.cases(id).accused, provider, "accused");
    }

    function test_dust_is_not_worth_a_jury() public {
        vm.prank(address(court));
        staking.slash(provider, 8_334, 1, address(0), address(0)); // leaves just under half of MIN_PROVIDER
        Receipt memory receipt = wrong();
        bytes memory signature_ = signed(receipt);
        uint256 rest = bonded(provider);
        assertTrue(rest < MIN_PROVIDER / 2, "rest");
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICourt.TooLittleAtStake.selector, provider, rest));
        charges.accuseWrongOutput(receipt, signature_, "evidence");
    }

    function test_open_cases_are_limited() public {
        for (uint256 i; i < 64; ++i) {
            vm.prank(address(court));
            staking.openCase(provider);
        }
        Receipt memory receipt = wrong();
        bytes memory signature_ = signed(receipt);
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICourt.TooManyCases.selector, provider, 64));
        charges.accuseWrongOutput(receipt, signature_, "evidence");
        vm.prank(address(court));
        staking.closeCase(provider);
        accuse();
    }

    function test_a_court_out_of_office_hears_nothing() public {
        staking.proposeSlasher(address(1));
        vm.warp(block.timestamp + SLASHER_DELAY);
        staking.acceptSlasher();
        Receipt memory receipt = wrong();
        bytes memory signature_ = signed(receipt);
        vm.prank(challenger);
        vm.expectRevert(ICourt.NotInOffice.selector);
        charges.accuseWrongOutput(receipt, signature_, "evidence");
    }

    function test_without_the_bond_there_is_no_case() public {
        Receipt memory receipt = wrong();
        bytes memory signature_ = signed(receipt);
        vm.prank(address(0xBAD));
        vm.expectRevert();
        charges.accuseWrongOutput(receipt, signature_, "evidence");
    }

    /* EQUIVOCATION */

    function test_equivocation_needs_two_receipts_of_one_request() public {
        Receipt memory first = wrong();
        Receipt memory second_ = wrong();
        bytes memory firstSignature = signed(first);
        vm.startPrank(challenger);
        vm.expectRevert(ICharges.BadProof.selector); // the same thing twice
        charges.accuseEquivocation(first, firstSignature, second_, firstSignature);

        second_.requestHash = "another request";
        second_.outputRoot = "another output";
        bytes memory secondSignature = signed(second_);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseEquivocation(first, firstSignature, second_, secondSignature);

        second_ = wrong();
        second_.finish = 1; // how it ended may be told twice
        secondSignature = signed(second_);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseEquivocation(first, firstSignature, second_, secondSignature);
        vm.stopPrank();
    }

    function test_equivocation_of_two_operators_is_none() public {
        Receipt memory first = wrong();
        Receipt memory second_ = wrong();
        second_.outputRoot = "another output";
        bytes memory firstSignature = signed(first);
        bytes memory other = signature(nodeKeyOf(second), digest(second_));
        vm.prank(challenger);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseEquivocation(first, firstSignature, second_, other);
    }

    function test_equivocation_is_decided_at_once_and_needs_no_bond() public {
        Receipt memory first = receiptAt(block.timestamp - 50);
        Receipt memory second_ = wrong();
        second_.cumulativeDue = 2 ether;
        (bytes memory a, bytes memory b) = (signed(first), signed(second_));
        uint256 endedAt = block.timestamp;
        vm.warp(endedAt + CHALLENGE);
        vm.prank(challenger);
        expectWindowClosed(endedAt, endedAt + CHALLENGE);
        charges.accuseEquivocation(first, a, second_, b);
        vm.warp(endedAt + CHALLENGE - 1);
        vm.prank(address(0xF4EE)); // without a token
        bytes32 id = charges.accuseEquivocation(first, a, second_, b);

        assertStage(id, Stage.Decided);
        assertVerdict(id, Verdict.Guilty);
        vm.prank(challenger); // in the other order it is the same case
        vm.expectRevert(abi.encodeWithSelector(ICourt.AlreadyOpened.selector, id));
        charges.accuseEquivocation(second_, b, first, a);
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "half");
        assertEq(staking.bounties(address(0xF4EE)), PROVIDER_STAKE / 8, "a quarter of the half");
    }

    /* OMITTED */

    function test_omission_needs_a_public_receipt_with_output() public {
        commitRoot(provider);
        warpAfter(E, 6);
        Receipt memory receipt = receiptAt(GENESIS + 100);
        receipt.flags = 0;
        bytes memory signature_ = signed(receipt);
        vm.startPrank(challenger);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseOmitted(receipt, signature_);
        receipt.flags = 1;
        receipt.outputTokens = 0;
        signature_ = signed(receipt);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseOmitted(receipt, signature_);
        vm.stopPrank();
    }

    function test_omission_needs_a_root() public {
        warpAfter(E, 6);
        Receipt memory receipt = receiptAt(GENESIS + 100);
        bytes memory signature_ = signed(receipt);
        vm.prank(challenger);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseOmitted(receipt, signature_);
    }

    function test_omission_can_be_charged_once_the_root_is_due() public {
        commitRoot(provider);
        Receipt memory receipt = receiptAt(GENESIS + 100);
        bytes memory signature_ = signed(receipt);
        uint256 rootEnd = GENESIS + 2 * EPOCH + 6;
        vm.startPrank(challenger);
        vm.warp(rootEnd - 1);
        expectWindowClosed(rootEnd, GENESIS + 100 + CHALLENGE);
        charges.accuseOmitted(receipt, signature_);
        vm.warp(GENESIS + 100 + CHALLENGE);
        expectWindowClosed(rootEnd, GENESIS + 100 + CHALLENGE);
        charges.accuseOmitted(receipt, signature_);
        vm.warp(rootEnd);
        bytes32 id = charges.accuseOmitted(receipt, signature_);
        vm.stopPrank();
        assertEq(court.cases(id).epoch, E, "epoch");
        assertStage(id, Stage.Accused);
    }

    function test_no_receipt_is_older_than_the_first_epoch() public {
        Receipt memory receipt = receiptAt(GENESIS - 1);
        bytes memory signature_ = signed(receipt);
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICharges.BadSignature.selector, nodeOf(provider))); // not in use then
        charges.accuseOmitted(receipt, signature_);
    }

    /* WITHHELD */

    function complaint(address verifier, uint256 sample) internal view returns (bytes memory) {
        bytes32 typehash = keccak256("Complaint(uint256 epoch,address provider,uint256 sample)");
        bytes32 structHash = keccak256(abi.encode(typehash, E, provider, sample));
        return signature(nodeKeyOf(verifier), digestOf("ARIA Court", address(charges), structHash));
    }

    function complaints(uint256 count, uint256 sample) internal view returns (bytes[] memory list) {
        address[] memory committee = audits.committee(E, provider);
        sort(committee);
        list = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = complaint(committee[i], sample);
        }
    }

    function sort(address[] memory list) internal pure {
        for (uint256 i = 1; i < list.length; ++i) {
            for (uint256 j = i; j > 0 && list[j - 1] > list[j]; --j) {
                (list[j - 1], list[j]) = (list[j], list[j - 1]);
            }
        }
    }

    function test_withheld_needs_the_root_a_sample_and_a_quorum_of_the_committee() public {
        commitRoot(provider);
        openBeacon(E);
        warpAfter(E, 24);
        bytes[] memory two = complaints(2, 0);
        bytes[] memory one = complaints(1, 0);
        bytes[] memory other = complaints(2, 1);
        vm.startPrank(challenger);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseWithheld(E, provider, Root("root", 501, 3, model), 0, two);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseWithheld(E, provider, root(), 8, two); // samples are 0 .. 7
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseWithheld(E, provider, root(), 0, one);
        vm.expectRevert(); // complaints about sample 1
        charges.accuseWithheld(E, provider, root(), 0, other);
        (bytes memory first, bytes memory last) = (two[0], two[1]);
        (two[0], two[1]) = (last, first); // not in order
        vm.expectRevert();
        charges.accuseWithheld(E, provider, root(), 0, two);
        (two[0], two[1]) = (first, first); // one verifier twice
        vm.expectRevert();
        charges.accuseWithheld(E, provider, root(), 0, two);
        vm.stopPrank();
    }

    function test_complaint_of_a_verifier_that_was_not_drawn_does_not_count() public {
        commitRoot(provider);
        openBeacon(E);
        warpAfter(E, 24);
        address[] memory committee = audits.committee(E, provider);
        address outsider;
        for (uint160 i = 1; i <= 7; ++i) {
            address verifier = address(0xF0 + i);
            bool drawn = verifier == committee[0] || verifier == committee[1] || verifier == committee[2];
            if (!drawn) outsider = verifier;
        }
        bytes[] memory list = new bytes[](2);
        (address low, address high) =
            outsider < committee[0] ? (outsider, committee[0]) : (committee[0], outsider);
        (list[0], list[1]) = (complaint(low, 0), complaint(high, 0));
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICharges.BadSignature.selector, nodeOf(outsider)));
        charges.accuseWithheld(E, provider, root(), 0, list);
    }

    function test_withheld_is_heard_once_the_time_to_serve_is_over() public {
        commitRoot(provider);
        openBeacon(E);
        warpAfter(E, 23);
        bytes[] memory two = complaints(2, 0);
        uint256 end = GENESIS + 2 * EPOCH;
        vm.startPrank(challenger);
        expectWindowClosed(end + 24, end + CHALLENGE);
        charges.accuseWithheld(E, provider, root(), 0, two);
        warpAfter(E, CHALLENGE);
        expectWindowClosed(end + 24, end + CHALLENGE);
        charges.accuseWithheld(E, provider, root(), 0, two);
        warpAfter(E, 24);
        bytes32 id = charges.accuseWithheld(E, provider, root(), 0, two);
        vm.stopPrank();
        assertStage(id, Stage.Accused);
        assertEq(court.cases(id).accused, provider, "accused");
    }

    /* BAD ATTESTATION */

    function test_attestation_must_have_been_revealed() public {
        openBeacon(E);
        warpAfter(E, 24);
        address verifier = audits.committee(E, provider)[0];
        Row[] memory rows = rowsFor(95);
        commitAudit(verifier, rows);
        vm.prank(challenger);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseBadAttestation(E, verifier, SALT, rows, 0, "evidence");
        warpAfter(E, 42);
        revealAudit(verifier, rows);

        vm.startPrank(challenger);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseBadAttestation(E, verifier, "salt 2", rows, 0, "evidence");
        vm.expectRevert(ICharges.BadProof.selector);
        charges.accuseBadAttestation(E, verifier, SALT, rows, 1, "evidence");
        vm.warp(GENESIS + 2 * EPOCH + CHALLENGE);
        expectWindowClosed(GENESIS + 2 * EPOCH, GENESIS + 2 * EPOCH + CHALLENGE);
        charges.accuseBadAttestation(E, verifier, SALT, rows, 0, "evidence");
        vm.warp(GENESIS + 2 * EPOCH + CHALLENGE - 1);
        bytes32 id = charges.accuseBadAttestation(E, verifier, SALT, rows, 0, "evidence");
        vm.stopPrank();
        assertEq(court.cases(id).accused, verifier, "accused");
        assertEq(id, court.caseId(Charge.BadAttestation, keccak256(abi.encode(E, verifier, provider))), "id");
    }

    /* EVIDENCE */

    function testFuzz_anyone_adds_evidence_while_the_case_is_open(address anyone) public {
        vm.expectRevert(abi.encodeWithSelector(ICourt.UnknownCase.selector, bytes32("nothing")));
        court.addEvidence("nothing", "evidence");
        bytes32 id = accuse();
        vm.prank(anyone);
        court.addEvidence(id, "more");
        executeWhenDue(id);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Closed));
        court.addEvidence(id, "more");
    }
}
