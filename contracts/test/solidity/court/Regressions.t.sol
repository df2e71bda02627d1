// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Charge, ICourt, Stage, Verdict} from "../../../src/interfaces/ICourt.sol";
import {IStaking} from "../../../src/interfaces/IStaking.sol";
import {Receipt} from "../../../src/libraries/Receipts.sol";
import {CourtFixture} from "../base/CourtFixture.sol";

/// Bugs that other protocols had (protocol, section 7), each with the name of its finding: they must not exist here.
contract RegressionsTest is CourtFixture {
    Verdict internal constant G = Verdict.Guilty;
    Verdict internal constant I = Verdict.Innocent;

    /// Trust-2025 L-3 and L-4: a case with other metadata opened first blocks the real one. Here the case is named by
    /// the deed, and a sham challenger can keep neither evidence nor an appeal out.
    function test_TRST_L3_sham_case_does_not_protect_the_accused() public {
        Receipt memory receipt = wrong();
        bytes memory signature_ = signed(receipt);
        address accomplice = address(0xACC);
        fund(accomplice, address(court), BOND);
        vm.prank(accomplice);
        bytes32 id = charges.accuseWrongOutput(receipt, signature_, "useless evidence");
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(ICourt.AlreadyOpened.selector, id));
        charges.accuseWrongOutput(receipt, signature_, "real evidence");

        vm.prank(challenger);
        court.addEvidence(id, "real evidence");
        answer(id);
        draw(id);
        vote(id, three(I, I, I)); // misled
        vm.prank(challenger); // anyone appeals
        court.appeal(id);
        draw(id);
        vote(id, all(G, 3));
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "slashed");
    }

    /// Horizon, "missed issues" 1: a repeated identifier makes a second offence undisputable. Here two receipts are two
    /// cases even if all but one field agree, and one receipt can face every charge that fits.
    function test_Horizon_missed_1_second_offence_is_its_own_case() public {
        Receipt memory receipt = wrong();
        bytes32 first = accuse(receipt);
        receipt.seed = 7;
        bytes32 other = accuse(receipt);
        assertTrue(first != other, "two cases");
        executeWhenDue(first);
        executeWhenDue(other);
        assertEq(bonded(provider), 0, "the second fraud takes everything");
    }

    function testFuzz_case_ids_differ_by_charge_and_subject(uint8 charge, bytes32 subject, uint8 other, bytes32 another)
        public
        view
    {
        Charge a = Charge(bound(charge, 1, 5));
        Charge b = Charge(bound(other, 1, 5));
        bool same = a == b && subject == another;
        assertTrue((court.caseId(a, subject) == court.caseId(b, another)) == same, "collision");
    }

    /// TRST-M-7: disputes about dust spam the arbitrator. The bond does not depend on the stake.
    function test_TRST_M7_bond_is_the_same_whatever_is_at_stake() public {
        accuse();
        vm.prank(address(court));
        staking.slash(provider, 8_000, 1, address(0), address(0));
        Receipt memory receipt = wrong();
        receipt.seed = 1;
        bytes32 id = accuse(receipt);
        assertEq(court.cases(id).bond, BOND, "bond");
    }

    /// TRST-M-9, L-8: no buffer between the dispute period and thawing. A case opened in the last second of the window
    /// still meets the whole stake, even of one who unbonded with the signature.
    function test_TRST_M9_stake_outlives_the_last_challenge() public {
        Receipt memory receipt = wrong();
        vm.prank(provider);
        staking.unbond(uint96(PROVIDER_STAKE));
        vm.warp(receipt.endedAt + CHALLENGE - 1);
        bytes32 id = accuse(receipt);
        vm.warp(receipt.endedAt + UNBOND);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IStaking.CasesOpen.selector, provider, 1));
        staking.withdraw(provider);
        court.execute(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "slashed");
        vm.prank(provider);
        staking.withdraw(provider);
    }

    /// OZ-2024 H-02, H-05: slashing reverts or is run ahead by a withdrawal. Whatever the accused does with its stake in
    /// between, the case slashes half of what it had when accused.
    function testFuzz_OZ_H02_no_unbonding_escapes_the_slash(uint96 unbonded, bool cancels) public {
        unbonded = uint96(bound(unbonded, 1, PROVIDER_STAKE));
        bytes32 id = accuse();
        vm.startPrank(provider);
        staking.unbond(unbonded);
        if (cancels) staking.cancelUnbond();
        vm.stopPrank();
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "half");
    }

    /// OZ-2025 L-18, OZ-2024 L-02: a full cut for the accuser turns slashing into a withdrawal. Here accuser, accused and
    /// the whole committee together lose at least 60 % of what is slashed.
    function test_OZ_L18_accusing_oneself_is_no_way_out() public {
        uint256 supply = token.totalSupply();
        bytes32 id = accuse();
        vm.prank(provider);
        court.concede(id);
        executeWhenDue(id);
        uint256 slashed = PROVIDER_STAKE - bonded(provider);
        assertTrue((supply - token.totalSupply()) * 10 >= slashed * 6, "60 %");
    }

    /// OZ-2024 CR-01, OZ-2025 M-04: a pause stops slashing. With every power of the guardian used, a case still runs.
    function test_OZ_CR01_guardian_cannot_stop_the_court() public {
        vm.startPrank(guardian);
        escrow.stopDeposits();
        rewards.freezeEpoch(0, 7 days);
        vm.stopPrank();
        Receipt memory receipt = wrong();
        receipt.seed = 9;
        bytes32 vetoed = accuse(receipt);
        vm.warp(block.timestamp + ANSWER);
        vm.prank(guardian);
        court.veto(vetoed);
        executeWhenDue(accuse());
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "slashed");
    }

    /// OZ-2024 H-09, Trust-2025 H-2: anyone acts for another. Nobody but the accused concedes or answers, nobody but a
    /// juror votes, nobody but the creditor is paid.
    function testFuzz_OZ_H09_nobody_acts_for_another(address caller) public {
        vm.assume(caller != provider && caller != nodeOf(provider));
        bytes32 id = accuse();
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotAccused.selector, caller));
        court.concede(id);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotAccused.selector, caller));
        court.answer(id);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NothingToPay.selector, caller));
        court.withdraw(caller);
        vm.stopPrank();
    }

    /// TRST-M-14: the order of a list blocks matured thaws. There is one unbonding, and it is slashed first.
    function test_TRST_M14_one_unbonding_only() public {
        vm.startPrank(provider);
        staking.unbond(1_000 ether);
        vm.warp(block.timestamp + 10);
        staking.unbond(500 ether);
        vm.stopPrank();
        assertEq(staking.operators(provider).unbonding, 1_500 ether, "unbonding");
        assertEq(staking.operators(provider).unbondEnd, block.timestamp + UNBOND, "end");
    }

    /// Cantina 5.2.3: wrong clock extensions. Every stage's clock starts when the stage starts, nothing extends it, and
    /// the longest way of all ends within twelve epochs.
    function test_Cantina_5_2_3_longest_case_ends_in_time() public {
        uint256 opened = block.timestamp;
        bytes32 id = accuse();
        vm.warp(opened + ANSWER - 1);
        answer(id);
        draw(id);
        vote(id, three(I, I, I));
        vm.warp(court.cases(id).since + TRIAL + APPEAL - 1);
        vm.prank(challenger);
        court.appeal(id);
        draw(id);
        vote(id, all(G, 3));
        executeWhenDue(id);
        assertTrue(block.timestamp <= opened + 12 * EPOCH, "12 epochs");
        assertStage(id, Stage.Closed);
    }

    /// EigenLayer EGSL-13: tiny slashes round to nothing. One wei at stake is still slashed by one wei.
    function test_EGSL13_one_wei_is_slashed() public {
        vm.startPrank(address(court));
        staking.slash(provider, 10_000, 1, address(0), address(0));
        vm.stopPrank();
        fund(provider, address(staking), 1);
        vm.prank(provider);
        staking.stake(1);
        vm.prank(address(court));
        (uint256 burned,) = staking.slash(provider, 1, 1, address(0), address(0));
        assertEq(burned, 1, "burned");
        assertEq(bonded(provider), 0, "rest");
    }
}
