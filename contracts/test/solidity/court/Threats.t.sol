// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Row} from "../../../src/interfaces/IAudits.sol";
import {ICharges} from "../../../src/interfaces/ICharges.sol";
import {ICourt, Stage, Verdict} from "../../../src/interfaces/ICourt.sol";
import {IModels} from "../../../src/interfaces/IModels.sol";
import {IStaking, Kind} from "../../../src/interfaces/IStaking.sol";
import {Receipt} from "../../../src/libraries/Receipts.sol";
import {CourtFixture} from "../base/CourtFixture.sol";

/// The threat table (protocol, section 6), one executed attack per row that these contracts can answer.
contract ThreatsTest is CourtFixture {
    Verdict internal constant G = Verdict.Guilty;
    Verdict internal constant I = Verdict.Innocent;

    /// Row 2: a verifier never sits over itself, nor over whoever shares its payout.
    function testFuzz_row_2_self_drawn_verifiers(bytes32 seed) public view {
        address[] memory drawn = staking.draw(seed, verifiers[0], 2, 5);
        for (uint256 i; i < drawn.length; ++i) {
            assertTrue(drawn[i] != verifiers[0], "itself");
        }
    }

    /// Row 4: stake made after the answer does not sit on the committee.
    function test_row_4_joining_after_the_case() public {
        bytes32 id = accuse();
        answer(id);
        address late = address(0x1A7E);
        enlist(late, Kind.Verifier, 20 * uint256(SLOT)); // most of all slots
        draw(id);
        for (uint256 i; i < jurors.length; ++i) {
            assertTrue(jurors[i] != late, "late");
        }
    }

    /// Row 8 and 9: a wrong output costs half the stake.
    function test_row_8_model_substitution() public {
        bytes32 id = tried(G, G, G);
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "half");
    }

    /// Row 13: less than a quorum of colluding jurors decides nothing.
    function test_row_13_a_minority_of_jurors() public {
        bytes32 id = tried(G, I, Verdict.Undecided);
        executeWhenDue(id);
        assertEq(bonded(provider), PROVIDER_STAKE, "stake");
    }

    /// Row 14: who attests without doing the work loses a slot; the canary collects a quarter of it.
    function test_row_14_lazy_verifier() public {
        openBeacon(E);
        warpAfter(E, 24);
        address verifier = audits.committee(E, provider)[0];
        Row[] memory rows = rowsFor(95);
        commitAudit(verifier, rows);
        warpAfter(E, 42);
        revealAudit(verifier, rows);
        vm.prank(challenger);
        bytes32 id = charges.accuseBadAttestation(E, verifier, SALT, rows, 0, "canary");
        executeWhenDue(id);
        assertEq(bonded(verifier), 0, "slot");
        assertEq(staking.bounties(challenger), SLOT / 4, "canary");
    }

    /// Row 15: bribed jurors are overruled by the referee and pay a fifth of a slot each.
    function test_row_15_bribed_jurors() public {
        court.setReferee(referee);
        bytes32 id = tried(I, I, I);
        vm.prank(challenger);
        court.appeal(id);
        vm.prank(referee);
        court.rule(id, G);
        executeWhenDue(id);
        for (uint256 i; i < jurors.length; ++i) {
            court.settleJuror(id, Stage.Trial, jurors[i]);
            assertEq(bonded(jurors[i]), SLOT * 4 / 5, "a fifth");
        }
    }

    /// Row 16: a false accusation costs its bond, and holds the exit for at most four epochs.
    function test_row_16_false_accusation() public {
        uint256 opened = block.timestamp;
        bytes32 id = tried(I, I, I);
        executeWhenDue(id);
        assertEq(court.credits(challenger), 0, "bond");
        assertEq(court.credits(provider), BOND + BOND / 2, "accused");
        assertTrue(block.timestamp <= opened + 4 * EPOCH, "four epochs");
        assertEq(staking.openCases(address(court), provider), 0, "free");
    }

    /// Row 17: slashing oneself to skip unbonding burns 60 %.
    function test_row_17_self_slash() public {
        executeWhenDue(accuse());
        uint256 slashed = PROVIDER_STAKE - bonded(provider);
        assertTrue(staking.bounties(challenger) * 10 <= slashed * 4, "at most 40 % comes back");
    }

    /// Row 18: a withdrawal that runs ahead of the slash waits for the case.
    function test_row_18_withdrawal_ahead_of_the_slash() public {
        vm.prank(provider);
        staking.unbond(uint96(PROVIDER_STAKE));
        vm.warp(block.timestamp + UNBOND - 1);
        accuse();
        vm.warp(block.timestamp + 1);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IStaking.CasesOpen.selector, provider, 1));
        staking.withdraw(provider);
    }

    /// Row 19: a receipt of another chain or deployment convicts nobody.
    function test_row_19_replay() public {
        Receipt memory receipt = wrong();
        bytes32 structHash = keccak256(abi.encode(RECEIPT_TYPEHASH, receipt));
        bytes memory elsewhere =
            signature(nodeKeyOf(provider), digestOf("ARIA Jobs", address(escrow), structHash));
        vm.prank(challenger);
        vm.expectRevert();
        charges.accuseWrongOutput(receipt, elsewhere, "evidence");
    }

    /// Row 22: nothing that others can make long is walked through: opening case 64 costs what case 1 does.
    function test_row_22_no_growing_loops() public {
        uint256 first = gasOfCase(1);
        for (uint64 i = 2; i < 40; ++i) {
            gasOfCase(i);
        }
        uint256 last = gasOfCase(40);
        assertTrue(last <= first + 5_000, "gas");
    }

    function gasOfCase(uint64 seed) internal returns (uint256 gas) {
        Receipt memory receipt = wrong();
        receipt.seed = seed;
        bytes memory signature_ = signed(receipt);
        vm.prank(challenger);
        gas = gasleft();
        charges.accuseWrongOutput(receipt, signature_, "evidence");
        gas -= gasleft();
    }

    /// Row 28: rotating the key does not dodge the case.
    function test_row_28_key_rotation() public {
        Receipt memory receipt = wrong();
        vm.warp(block.timestamp + 5);
        bytes memory consent = signNode(0xF4E54, provider);
        vm.prank(provider);
        staking.rotateKey(vm.addr(0xF4E54), consent);
        executeWhenDue(accuse(receipt));
        assertEq(bonded(provider), PROVIDER_STAKE / 2, "slashed");
    }

    /// Row 29: only the governor lists models, and only from the next epoch.
    function testFuzz_row_29_registry_poisoning(address caller) public {
        vm.assume(caller != address(this));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IModels.NotGovernor.selector, caller));
        models.setRewardable(model, true);
    }

    /// Row 30: a captured governor needs longer to install its slasher than everybody needs to leave.
    function test_row_30_governance_capture() public {
        address evil = address(0xEE);
        staking.proposeSlasher(evil);
        vm.prank(provider);
        staking.unbond(uint96(PROVIDER_STAKE));
        vm.warp(block.timestamp + UNBOND);
        vm.prank(provider);
        staking.withdraw(provider);
        vm.expectRevert();
        staking.acceptSlasher();
        vm.warp(block.timestamp + SLASHER_DELAY - UNBOND);
        staking.acceptSlasher();
        vm.prank(evil);
        (uint256 burned, uint256 bounty) = staking.slash(provider, 10_000, 1, evil, evil);
        assertEq(burned + bounty, 0, "nothing left to take");
    }
}
