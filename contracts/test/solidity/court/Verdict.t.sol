// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Row} from "../../../src/interfaces/IAudits.sol";
import {Case, Charge, ICourt, Stage, Verdict} from "../../../src/interfaces/ICourt.sol";
import {Kind} from "../../../src/interfaces/IStaking.sol";
import {Guarded} from "../../../src/libraries/Guarded.sol";
import {Receipt} from "../../../src/libraries/Receipts.sol";
import {CourtFixture} from "../base/CourtFixture.sol";

/// What follows from the votes: verdicts, appeals, rulings, vetoes, executions, money.
contract VerdictTest is CourtFixture {
    Verdict internal constant U = Verdict.Undecided;
    Verdict internal constant I = Verdict.Innocent;
    Verdict internal constant F = Verdict.Fault;
    Verdict internal constant G = Verdict.Guilty;

    function expectWindowClosed(uint256 from, uint256 until) internal {
        vm.expectRevert(abi.encodeWithSelector(ICourt.WindowClosed.selector, block.timestamp, from, until));
    }

    /* COUNT */

    function test_verdict_needs_a_quorum_of_equal_votes() public {
        assertVerdict(tried(U, U, U), U);
        setUp();
        assertVerdict(tried(G, U, U), U);
        setUp();
        assertVerdict(tried(G, I, U), U);
        setUp();
        assertVerdict(tried(G, G, I), G);
        setUp();
        assertVerdict(tried(I, G, I), I);
        setUp();
        assertVerdict(tried(F, G, I), F); // guilty of the lesser deed
        setUp();
        assertVerdict(tried(F, F, G), F);
        setUp();
        assertVerdict(tried(F, G, G), G);
    }

    function test_unknown_case_has_no_verdict() public view {
        (Verdict verdict, uint256 executableAt) = court.verdictOf("nothing");
        assertEq(uint256(verdict), 0, "verdict");
        assertEq(executableAt, type(uint256).max, "executable");
    }

    /* EXECUTE */

    function test_execute_waits_for_its_time_and_happens_once() public {
        vm.expectRevert(abi.encodeWithSelector(ICourt.UnknownCase.selector, bytes32("nothing")));
        court.execute("nothing");
        bytes32 id = tried(G, G, G);
        uint256 executableAt = block.timestamp + QUEUE;
        vm.warp(executableAt - 1);
        expectWindowClosed(executableAt, type(uint256).max);
        court.execute(id);
        vm.warp(executableAt);
        court.execute(id);
        assertStage(id, Stage.Closed);
        assertEq(staking.openCases(address(court), provider), 0, "open cases");
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Closed));
        court.execute(id);
    }

    function test_acquittal_waits_for_an_appeal_only() public {
        bytes32 id = tried(I, I, G);
        uint256 executableAt = block.timestamp + APPEAL;
        vm.warp(executableAt - 1);
        expectWindowClosed(executableAt, type(uint256).max);
        court.execute(id);
        vm.warp(executableAt);
        court.execute(id);
        assertEq(bonded(provider), PROVIDER_STAKE, "stake");
        assertEq(court.credits(provider), BOND + BOND / 2, "the accused's bond and half of the challenger's");
        assertEq(court.credits(challenger), 0, "challenger");
        assertEq(court.cases(id).jurorShare, BOND / 4, "two jurors share the other half");
    }

    function test_conviction_takes_half_the_stake() public {
        uint256 supply = token.totalSupply();
        bytes32 id = tried(G, G, I);
        executeWhenDue(id);
        uint256 slashed = PROVIDER_STAKE / 2;
        assertEq(bonded(provider), PROVIDER_STAKE - slashed, "stake");
        assertEq(supply - token.totalSupply(), slashed * 60 / 100, "burned");
        assertEq(staking.bounties(challenger), slashed / 4, "bounty");
        assertEq(court.credits(challenger), BOND + BOND / 2, "bonds");
        assertEq(court.credits(provider), 0, "provider");
    }

    function test_undecided_case_returns_all_bonds() public {
        bytes32 id = tried(G, I, U);
        executeWhenDue(id);
        assertEq(court.credits(challenger), BOND, "challenger");
        assertEq(court.credits(provider), BOND, "provider");
        assertEq(bonded(provider), PROVIDER_STAKE, "stake");
    }

    function test_without_a_jury_nothing_is_decided() public {
        bytes32 id = accuse();
        answer(id);
        executeWhenDue(id);
        assertVerdict(id, U);
        assertEq(court.credits(challenger), BOND, "challenger");
    }

    function secondCase() internal returns (bytes32 id) {
        Receipt memory receipt = wrong();
        receipt.requestHash = "second request";
        id = accuse(receipt);
    }

    function test_first_fault_costs_two_percent_and_a_second_one_is_a_fraud() public {
        executeWhenDue(tried(F, F, F));
        assertEq(bonded(provider), PROVIDER_STAKE * 98 / 100, "2 %");
        bytes32 id = secondCase();
        answer(id);
        draw(id);
        vote(id, three(F, F, F));
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE * 49 / 100, "50 %");
        assertTrue(court.convictions(provider).fraud, "fraud");
    }

    function test_second_fraud_takes_everything() public {
        executeWhenDue(tried(G, G, G));
        executeWhenDue(secondCase());
        assertEq(bonded(provider), 0, "everything");
    }

    function test_a_fraud_is_forgotten_after_the_repetition_window() public {
        executeWhenDue(tried(G, G, G));
        uint256 convicted = court.convictions(provider).time;
        vm.warp(convicted + 6_480 - ANSWER - QUEUE);
        bytes32 id = secondCase();
        executeWhenDue(id);
        assertEq(block.timestamp, convicted + 6_480, "time");
        assertEq(bonded(provider), PROVIDER_STAKE / 4, "half of the half");
    }

    function test_one_second_earlier_it_is_a_repetition() public {
        executeWhenDue(tried(G, G, G));
        vm.warp(court.convictions(provider).time + 6_480 - ANSWER - QUEUE - 1);
        executeWhenDue(secondCase());
        assertEq(bonded(provider), 0, "everything");
    }

    function test_bad_attestation_costs_one_slot() public {
        address verifier = address(0xF1);
        fund(verifier, address(staking), SLOT);
        vm.prank(verifier);
        staking.stake(SLOT); // two slots now
        bytes32 id = attestation(verifier);
        executeWhenDue(id);
        assertEq(bonded(verifier), SLOT, "one slot");
        assertEq(staking.bounties(challenger), SLOT / 4, "the canary's quarter");
    }

    function test_conceded_bad_attestation_costs_half_a_slot() public {
        address verifier = address(0xF1);
        bytes32 id = attestation(verifier);
        vm.prank(verifier);
        court.concede(id);
        executeWhenDue(id);
        assertEq(bonded(verifier), SLOT / 2, "half a slot");
    }

    /// A case against `verifier`, which revealed a row about a provider it was drawn for.
    function attestation(address verifier) internal returns (bytes32) {
        for (uint160 i; i < 20; ++i) {
            address candidate = address(0xB000 + i);
            (Row[] memory rows, bool drawn) = attest(verifier, candidate);
            if (!drawn) continue;
            vm.prank(challenger);
            return charges.accuseBadAttestation(2, verifier, SALT, rows, 0, "evidence");
        }
        revert("never drawn");
    }

    function attest(address verifier, address candidate) internal returns (Row[] memory rows, bool drawn) {
        vm.warp(GENESIS + EPOCH);
        if (staking.nodeOf(candidate) == address(0)) enlistProvider(candidate);
        openBeaconOnce(2);
        address[] memory committee = audits.committee(2, candidate);
        for (uint256 i; i < committee.length; ++i) {
            if (committee[i] == verifier) drawn = true;
        }
        if (!drawn) return (rows, false);
        rows = new Row[](1);
        rows[0] = Row(candidate, 95, CAPACITY, "digest");
        warpAfter(2, 24);
        vm.prank(nodeOf(verifier));
        audits.commitAudit(2, keccak256(abi.encode(verifier, uint256(2), SALT, rows)));
        warpAfter(2, 42);
        vm.prank(nodeOf(verifier));
        audits.revealAudit(2, SALT, rows);
    }

    function enlistProvider(address candidate) internal {
        enlist(candidate, Kind.Provider, MIN_PROVIDER);
    }

    function openBeaconOnce(uint256 epoch) internal {
        uint64 round = beacon.roundOf(epoch);
        if (beacon.valueOf(round) == 0) openBeacon(epoch);
    }

    /* APPEAL */

    function test_appeal_has_its_time_and_its_price() public {
        bytes32 id = accuseAndDraw();
        uint256 decidedAt = court.cases(id).since + TRIAL;
        vm.startPrank(challenger);
        expectWindowClosed(decidedAt, decidedAt + APPEAL);
        court.appeal(id);
        vm.warp(decidedAt + APPEAL);
        expectWindowClosed(decidedAt, decidedAt + APPEAL);
        court.appeal(id);
        vm.warp(decidedAt + APPEAL - 1);
        uint256 before = token.balanceOf(challenger);
        court.appeal(id);
        assertEq(before - token.balanceOf(challenger), 3 * BOND, "three bonds");
        assertStage(id, Stage.Appeal);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Appeal));
        court.appeal(id);
        vm.stopPrank();
    }

    function appealed(Verdict a, Verdict b, Verdict c, address appellant) internal returns (bytes32 id) {
        id = tried(a, b, c);
        if (appellant == provider) fund(provider, address(court), 1_000 ether);
        vm.prank(appellant);
        court.appeal(id);
        draw(id);
        assertEq(jurors.length, 5, "the second committee is larger");
    }

    function test_appeal_that_overturns_an_acquittal() public {
        bytes32 id = appealed(I, I, I, challenger);
        vote(id, all(G, 3));
        assertVerdict(id, G);
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "slashed");
        assertEq(court.credits(challenger), 3 * BOND + BOND + BOND / 2, "all bonds and half of the other");
        uint256 pot = BOND / 2 + PROVIDER_STAKE / 2 * 15 / 100;
        assertEq(court.cases(id).jurorShare, pot / 3, "only those who were right in the end");
    }

    function test_appeal_in_vain_costs_three_bonds() public {
        bytes32 id = appealed(G, G, I, provider);
        uint256 before = court.credits(provider);
        vote(id, all(G, 5));
        executeWhenDue(id);
        assertEq(court.credits(provider), before, "nothing back");
        assertEq(court.credits(challenger), BOND + BOND / 2 + 3 * BOND / 2, "challenger");
        uint256 pot = BOND / 2 + 3 * BOND / 2 + PROVIDER_STAKE / 2 * 15 / 100;
        assertEq(court.cases(id).jurorShare, pot / 7, "two of the first and five of the second committee");
    }

    function test_appeal_in_vain_against_an_acquittal_pays_the_accused() public {
        bytes32 id = appealed(I, I, I, challenger);
        vote(id, all(I, 4));
        (, uint256 executableAt) = court.verdictOf(id);
        assertEq(executableAt, block.timestamp, "at once: there is no third instance");
        court.execute(id);
        assertEq(court.credits(provider), BOND + BOND / 2 + 3 * BOND / 2, "provider");
        assertEq(court.credits(challenger), 0, "challenger");
    }

    function test_appeal_that_finds_a_lesser_deed_is_not_in_vain() public {
        bytes32 id = appealed(G, G, G, provider);
        vote(id, all(F, 3));
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE * 98 / 100, "a fault");
        assertEq(court.credits(provider), 3 * BOND, "the appeal's bonds");
    }

    /// Stalling the second committee helps nobody escape, and costs the appellant nothing.
    function test_stalled_appeal_lets_the_first_verdict_stand() public {
        bytes32 id = appealed(G, G, G, provider);
        vote(id, all(I, 2));
        assertVerdict(id, G);
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "slashed");
        assertEq(court.credits(provider), 3 * BOND, "the appeal's bonds");
    }

    function test_appeal_of_an_undecided_case_decides_it() public {
        bytes32 id = appealed(G, I, U, address(challenger));
        vote(id, all(I, 3));
        executeWhenDue(id);
        assertVerdict(id, I);
        assertEq(court.credits(challenger), 3 * BOND, "the appeal's bonds");
        assertEq(court.credits(provider), BOND + BOND / 2, "provider");
    }

    function test_undecided_twice_returns_everything() public {
        bytes32 id = appealed(G, I, U, challenger);
        vote(id, all(I, 1));
        executeWhenDue(id);
        assertEq(court.credits(challenger), 4 * BOND, "challenger");
        assertEq(court.credits(provider), BOND, "provider");
    }

    /* REFEREE */

    function test_referee_is_set_once() public {
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotReferee.selector, address(0)));
        court.setReferee(address(0));
        court.setReferee(referee);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotReferee.selector, challenger));
        court.setReferee(challenger);
        assertEq(court.referee(), referee, "referee");
    }

    function test_with_a_referee_an_appeal_goes_there() public {
        court.setReferee(referee);
        bytes32 id = tried(I, I, I);
        vm.prank(referee);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Trial));
        court.rule(id, G);
        vm.prank(challenger);
        court.appeal(id);
        uint256 since = block.timestamp;
        assertStage(id, Stage.Referred);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Referred));
        court.drawJury(id);
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotReferee.selector, challenger));
        court.rule(id, G);
        vm.startPrank(referee);
        vm.expectRevert(ICourt.BadVote.selector);
        court.rule(id, U);
        vm.warp(since + REFEREE);
        expectWindowClosed(since, since + REFEREE);
        court.rule(id, G);
        vm.warp(since + REFEREE - 1);
        court.rule(id, G);
        vm.stopPrank();
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "slashed");
        assertEq(court.credits(challenger), 3 * BOND + BOND + BOND / 2, "challenger");
        assertEq(court.cases(id).jurorShare, 0, "no juror was right");
    }

    function test_ruling_that_confirms_makes_the_appeal_vain() public {
        court.setReferee(referee);
        bytes32 id = tried(G, G, G);
        fund(provider, address(court), 1_000 ether);
        vm.prank(provider);
        court.appeal(id);
        vm.prank(referee);
        court.rule(id, G);
        executeWhenDue(id);
        assertEq(court.credits(provider), 0, "provider");
        assertEq(court.credits(challenger), BOND + BOND / 2 + 3 * BOND / 2, "challenger");
    }

    function test_silent_referee_lets_the_first_verdict_stand() public {
        court.setReferee(referee);
        bytes32 id = tried(G, G, G);
        vm.prank(challenger);
        court.appeal(id);
        (, uint256 executableAt) = court.verdictOf(id);
        assertEq(executableAt, block.timestamp + REFEREE + QUEUE, "executable");
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "slashed");
        assertEq(court.credits(challenger), 3 * BOND + BOND + BOND / 2, "challenger");
    }

    function test_referee_finds_no_fault_in_an_attestation() public {
        address verifier = address(0xF1);
        bytes32 id = attestation(verifier);
        court.setReferee(referee);
        fund(verifier, address(court), BOND);
        vm.prank(verifier);
        court.answer(id);
        vm.warp(block.timestamp + TRIAL);
        vm.prank(challenger);
        court.appeal(id);
        vm.startPrank(referee);
        vm.expectRevert(ICourt.BadVote.selector);
        court.rule(id, F);
        court.rule(id, G);
        vm.stopPrank();
    }

    /* VETO */

    function testFuzz_only_the_guardian_vetoes_until_its_term_ends(address caller) public {
        bytes32 id = tried(G, G, G);
        uint256 end = GENESIS + 365 days;
        vm.assume(caller != guardian);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(Guarded.NotGuardian.selector, caller, end));
        court.veto(id);
        vm.warp(end);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(Guarded.NotGuardian.selector, guardian, end));
        court.veto(id);
    }

    function test_veto_cancels_a_queued_slash_and_nothing_else() public {
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(ICourt.UnknownCase.selector, bytes32("nothing")));
        court.veto("nothing");
        vm.stopPrank();
        bytes32 id = accuse();
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Accused));
        court.veto(id);
        answer(id);
        draw(id);
        vote(id, three(G, G, G));
        vm.warp(block.timestamp - 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Trial));
        court.veto(id);
        vm.warp(block.timestamp + 1);
        vm.prank(guardian);
        court.veto(id);
        assertVerdict(id, U);
        assertStage(id, Stage.Closed);
        assertEq(bonded(provider), PROVIDER_STAKE, "stake");
        assertEq(court.credits(challenger), BOND, "challenger");
        assertEq(court.credits(provider), BOND, "provider");
        assertEq(staking.openCases(address(court), provider), 0, "open cases");
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Closed));
        court.veto(id);
    }

    function test_guardian_cannot_touch_an_acquittal() public {
        bytes32 id = tried(I, I, I);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(ICourt.WrongStage.selector, id, Stage.Trial));
        court.veto(id);
    }

    function test_veto_of_an_appealed_case_returns_the_appeals_bonds() public {
        bytes32 id = appealed(I, I, I, challenger);
        vote(id, all(G, 3));
        vm.prank(guardian);
        court.veto(id);
        assertEq(court.credits(challenger), 4 * BOND, "challenger");
        assertEq(court.credits(provider), BOND, "provider");
    }

    /* MONEY */

    function test_credits_are_pulled_once() public {
        vm.expectRevert(abi.encodeWithSelector(ICourt.NothingToPay.selector, address(this)));
        court.withdraw(address(this));
        executeWhenDue(accuse());
        vm.startPrank(challenger);
        assertEq(court.withdraw(address(0x70)), BOND, "amount");
        assertEq(token.balanceOf(address(0x70)), BOND, "tokens");
        vm.expectRevert(abi.encodeWithSelector(ICourt.NothingToPay.selector, challenger));
        court.withdraw(address(0x70));
        vm.stopPrank();
        assertEq(token.balanceOf(address(court)), 0, "nothing is left");
    }

    /// Whatever does not divide is burnt: the court never keeps a wei that nobody can claim.
    function test_court_keeps_nothing() public {
        bytes32 id = appealed(G, G, I, provider);
        vote(id, all(G, 5));
        executeWhenDue(id);
        Case memory c = court.cases(id);
        uint256 owed = court.credits(challenger) + court.credits(provider) + 7 * uint256(c.jurorShare);
        assertEq(token.balanceOf(address(court)), owed, "balance");
    }

    function test_a_court_out_of_office_returns_bonds_and_slashes_nobody() public {
        bytes32 id = tried(G, G, I);
        staking.proposeSlasher(address(1));
        vm.warp(block.timestamp + SLASHER_DELAY);
        staking.acceptSlasher();
        court.execute(id);
        assertEq(bonded(provider), PROVIDER_STAKE, "stake");
        assertEq(court.credits(challenger), BOND + BOND / 2, "challenger");
        assertEq(court.cases(id).jurorShare, BOND / 4, "jurors");
        assertEq(staking.openCases(address(court), provider), 0, "open cases");
    }
}
