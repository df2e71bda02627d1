// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Root} from "../../../src/interfaces/IAudits.sol";
import {ICharges} from "../../../src/interfaces/ICharges.sol";
import {Case, Charge, ICourt, Stage, Verdict} from "../../../src/interfaces/ICourt.sol";
import {Sibling} from "../../../src/libraries/MerkleSum.sol";
import {Receipt} from "../../../src/libraries/Receipts.sol";
import {CourtFixture} from "../base/CourtFixture.sol";

/// What the accused can do: concede, deny, or show the chain.
contract AnswerTest is CourtFixture {
    function expectClosed(uint256 from) internal {
        vm.expectRevert(abi.encodeWithSelector(ICourt.WindowClosed.selector, block.timestamp, from, from + ANSWER));
    }

    /* CONCEDE */

    function testFuzz_only_the_accused_operator_concedes(address caller) public {
        vm.assume(caller != provider);
        bytes32 id = accuse();
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotAccused.selector, caller));
        court.concede(id);
    }

    function test_concession_comes_in_time_and_once() public {
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(ICourt.UnknownCase.selector, bytes32("nothing")));
        court.concede("nothing");
        bytes32 id = accuse();
        uint256 since = block.timestamp;
        vm.warp(since + ANSWER);
        vm.startPrank(provider);
        expectClosed(since);
        court.concede(id);
        vm.warp(since + ANSWER - 1);
        court.concede(id);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Decided));
        court.concede(id);
        vm.stopPrank();
    }

    function test_who_concedes_pays_half() public {
        bytes32 id = accuse();
        vm.prank(provider);
        court.concede(id);
        executeWhenDue(id);

        assertEq(bonded(provider), PROVIDER_STAKE * 3 / 4, "a quarter instead of a half");
        assertEq(court.credits(challenger), BOND, "the bond comes back");
        assertEq(staking.bounties(challenger), PROVIDER_STAKE / 16, "a quarter of it");
        assertEq(staking.bounties(address(court)), 0, "no juror, no share");
    }

    /* DENY */

    function testFuzz_only_the_accused_or_its_node_answers(address caller) public {
        vm.assume(caller != provider && caller != nodeOf(provider));
        bytes32 id = accuse();
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotAccused.selector, caller));
        court.answer(id);
    }

    function test_answer_comes_in_time_once_and_with_a_bond() public {
        bytes32 id = accuse();
        uint256 since = block.timestamp;
        vm.warp(since + ANSWER);
        vm.prank(provider);
        expectClosed(since);
        court.answer(id);

        vm.warp(since + ANSWER - 1);
        vm.prank(nodeOf(provider)); // has no token
        vm.expectRevert();
        court.answer(id);
        fund(nodeOf(provider), address(court), BOND);
        vm.prank(nodeOf(provider));
        court.answer(id);
        Case memory c = court.cases(id);
        assertEq(c.defender, nodeOf(provider), "defender");
        assertEq(c.since, block.timestamp, "since");
        assertEq(token.balanceOf(address(court)), 2 * BOND, "held");
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Trial));
        court.answer(id);
    }

    function test_what_the_chain_can_check_is_no_matter_for_jurors() public {
        bytes32 id = omission(1);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Accused));
        court.answer(id);
    }

    function test_silence_is_an_admission() public {
        bytes32 id = accuse();
        (, uint256 executableAt) = court.verdictOf(id);
        assertEq(executableAt, block.timestamp + ANSWER + QUEUE, "executable");
        vm.warp(executableAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICourt.WindowClosed.selector, executableAt - 1, executableAt, type(uint256).max
            )
        );
        court.execute(id);
        vm.warp(executableAt);
        court.execute(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "half");
        assertEq(court.credits(challenger), BOND, "bond");
    }

    /* OMITTED: a tree of two receipts */

    bytes32 internal constant OTHER = "other receipt";
    Receipt internal omitted;

    function rootOf(Receipt memory receipt, bool left) internal view returns (Root memory, Sibling[] memory siblings) {
        bytes32 leaf = keccak256(abi.encodePacked(bytes1(0x00), digest(receipt), uint64(receipt.outputTokens)));
        bytes32 otherLeaf = keccak256(abi.encodePacked(bytes1(0x00), OTHER, uint64(7)));
        uint64 tokens = receipt.outputTokens;
        bytes32 node = left
            ? keccak256(abi.encodePacked(bytes1(0x01), leaf, otherLeaf, tokens, uint64(7)))
            : keccak256(abi.encodePacked(bytes1(0x01), otherLeaf, leaf, uint64(7), tokens));
        siblings = new Sibling[](1);
        siblings[0] = Sibling(otherLeaf, 7);
        return (Root(node, tokens + 7, 2, model), siblings);
    }

    /// The receipt is in the root of `epoch`.
    function omission(uint256 epoch) internal returns (bytes32 id) {
        omitted = receiptAt(GENESIS + 2 * EPOCH - 10);
        (Root memory included,) = rootOf(omitted, false);
        vm.warp(GENESIS + 2 * EPOCH);
        vm.prank(nodeOf(provider));
        audits.commitRoot(1, epoch == 1 ? included : root());
        warpAfter(1, 6);
        bytes memory signature_ = signed(omitted);
        vm.prank(challenger);
        id = charges.accuseOmitted(omitted, signature_);
        if (epoch == 1) return id;
        warpAfter(epoch, 0);
        vm.prank(nodeOf(provider));
        audits.commitRoot(epoch, included);
    }

    function test_inclusion_in_the_epochs_root_clears() public {
        bytes32 id = omission(1);
        (Root memory included, Sibling[] memory siblings) = rootOf(omitted, false);
        vm.expectRevert(ICharges.BadProof.selector); // another place
        charges.answerOmitted(omitted, 1, included, 0, 0, siblings);
        vm.expectRevert(ICharges.BadProof.selector); // a position of the other receipt
        charges.answerOmitted(omitted, 1, included, 1, 6, siblings);
        vm.expectRevert(ICharges.BadProof.selector); // another epoch
        charges.answerOmitted(omitted, 3, included, 1, 7, siblings);

        charges.answerOmitted(omitted, 1, included, 1, 7, siblings);
        assertStage(id, Stage.Closed);
        assertVerdict(id, Verdict.Innocent);
        assertEq(court.credits(challenger), BOND, "nobody loses a bond");
        assertEq(staking.openCases(address(court), provider), 0, "open cases");
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Closed));
        charges.answerOmitted(omitted, 1, included, 1, 7, siblings);
    }

    function test_inclusion_in_the_next_root_clears() public {
        bytes32 id = omission(2);
        (Root memory included, Sibling[] memory siblings) = rootOf(omitted, false);
        charges.answerOmitted(omitted, 2, included, 1, 7, siblings);
        assertStage(id, Stage.Closed);
    }

    function test_answer_to_another_case_does_not_clear() public {
        omission(1);
        Receipt memory other = omitted;
        other.seed = 1;
        (Root memory included, Sibling[] memory siblings) = rootOf(omitted, false);
        vm.expectRevert(ICharges.BadProof.selector);
        charges.answerOmitted(other, 1, included, 1, 7, siblings);
    }

    function test_omission_that_is_not_answered_costs_the_work_reward_a_hundredth_and_jail() public {
        bytes32 id = omission(1);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Accused));
        court.voidRoot(id);
        (Root memory included, Sibling[] memory siblings) = rootOf(omitted, false);
        uint256 since = court.cases(id).since;
        vm.warp(since + ANSWER);
        vm.expectRevert(); // too late
        charges.answerOmitted(omitted, 1, included, 1, 7, siblings);

        court.voidRoot(id);
        assertTrue(audits.resultOf(1, provider).voided, "before claims open");
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE * 99 / 100, "a hundredth");
        assertEq(staking.profiles(provider).jailedUntil, block.timestamp + 216, "jail");
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Closed));
        court.voidRoot(id);
    }

    function test_conceded_omission_voids_the_root_at_once() public {
        bytes32 id = omission(1);
        vm.prank(provider);
        court.concede(id);
        court.voidRoot(id);
        assertTrue(audits.resultOf(1, provider).voided, "voided");
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE * 995 / 1_000, "half a hundredth");
    }

    function test_only_an_omission_voids_a_root() public {
        bytes32 id = accuse();
        vm.warp(block.timestamp + ANSWER);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Accused));
        court.voidRoot(id);
        vm.expectRevert(abi.encodeWithSelector(ICourt.UnknownCase.selector, bytes32("nothing")));
        court.voidRoot("nothing");
    }

    /* WITHHELD: a tree of one receipt */

    struct Transcript {
        Receipt receipt;
        Root root;
        bytes32 salt;
        bytes prompt;
        bytes output;
    }

    function transcript(uint32 inputs, uint32 outputs) internal view returns (Transcript memory t) {
        t.salt = "transcript salt";
        t.prompt = new bytes(4 * inputs);
        t.output = new bytes(4 * outputs);
        for (uint256 i; i < t.output.length; i += 4) {
            t.output[i] = bytes1(uint8(i / 4));
        }
        t.receipt = receiptAt(GENESIS + 2 * EPOCH - 10);
        (t.receipt.inputTokens, t.receipt.outputTokens) = (inputs, outputs);
        t.receipt.promptCommit = keccak256(abi.encodePacked(t.salt, t.prompt));
        t.receipt.outputRoot = outputRoot(t.output, 0, (t.output.length + 255) / 256);
        bytes32 leaf = keccak256(abi.encodePacked(bytes1(0x00), digest(t.receipt), uint64(outputs)));
        t.root = Root(leaf, outputs, 1, model);
    }

    /// Recursive on purpose: another algorithm than the contract's. The left part is the largest power of two below count.
    function outputRoot(bytes memory output, uint256 from, uint256 count) internal pure returns (bytes32) {
        if (count == 1) {
            uint256 start = from * 256;
            uint256 length = output.length - start < 256 ? output.length - start : 256;
            bytes memory chunk = new bytes(length);
            for (uint256 i; i < length; ++i) {
                chunk[i] = output[start + i];
            }
            return keccak256(abi.encodePacked(bytes1(0x00), uint32(from), chunk));
        }
        uint256 half = 1;
        while (half * 2 < count) half *= 2;
        bytes32 left = outputRoot(output, from, half);
        bytes32 right = outputRoot(output, from + half, count - half);
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    function withheld(Transcript memory t) internal returns (bytes32 id) {
        vm.warp(GENESIS + 2 * EPOCH);
        vm.prank(nodeOf(provider));
        audits.commitRoot(1, t.root);
        openBeacon(1);
        warpAfter(1, 24);
        address[] memory committee = audits.committee(1, provider);
        (address low, address high) =
            committee[0] < committee[1] ? (committee[0], committee[1]) : (committee[1], committee[0]);
        bytes[] memory list = new bytes[](2);
        (list[0], list[1]) = (complaint(low), complaint(high));
        vm.prank(challenger);
        return charges.accuseWithheld(1, provider, t.root, 0, list);
    }

    function complaint(address verifier) internal view returns (bytes memory) {
        bytes32 typehash = keccak256("Complaint(uint256 epoch,address provider,uint256 sample)");
        bytes32 structHash = keccak256(abi.encode(typehash, uint256(1), provider, uint256(0)));
        return signature(nodeKeyOf(verifier), digestOf("ARIA Court", address(charges), structHash));
    }

    function show(Transcript memory t) internal {
        charges.answerWithheld(
            1, provider, 0, t.root, t.receipt, 0, new Sibling[](0), t.salt, t.prompt, t.output
        );
    }

    /// The sizes of one, two, three and five chunks, so that odd nodes move up.
    function test_transcript_on_chain_clears() public {
        uint32[6] memory sizes = [uint32(1), 64, 65, 150, 192, 300];
        for (uint256 i; i < sizes.length; ++i) {
            setUp();
            Transcript memory t = transcript(3, sizes[i]);
            bytes32 id = withheld(t);
            show(t);
            assertStage(id, Stage.Closed);
            assertEq(court.credits(challenger), BOND, "bond");
            assertEq(bonded(provider), PROVIDER_STAKE, "stake");
        }
    }

    function expectBadProof(Transcript memory t) internal {
        vm.expectRevert(ICharges.BadProof.selector);
        this.showExternally(t);
    }

    function showExternally(Transcript memory t) external {
        show(t);
    }

    function test_only_the_very_transcript_clears() public {
        Transcript memory t = transcript(3, 130);
        withheld(t);
        bytes memory prompt = t.prompt;
        bytes memory output = t.output;
        t.salt = "another salt";
        expectBadProof(t);
        t.salt = "transcript salt";
        t.prompt = new bytes(16);
        expectBadProof(t);
        t.prompt = abi.encodePacked(prompt);
        t.prompt[0] = 0x01;
        expectBadProof(t);
        t.prompt = prompt;
        t.output = new bytes(output.length - 4);
        expectBadProof(t);
        t.output = abi.encodePacked(output);
        t.output[519] = 0x01;
        expectBadProof(t);
        t.output = output;
        t.receipt.outputTokens = 131;
        expectBadProof(t);
        t.receipt.outputTokens = 130;
        show(t);
    }

    /// 32,768 bytes are 8,192 tokens.
    function test_transcript_too_long_for_the_chain_needs_its_receipt_only() public {
        Transcript memory t = transcript(8_000, 192);
        withheld(t);
        t.prompt = "";
        expectBadProof(t); // exactly as long as can be shown

        setUp();
        t = transcript(8_000, 193);
        bytes32 id = withheld(t);
        (t.prompt, t.output) = ("", "");
        show(t);
        assertStage(id, Stage.Closed);
    }

    function test_withheld_transcript_costs_a_hundredth_and_jail() public {
        bytes32 id = withheld(transcript(3, 5));
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE * 99 / 100, "a hundredth");
        assertEq(staking.profiles(provider).jailedUntil, block.timestamp + 216, "jail");
        assertEq(staking.bounties(challenger), PROVIDER_STAKE / 400, "bounty");
    }
}
