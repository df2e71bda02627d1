// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Result, Root, Row, Seat} from "../../../src/interfaces/IAudits.sol";
import {Manifest} from "../../../src/interfaces/IModels.sol";
import {Split} from "../../../src/interfaces/IRewards.sol";
import {Kind} from "../../../src/interfaces/IStaking.sol";
import {World} from "../base/Fixture.sol";

/// Whole epochs with random behaviour of three providers and four verifiers, then random claims: A1-A4, R1-R6.
contract RewardsHandler is World {
    uint256 internal constant SIGNER = 0x5E55;
    uint256 internal constant QUORUM = 2;
    address[3] internal providers = [address(0xA1), address(0xA2), address(0xA3)];
    address[4] internal verifiers = [address(0xF1), address(0xF2), address(0xF3), address(0xF4)];
    bytes32 internal model;
    uint256 internal epoch = 1; // the one that ended last
    uint96 internal salt;

    mapping(uint256 epoch => mapping(address provider => bytes32)) internal roots;
    mapping(uint256 epoch => mapping(address provider => bytes32)) internal committees;
    mapping(uint256 epoch => mapping(address provider => uint256)) internal verdicts;
    mapping(uint256 epoch => uint256) internal paid;
    uint256 internal paidTotal;

    constructor() {
        build();
        model = models.register(Manifest("weights", "tokenizer", "spec", 1, 1, 1, 1, 1, 1, 1));
        models.setRewardable(model, true);
        for (uint256 i; i < 3; ++i) {
            enlist(providers[i], Kind.Provider, (i + 1) * 1_000 ether);
        }
        for (uint256 i; i < 4; ++i) {
            enlist(verifiers[i], Kind.Verifier, SLOT * (i % 2 + 1));
        }
        token.approve(address(escrow), type(uint256).max);
    }

    /* ACTIONS */

    /// Roots, draw, verdicts and scores of the last epoch, and fees of the running one.
    function pass(uint256 seed) external {
        warpAfter(epoch, 0);
        for (uint256 i; i < 3; ++i) {
            if (chance(seed, i)) commitRoot(providers[i]);
        }
        uint64 round = beacon.roundOf(epoch);
        vm.warp(GENESIS + round * 3);
        beacon.submit(round, abi.encode(seed));
        if (chance(seed, 3)) seatAll();
        for (uint256 i; i < 3; ++i) {
            committees[epoch][providers[i]] = keccak256(abi.encode(audits.committee(epoch, providers[i])));
        }
        for (uint256 i; i < 4; ++i) {
            if (chance(seed, 4 + i)) commitAudit(verifiers[i], seed);
        }
        warpAfter(epoch, 42);
        for (uint256 i; i < 4; ++i) {
            if (chance(seed, 4 + i)) reveal(verifiers[i], seed);
        }
        warpAfter(epoch, 54);
        for (uint256 i; i < 3; ++i) {
            if (seed >> (20 + i) & 3 != 0) audits.finalize(epoch, providers[i], rootOf(providers[i]));
            if (chance(seed, 8 + i)) redeem(providers[i], uint96(bound(seed >> (30 + i), 1, 1e22)));
        }
        ++epoch;
    }

    function seatAll() internal {
        address[] memory all = new address[](3);
        for (uint256 i; i < 3; ++i) {
            all[i] = providers[i];
        }
        audits.seat(epoch, all);
    }

    function claim(uint256 which, uint256 who) external {
        uint256 e = bound(which, 1, epoch);
        address operator = who % 7 < 3 ? providers[who % 7] : verifiers[who % 7 - 3];
        (uint256 from, uint256 until) = rewards.claimWindow(e);
        if (block.timestamp < from || block.timestamp >= until) return;
        (uint256 availability, uint256 work, uint256 verification) = rewards.rewardOf(e, operator);
        assertTrue(work * 10 <= escrow.fees(operator, e) * 9, "R4");
        if (rewards.claimed(e, operator) || availability + work + verification == 0) return;
        uint256 before = token.balanceOf(payoutOf(operator));
        uint256 amount = rewards.claim(e, operator);
        assertEq(amount, availability + work + verification, "claim is what was shown");
        assertEq(token.balanceOf(payoutOf(operator)) - before, amount, "to the payout");
        pay(e, amount);
        try rewards.claim(e, operator) {
            revert("R3");
        } catch {}
    }

    function claimTreasury(uint256 which) external {
        uint256 e = bound(which, 1, epoch);
        (uint256 from, uint256 until) = rewards.claimWindow(e);
        if (block.timestamp < from || block.timestamp >= until || rewards.poolOf(e).treasuryPaid) return;
        if (rewards.poolOf(e).split.treasuryBps != 0) pay(e, rewards.claimTreasury(e));
    }

    function setSplit(uint16 work, uint16 treasury, uint16 kappa) external {
        (work, treasury) = (uint16(bound(work, 0, 2_000)), uint16(bound(treasury, 0, 1_000)));
        uint16 rest = 10_000 - work - treasury;
        rewards.setSplit(Split(rest - rest / 3, work, rest / 3, treasury, uint16(bound(kappa, 0, 9_000))));
    }

    function freeze(uint256 which, uint256 duration) external {
        uint256 e = bound(which, 1, epoch);
        (, uint256 until) = rewards.claimWindow(e);
        if (rewards.poolOf(e).delay != 0 || block.timestamp >= until) return;
        vm.prank(guardian);
        rewards.freezeEpoch(e, bound(duration, 1, 3 * EPOCH));
    }

    /* CHECKS */

    function check() external view {
        uint256 first = epoch > 6 ? epoch - 6 : 1;
        for (uint256 e = first; e < epoch; ++e) {
            assertTrue(paid[e] <= rewards.poolOf(e).emission, "R1");
            for (uint256 i; i < 3; ++i) {
                checkProvider(e, providers[i]);
            }
            checkSplitting(e);
        }
        assertTrue(token.minted() <= token.EMISSION_CAP(), "R2");
        assertEq(token.minted(), paidTotal, "R2: only claims mint");
        for (uint256 i; i < 3; ++i) {
            assertEq(staking.operators(providers[i]).stake, (i + 1) * 1_000 ether, "A4");
        }
    }

    function checkProvider(uint256 e, address provider) internal view {
        Result memory result = audits.resultOf(e, provider);
        bool fresh = result.finalized && !result.carried;
        if (fresh && result.score != 0) assertTrue(verdicts[e][provider] >= QUORUM, "A1");
        bytes32 drawn = keccak256(abi.encode(audits.committee(e, provider)));
        assertEq(drawn, committees[e][provider], "A2");
        assertEq(audits.rootHash(e, provider), roots[e][provider], "A3");
        Seat[] memory seats = audits.ballotOf(e, provider);
        address[] memory members = audits.committee(e, provider);
        for (uint256 i; i < seats.length; ++i) {
            assertEq(seats[i].number, audits.numberOf(members[i]), "A2: the ballot is the draw");
        }
    }

    /// R5 and R6: two providers never get more than one with the stake of both would; divisions round down.
    function checkSplitting(uint256 e) internal view {
        uint256 total = audits.weightTotal(e);
        if (total == 0) return;
        (uint256 one,,) = rewards.rewardOf(e, providers[0]);
        (uint256 two,,) = rewards.rewardOf(e, providers[1]);
        uint256 part = uint256(rewards.poolOf(e).emission) * rewards.poolOf(e).split.availabilityBps / 10_000;
        uint256 weights = audits.weightOf(e, providers[0]) + audits.weightOf(e, providers[1]);
        assertTrue((one + two) * total <= part * weights, "R5 and R6");
    }

    /* INTERNAL */

    function chance(uint256 seed, uint256 bit) internal pure returns (bool) {
        return seed >> bit & 1 == 1;
    }

    function rootOf(address provider) internal view returns (Root memory) {
        return Root(bytes32(uint256(uint160(provider))), 500, 3, model);
    }

    function commitRoot(address provider) internal {
        vm.prank(nodeOf(provider));
        audits.commitRoot(epoch, rootOf(provider));
        roots[epoch][provider] = audits.rootHash(epoch, provider);
    }

    /// Rows on the providers that drew this verifier; scores around the threshold.
    function rowsOf(address verifier, uint256 seed) internal view returns (Row[] memory rows) {
        rows = new Row[](3);
        uint256 count;
        for (uint256 i; i < 3; ++i) {
            if (!isDrawn(verifier, providers[i])) continue;
            uint256 dice = uint256(keccak256(abi.encode(seed, verifier, i)));
            rows[count++] = Row(providers[i], uint8(80 + dice % 21), uint8(dice >> 128), bytes32(dice));
        }
        assembly ("memory-safe") {
            mstore(rows, count)
        }
    }

    function isDrawn(address verifier, address provider) internal view returns (bool) {
        address[] memory members = audits.committee(epoch, provider);
        for (uint256 i; i < members.length; ++i) {
            if (members[i] == verifier) return true;
        }
        return false;
    }

    function commitAudit(address verifier, uint256 seed) internal {
        warpAfter(epoch, 24);
        bytes32 commitment = keccak256(abi.encode(verifier, epoch, bytes32(0), rowsOf(verifier, seed)));
        vm.prank(nodeOf(verifier));
        audits.commitAudit(epoch, commitment);
    }

    function reveal(address verifier, uint256 seed) internal {
        Row[] memory rows = rowsOf(verifier, seed);
        if (rows.length == 0) return;
        vm.prank(nodeOf(verifier));
        audits.revealAudit(epoch, 0, rows);
        for (uint256 i; i < rows.length; ++i) {
            ++verdicts[epoch][rows[i].provider];
        }
    }

    function redeem(address payee, uint96 amount) internal {
        escrow.deposit(payee, vm.addr(SIGNER), ++salt, amount);
        escrow.redeem(payee, row(SIGNER, address(this), payee, salt, amount));
        escrow.burnFees(payee);
    }

    function pay(uint256 e, uint256 amount) internal {
        paid[e] += amount;
        paidTotal += amount;
    }
}

contract RewardsInvariants {
    RewardsHandler internal handler;

    function setUp() public {
        handler = new RewardsHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_audits_and_rewards() public view {
        handler.check();
    }
}
