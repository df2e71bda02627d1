// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ballot, Case, Charge, ICourt, Round, Stage, Verdict} from "../../../src/interfaces/ICourt.sol";
import {Row} from "../../../src/interfaces/IAudits.sol";
import {Receipt} from "../../../src/libraries/Receipts.sol";
import {CourtFixture} from "../base/CourtFixture.sol";

/// The committee: drawn, committed, revealed, settled.
contract JuryTest is CourtFixture {
    function expectWindowClosed(uint256 from, uint256 until) internal {
        vm.expectRevert(abi.encodeWithSelector(ICourt.WindowClosed.selector, block.timestamp, from, until));
    }

    /* DRAW */

    function test_committee_is_drawn_from_the_beacon_once_and_in_time() public {
        vm.expectRevert(abi.encodeWithSelector(ICourt.UnknownCase.selector, bytes32("nothing")));
        court.drawJury("nothing");
        bytes32 id = accuse();
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Accused));
        court.drawJury(id);
        answer(id);
        uint256 from = block.timestamp + DELAY;
        uint64 round = beacon.roundAt(from);
        expectWindowClosed(from, from + COMMIT / 2);
        court.drawJury(id);
        vm.warp(from + COMMIT / 2);
        expectWindowClosed(from, from + COMMIT / 2);
        court.drawJury(id);
        vm.warp(from + COMMIT / 2 - 1);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotYet.selector, round));
        court.drawJury(id);

        draw(id);
        bytes32 seed = keccak256(abi.encode(beacon.valueOf(round), id, Stage.Trial));
        address[] memory expected = staking.draw(seed, provider, 2, 3);
        assertEq(jurors.length, 3, "seats");
        assertEq(court.rounds(id, Stage.Trial).jurors, 3, "jurors");
        for (uint256 i; i < 3; ++i) {
            assertEq(jurors[i], expected[i], "juror");
            assertTrue(court.ballots(id, Stage.Trial, jurors[i]).drawn, "drawn");
        }
        vm.expectRevert(abi.encodeWithSelector(ICourt.AlreadyDone.selector, id));
        court.drawJury(id);
    }

    function test_nobody_judges_itself() public {
        for (uint256 i; i < 12; ++i) {
            setUp();
            openBeacon(E);
            warpAfter(E, 24);
            address verifier = audits.committee(E, provider)[i % 3];
            Row[] memory rows = rowsFor(95);
            commitAudit(verifier, rows);
            warpAfter(E, 42);
            revealAudit(verifier, rows);
            vm.warp(block.timestamp + i);
            vm.prank(challenger);
            bytes32 id = charges.accuseBadAttestation(E, verifier, SALT, rows, 0, "evidence");
            fund(verifier, address(court), BOND);
            vm.prank(verifier);
            court.answer(id);
            draw(id);
            for (uint256 k; k < jurors.length; ++k) {
                assertTrue(jurors[k] != verifier, "accused");
            }
        }
    }

    /* COMMIT AND REVEAL */

    function test_only_jurors_commit_once_in_time() public {
        bytes32 id = accuseAndDraw();
        uint256 from = court.cases(id).since + DELAY;
        address juror = jurors[0];
        vm.prank(address(0xBAD));
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotJuror.selector, address(0), id));
        court.commitVote(id, "hash");
        vm.prank(juror); // the wallet of a juror stays cold: only its node key votes
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotJuror.selector, address(0), id));
        court.commitVote(id, "hash");
        vm.startPrank(nodeOf(juror));
        vm.expectRevert(ICourt.BadVote.selector);
        court.commitVote(id, 0);
        vm.warp(from + COMMIT);
        expectWindowClosed(from, from + COMMIT);
        court.commitVote(id, "hash");
        vm.warp(from + COMMIT - 1);
        court.commitVote(id, "hash");
        vm.expectRevert(abi.encodeWithSelector(ICourt.AlreadyDone.selector, id));
        court.commitVote(id, "other");
        vm.stopPrank();
        assertEq(court.ballots(id, Stage.Trial, juror).commitment, "hash", "commitment");
    }

    function test_votes_are_revealed_as_committed() public {
        bytes32 id = accuseAndDraw();
        uint256 from = court.cases(id).since + DELAY + COMMIT;
        address juror = jurors[0];
        bytes32 hash = commitment(id, juror, Verdict.Guilty);
        vm.startPrank(nodeOf(juror));
        court.commitVote(id, hash);
        expectWindowClosed(from, from + REVEAL);
        court.revealVote(id, Verdict.Guilty, SALT);
        vm.warp(from + REVEAL);
        expectWindowClosed(from, from + REVEAL);
        court.revealVote(id, Verdict.Guilty, SALT);
        vm.warp(from);
        vm.expectRevert(ICourt.BadVote.selector);
        court.revealVote(id, Verdict.Innocent, SALT);
        vm.expectRevert(ICourt.BadVote.selector);
        court.revealVote(id, Verdict.Guilty, "another salt");
        vm.expectRevert(ICourt.BadVote.selector);
        court.revealVote(id, Verdict.Undecided, SALT);
        court.revealVote(id, Verdict.Guilty, SALT);
        vm.expectRevert(abi.encodeWithSelector(ICourt.AlreadyDone.selector, id));
        court.revealVote(id, Verdict.Guilty, SALT);
        vm.stopPrank();
        assertEq(court.rounds(id, Stage.Trial).guilty, 1, "guilty");
    }

    /// A copied commitment cannot be revealed: it names its juror.
    function test_copied_commitment_is_useless() public {
        bytes32 id = accuseAndDraw();
        bytes32 hash = commitment(id, jurors[0], Verdict.Guilty);
        vm.prank(nodeOf(jurors[1]));
        court.commitVote(id, hash);
        vm.warp(court.cases(id).since + DELAY + COMMIT);
        vm.prank(nodeOf(jurors[1]));
        vm.expectRevert(ICourt.BadVote.selector);
        court.revealVote(id, Verdict.Guilty, SALT);
    }

    function test_a_fault_is_a_matter_of_outputs_only() public {
        openBeacon(E);
        warpAfter(E, 24);
        address verifier = audits.committee(E, provider)[0];
        Row[] memory rows = rowsFor(95);
        commitAudit(verifier, rows);
        warpAfter(E, 42);
        revealAudit(verifier, rows);
        vm.prank(challenger);
        bytes32 id = charges.accuseBadAttestation(E, verifier, SALT, rows, 0, "evidence");
        fund(verifier, address(court), BOND);
        vm.prank(verifier);
        court.answer(id);
        draw(id);
        bytes32 hash = commitment(id, jurors[0], Verdict.Fault);
        vm.prank(nodeOf(jurors[0]));
        court.commitVote(id, hash);
        vm.warp(court.cases(id).since + DELAY + COMMIT);
        vm.prank(nodeOf(jurors[0]));
        vm.expectRevert(ICourt.BadVote.selector);
        court.revealVote(id, Verdict.Fault, SALT);
    }

    /* SETTLE */

    function test_jurors_are_settled_after_the_case_and_once() public {
        bytes32 id = tried(Verdict.Guilty, Verdict.Guilty, Verdict.Innocent);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Trial));
        court.settleJuror(id, Stage.Trial, jurors[0]);
        executeWhenDue(id);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotJuror.selector, challenger, id));
        court.settleJuror(id, Stage.Trial, challenger);
        court.settleJuror(id, Stage.Trial, jurors[0]);
        vm.expectRevert(abi.encodeWithSelector(ICourt.AlreadyDone.selector, id));
        court.settleJuror(id, Stage.Trial, jurors[0]);
    }

    function test_who_voted_with_the_verdict_shares_half_the_bond_and_the_adjudicators_part() public {
        bytes32 id = tried(Verdict.Guilty, Verdict.Guilty, Verdict.Innocent);
        executeWhenDue(id);
        uint256 slashed = PROVIDER_STAKE / 2;
        uint256 share = (BOND / 2 + slashed * 15 / 100) / 2;
        assertEq(court.cases(id).jurorShare, share, "share");
        for (uint256 i; i < 3; ++i) {
            vm.prank(address(0xCA11));
            court.settleJuror(id, Stage.Trial, jurors[i]);
        }
        assertEq(court.credits(jurors[0]), share, "right");
        assertEq(court.credits(jurors[1]), share, "right");
        assertEq(court.credits(jurors[2]), 0, "wrong");
        assertEq(bonded(jurors[0]), SLOT, "right is not fined");
        assertEq(bonded(jurors[2]), SLOT - SLOT * 2 / 100, "2 % of a slot");
        assertEq(staking.bounties(address(0xCA11)), uint256(SLOT) * 2 / 100 / 4, "the caller's quarter");
    }

    function test_who_stays_away_loses_a_hundredth_of_a_slot() public {
        bytes32 id = tried(Verdict.Innocent, Verdict.Innocent, Verdict.Undecided);
        executeWhenDue(id);
        court.settleJuror(id, Stage.Trial, jurors[2]);
        assertEq(bonded(jurors[2]), SLOT - SLOT / 100, "1 % of a slot");
        assertEq(court.credits(jurors[2]), 0, "paid");
    }

    function test_without_a_verdict_only_absence_is_punished() public {
        bytes32 id = tried(Verdict.Guilty, Verdict.Innocent, Verdict.Undecided);
        executeWhenDue(id);
        for (uint256 i; i < 3; ++i) {
            court.settleJuror(id, Stage.Trial, jurors[i]);
            assertEq(court.credits(jurors[i]), 0, "paid");
            assertEq(bonded(jurors[i]), i == 2 ? SLOT - SLOT / 100 : SLOT, "stake");
        }
    }

    /// Guilt of either degree is guilt: who saw a fault is not in the minority of a fraud.
    function test_fault_and_fraud_agree() public {
        bytes32 id = tried(Verdict.Guilty, Verdict.Guilty, Verdict.Fault);
        executeWhenDue(id);
        court.settleJuror(id, Stage.Trial, jurors[2]);
        assertEq(court.credits(jurors[2]), court.cases(id).jurorShare, "paid");
        assertEq(bonded(jurors[2]), SLOT, "stake");
    }

    function test_jurors_whom_the_referee_overrules_lose_a_fifth_of_a_slot() public {
        court.setReferee(referee);
        bytes32 id = tried(Verdict.Innocent, Verdict.Innocent, Verdict.Guilty);
        vm.prank(challenger);
        court.appeal(id);
        vm.prank(referee);
        court.rule(id, Verdict.Guilty);
        executeWhenDue(id);
        court.settleJuror(id, Stage.Trial, jurors[0]);
        court.settleJuror(id, Stage.Trial, jurors[2]);
        assertEq(bonded(jurors[0]), SLOT - SLOT / 5, "overruled");
        assertEq(bonded(jurors[2]), SLOT, "right");
        assertEq(court.credits(jurors[2]), court.cases(id).jurorShare, "paid");
    }

    function test_court_out_of_office_fines_nobody() public {
        bytes32 id = tried(Verdict.Innocent, Verdict.Innocent, Verdict.Guilty);
        staking.proposeSlasher(address(1));
        vm.warp(block.timestamp + SLASHER_DELAY);
        staking.acceptSlasher();
        court.execute(id);
        court.settleJuror(id, Stage.Trial, jurors[2]);
        court.settleJuror(id, Stage.Trial, jurors[0]);
        assertEq(bonded(jurors[2]), SLOT, "stake");
        assertEq(court.credits(jurors[0]), BOND / 4, "paid");
    }
}
