// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRewards, Pool, RewardParameters, Split} from "../../../src/interfaces/IRewards.sol";
import {Root} from "../../../src/interfaces/IAudits.sol";
import {AuditFixture} from "../base/AuditFixture.sol";

contract RewardsTest is AuditFixture {
    uint256 internal constant EMISSION = 0.6e27 * 949 / 1e6;
    uint256 internal constant SIGNER = 0x5E55;
    uint256 internal burned; // by the last redemption

    /// Redeems `total` of a channel to the provider during epoch E, then closes E with `scores`.
    function runEpoch(uint96 total, uint8[3] memory scores) internal {
        warpToEpoch(E);
        redeemTo(provider, total);
        warpAfter(E, 0);
        commitRoot(provider);
        audit(scores, 3);
        finalize(E, provider);
        warpAfter(E, 144);
    }

    function redeemTo(address payee, uint96 total) internal {
        if (total == 0) return;
        token.approve(address(escrow), total);
        escrow.deposit(payee, vm.addr(SIGNER), 1, total);
        escrow.redeem(payee, row(SIGNER, address(this), payee, 1, total));
        burned = escrow.unburned(payee);
        escrow.burnFees(payee);
    }

    function claim(address operator) internal returns (uint256) {
        return rewards.claim(E, operator);
    }

    function test_claims_have_a_window() public {
        runEpoch(0, [uint8(95), 95, 95]);
        (uint256 from, uint256 until) = rewards.claimWindow(E);
        vm.warp(from - 1);
        vm.expectRevert(abi.encodeWithSelector(IRewards.ClaimsClosed.selector, from - 1, from, until));
        claim(provider);
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IRewards.ClaimsClosed.selector, until, from, until));
        claim(provider);
        vm.warp(until - 1);
        claim(provider);
    }

    /// R3.
    function test_claims_once_to_the_payout() public {
        runEpoch(0, [uint8(95), 95, 95]);
        uint256 amount = claim(provider);
        assertEq(amount, EMISSION / 2, "the whole availability pool");
        assertEq(token.balanceOf(payoutOf(provider)), amount, "payout");
        vm.expectRevert(abi.encodeWithSelector(IRewards.AlreadyClaimed.selector, E, provider));
        claim(provider);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingToClaim.selector, E, second));
        claim(second);
    }

    function testFuzz_score_below_ninety_earns_nothing(uint8 score) public {
        score = uint8(bound(score, 0, 89));
        runEpoch(100 ether, [score, score, score]);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingToClaim.selector, E, provider));
        claim(provider);
    }

    /// R4: never more than kappa times the burnt fee, which is capped by the stake.
    function testFuzz_work_is_a_part_of_the_burnt_fee(uint96 total, uint8 score) public {
        total = uint96(bound(total, 1, 1e24));
        score = uint8(bound(score, 90, 100));
        runEpoch(total, [score, score, score]);
        (, uint256 work,) = rewards.rewardOf(E, provider);

        uint256 fee = (uint256(total) * FEE_PPM + 999_999) / 1_000_000;
        uint256 most = uint256(3_000 ether) / 6 * FEE_PPM / 1_000_000;
        uint256 counted = fee / 1 gwei * 1 gwei; // public fees count in whole gwei
        if (counted > most) counted = most;
        assertEq(work, counted * 8_000 * score / 1_000_000, "work");
        assertTrue(work * 10_000 <= fee * 8_000, "kappa");
    }

    function test_work_needs_a_root() public {
        warpToEpoch(E);
        redeemTo(provider, 100 ether);
        warpAfter(E, 0);
        audit([uint8(95), 95, 95], 3);
        finalize(E, provider);
        (uint256 availability, uint256 work,) = rewards.rewardOf(E, provider);
        assertTrue(availability != 0, "availability");
        assertEq(work, 0, "work");
    }

    function test_carried_score_earns_availability_only() public {
        runEpoch(100 ether, [uint8(95), 95, 95]);
        warpToEpoch(E + 1);
        token.approve(address(escrow), 100 ether);
        escrow.deposit(provider, vm.addr(SIGNER), 2, 100 ether);
        escrow.redeem(provider, row(SIGNER, address(this), provider, 2, 100 ether));
        escrow.burnFees(provider);
        warpAfter(E + 1, 0);
        Root memory good = root();
        vm.prank(nodeOf(provider));
        audits.commitRoot(E + 1, good);
        warpAfter(E + 1, 54);
        finalize(E + 1, provider);
        (uint256 availability, uint256 work,) = rewards.rewardOf(E + 1, provider);
        assertTrue(availability != 0, "availability");
        assertEq(work, 0, "work");
    }

    function test_verification_is_split_by_rows() public {
        runEpoch(0, [uint8(95), 95, 95]);
        assertEq(claim(verifiers[0]), EMISSION / 4 / 3, "a third");
    }

    /// R1 and R2: all claims of an epoch fit into its pool.
    function testFuzz_claims_fit_into_the_pool(uint96 total, uint8 score) public {
        total = uint96(bound(total, 1, 1e26));
        score = uint8(bound(score, 90, 100));
        runEpoch(total, [score, score, score]);
        uint256 sum = claim(provider) + rewards.claimTreasury(E);
        for (uint256 i; i < 3; ++i) {
            sum += claim(verifiers[i]);
        }
        assertTrue(sum <= EMISSION, "pool");
        assertEq(token.minted(), sum, "minted");
    }

    function test_treasury_claims_once() public {
        runEpoch(0, [uint8(95), 95, 95]);
        assertEq(rewards.claimTreasury(E), EMISSION / 20, "amount");
        vm.expectRevert(abi.encodeWithSelector(IRewards.AlreadyClaimed.selector, E, address(this)));
        rewards.claimTreasury(E);
    }

    function test_treasury_without_a_part_claims_nothing() public {
        rewards.setSplit(Split(7_500, 0, 2_500, 0, 0));
        runEpoch(0, [uint8(95), 95, 95]);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NothingToClaim.selector, E, address(this)));
        rewards.claimTreasury(E);
    }

    function test_pool_keeps_the_split_of_its_first_claim() public {
        runEpoch(0, [uint8(95), 95, 95]);
        claim(provider);
        rewards.setSplit(Split(9_000, 0, 0, 1_000, 0));
        Pool memory pool = rewards.poolOf(E);
        assertEq(pool.emission, EMISSION, "emission");
        assertEq(pool.split.verificationBps, 2_500, "split");
        assertEq(claim(verifiers[0]), EMISSION / 4 / 3, "verification");
    }

    function test_only_the_governor_sets_a_split_within_bounds() public {
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IRewards.NotGovernor.selector, provider));
        rewards.setSplit(Split(5_000, 2_000, 2_500, 500, 8_000));
        Split[4] memory bad = [
            Split(5_000, 2_000, 2_500, 501, 8_000),
            Split(4_999, 2_001, 2_500, 500, 8_000),
            Split(5_000, 2_000, 2_500, 500, 9_001),
            Split(5_000, 2_000, 1_999, 1_001, 8_000)
        ];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(IRewards.BadSplit.selector);
            rewards.setSplit(bad[i]);
        }
    }

    function test_constructor_checks_rate_and_tau() public {
        RewardParameters memory bad = rewardParameters();
        bad.ratePpm = 1_000_001;
        vm.expectRevert(IRewards.BadParameters.selector);
        this.deployRewards(bad);
        bad = rewardParameters();
        bad.tau = 0;
        vm.expectRevert(IRewards.BadParameters.selector);
        this.deployRewards(bad);
    }

    function deployRewards(RewardParameters memory p) external {
        deploy(
            "Rewards",
            abi.encode(timetable(), p, token, staking, escrow, audits, address(this), guardian, address(this))
        );
    }

    function test_a_claim_is_the_sum_of_its_parts() public {
        runEpoch(100 ether, [uint8(95), 95, 95]);
        (uint256 availability, uint256 work, uint256 verification) = rewards.rewardOf(E, provider);
        assertTrue(work != 0, "work");
        assertEq(claim(provider), availability + work + verification, "sum");
    }

    /// R5 and the wash-trading theorem: every token dealt with oneself loses.
    function testFuzz_dealing_with_oneself_loses(uint96 total) public {
        total = uint96(bound(total, 100, 1e24));
        runEpoch(total, [uint8(100), 100, 100]);
        (, uint256 work,) = rewards.rewardOf(E, provider);
        assertTrue(work * 10 <= burned * 8, "loss of at least a fifth of the fee");
    }
}
