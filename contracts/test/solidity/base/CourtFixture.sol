// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Case, Stage, Verdict} from "../../../src/interfaces/ICourt.sol";
import {Kind} from "../../../src/interfaces/IStaking.sol";
import {Receipt} from "../../../src/libraries/Receipts.sol";
import {AuditFixture} from "./AuditFixture.sol";

/// Seven verifiers in all, a challenger with tokens, a provider that can answer, and receipts it signed.
abstract contract CourtFixture is AuditFixture {
    bytes32 internal constant RECEIPT_TYPEHASH =
        keccak256("Receipt(bytes32 requestHash,bytes32 modelId,bytes32 promptCommit,bytes32 outputRoot,bytes32 samplingHash,uint64 seed,uint32 inputTokens,uint32 outputTokens,uint96 cumulativeDue,uint8 finish,uint8 flags,uint40 startedAt,uint40 endedAt)");
    uint256 internal constant BOND = 100 ether;
    uint256 internal constant CHALLENGE = 216;
    uint256 internal constant ANSWER = 72;
    uint256 internal constant DELAY = 1;
    uint256 internal constant COMMIT = 36;
    uint256 internal constant REVEAL = 36;
    uint256 internal constant TRIAL = DELAY + COMMIT + REVEAL;
    uint256 internal constant APPEAL = 72;
    uint256 internal constant QUEUE = 144;
    uint256 internal constant REFEREE = 432;
    uint256 internal constant PROVIDER_STAKE = 3_000 ether;

    address internal challenger = address(0xC4A1);
    address internal referee = address(0x4EF);
    address[] internal jurors; // of the last draw

    function setUp() public virtual override {
        super.setUp();
        vm.warp(GENESIS); // AuditFixture left its epoch
        for (uint160 i = 4; i <= 7; ++i) {
            enlist(address(0xF0 + i), Kind.Verifier, SLOT);
        }
        vm.warp(GENESIS + 2 * EPOCH);
        fund(challenger, address(court), 10_000 ether);
        fund(provider, address(court), 1_000 ether);
    }

    /* RECEIPTS */

    function receiptAt(uint256 endedAt) internal view returns (Receipt memory receipt) {
        receipt.requestHash = "request";
        receipt.modelId = model;
        receipt.promptCommit = "prompt";
        receipt.outputRoot = "output";
        receipt.samplingHash = "sampling";
        receipt.inputTokens = 3;
        receipt.outputTokens = 5;
        receipt.cumulativeDue = 1 ether;
        receipt.flags = 1;
        receipt.startedAt = uint40(endedAt - 1);
        receipt.endedAt = uint40(endedAt);
    }

    function wrong() internal view returns (Receipt memory) {
        return receiptAt(block.timestamp);
    }

    function digest(Receipt memory receipt) internal view returns (bytes32) {
        return digestOf("ARIA Jobs", address(audits), keccak256(abi.encode(RECEIPT_TYPEHASH, receipt)));
    }

    function signed(Receipt memory receipt) internal view returns (bytes memory) {
        return signature(nodeKeyOf(provider), digest(receipt));
    }

    /* CASES */

    function accuse() internal returns (bytes32 id) {
        return accuse(wrong());
    }

    function accuse(Receipt memory receipt) internal returns (bytes32 id) {
        bytes memory signature_ = signed(receipt);
        vm.prank(challenger);
        return charges.accuseWrongOutput(receipt, signature_, "evidence");
    }

    function answer(bytes32 id) internal {
        vm.prank(provider);
        court.answer(id);
    }

    /// A case that is answered; time stands at the start of the vote, the committee is drawn.
    function accuseAndDraw() internal returns (bytes32 id) {
        id = accuse();
        answer(id);
        draw(id);
    }

    function draw(bytes32 id) internal {
        uint64 round = beacon.roundAt(court.cases(id).since + DELAY);
        uint256 start = GENESIS + round * 3;
        if (start > block.timestamp) vm.warp(start);
        if (beacon.valueOf(round) == 0) beacon.submit(round, abi.encode(round));
        jurors = court.drawJury(id);
    }

    function commitment(bytes32 id, address juror, Verdict verdict) internal view returns (bytes32) {
        return keccak256(abi.encode(id, court.cases(id).stage, juror, verdict, SALT));
    }

    /// The jurors vote in this order; Undecided stays away. Time is left at the end of the vote.
    function vote(bytes32 id, Verdict[] memory votes) internal {
        for (uint256 i; i < votes.length; ++i) {
            if (votes[i] == Verdict.Undecided) continue;
            bytes32 hash = commitment(id, jurors[i], votes[i]);
            vm.prank(nodeOf(jurors[i]));
            court.commitVote(id, hash);
        }
        vm.warp(court.cases(id).since + DELAY + COMMIT);
        for (uint256 i; i < votes.length; ++i) {
            if (votes[i] == Verdict.Undecided) continue;
            vm.prank(nodeOf(jurors[i]));
            court.revealVote(id, votes[i], SALT);
        }
        vm.warp(court.cases(id).since + TRIAL);
    }

    function three(Verdict a, Verdict b, Verdict c) internal pure returns (Verdict[] memory votes) {
        votes = new Verdict[](3);
        (votes[0], votes[1], votes[2]) = (a, b, c);
    }

    function all(Verdict verdict, uint256 count) internal pure returns (Verdict[] memory votes) {
        votes = new Verdict[](count);
        for (uint256 i; i < count; ++i) {
            votes[i] = verdict;
        }
    }

    /// A trial with this outcome; time is left at the end of the vote.
    function tried(Verdict a, Verdict b, Verdict c) internal returns (bytes32 id) {
        id = accuseAndDraw();
        vote(id, three(a, b, c));
    }

    function executeWhenDue(bytes32 id) internal {
        (, uint256 executableAt) = court.verdictOf(id);
        vm.warp(executableAt);
        court.execute(id);
    }

    function stageOf(bytes32 id) internal view returns (Stage) {
        return court.cases(id).stage;
    }

    function bonded(address operator) internal view returns (uint256) {
        return uint256(staking.operators(operator).stake) + staking.operators(operator).unbonding;
    }

    function assertStage(bytes32 id, Stage stage) internal view {
        assertEq(uint256(stageOf(id)), uint256(stage), "stage");
    }

    function assertVerdict(bytes32 id, Verdict verdict) internal view {
        (Verdict actual,) = court.verdictOf(id);
        assertEq(uint256(actual), uint256(verdict), "verdict");
    }
}
