// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IEscrow, Parties} from "../../../src/interfaces/IEscrow.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";
import {SignedDeposits} from "../base/SignedDeposits.sol";

/// Deposits by permit and by authorization.
contract DepositSignedTest is EscrowFixture, SignedDeposits {
    uint256 internal constant DEADLINE = GENESIS + 1_000;

    function permit(uint256 amount) internal view returns (uint8 v, bytes32 r, bytes32 s) {
        return vm.sign(PAYER_KEY, permitDigest(payer, amount, DEADLINE));
    }

    function authorization(bytes32 channelId, uint256 amount) internal view returns (bytes memory) {
        bytes32 nonce = keccak256(abi.encode(channelId, bytes32("n")));
        return signature(PAYER_KEY, receiveDigest(payer, amount, DEADLINE, nonce));
    }

    /// What depositBySignature takes: the nonce follows from the deadline.
    function compact(Parties memory p, uint256 key, uint256 amount) internal view returns (bytes32 r, bytes32 vs) {
        return compactSignature(key, channelDigest(p, amount));
    }

    function channelDigest(Parties memory p, uint256 amount) internal view returns (bytes32) {
        return receiveDigest(p.payer, amount, DEADLINE, keccak256(abi.encode(idOf(p), DEADLINE)));
    }

    function idOf(Parties memory p) internal view returns (bytes32) {
        return escrow.channelId(p.payer, p.payee, p.signer, p.salt);
    }

    function parties() internal view returns (Parties memory) {
        return Parties(payer, payee, signer, SALT);
    }

    function testFuzz_permit_deposits_without_allowance(uint96 amount) public {
        amount = uint96(bound(amount, 1, 1e24));
        vm.prank(payer);
        token.approve(address(escrow), 0);
        (uint8 v, bytes32 r, bytes32 s) = permit(amount);

        vm.prank(payer);
        escrow.depositWithPermit(payee, signer, SALT, amount, DEADLINE, v, r, s);
        assertEq(channel().balance, amount, "balance");
    }

    function test_permit_that_a_front_runner_used_still_deposits() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(9);
        vm.prank(address(0xBAD));
        token.permit(payer, address(escrow), 9, DEADLINE, v, r, s);

        vm.prank(payer);
        escrow.depositWithPermit(payee, signer, SALT, 9, DEADLINE, v, r, s);
        assertEq(channel().balance, 9, "balance");
    }

    function test_bad_permit_without_allowance_reverts() public {
        vm.prank(payer);
        token.approve(address(escrow), 0);
        vm.prank(payer);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(escrow), 0, 9)
        );
        escrow.depositWithPermit(payee, signer, SALT, 9, DEADLINE, 27, bytes32("r"), bytes32("s"));
    }

    function testFuzz_authorization_deposits_whoever_sends_it(address relayer, uint96 amount) public {
        vm.assume(relayer != payer);
        amount = uint96(bound(amount, 1, 1e24));
        bytes memory signed = authorization(id, amount);

        vm.prank(relayer);
        escrow.depositWithAuthorization(parties(), amount, 0, DEADLINE, bytes32("n"), signed);
        assertEq(channel().balance, amount, "balance");
    }

    function test_authorization_is_bound_to_its_channel() public {
        bytes memory signed = authorization(id, 9);
        Parties memory other = parties();
        other.payee = address(0xBAD);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        escrow.depositWithAuthorization(other, 9, 0, DEADLINE, bytes32("n"), signed);
    }

    function test_authorization_counts_once() public {
        bytes memory signed = authorization(id, 9);
        escrow.depositWithAuthorization(parties(), 9, 0, DEADLINE, bytes32("n"), signed);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC3009.ERC3009UsedAuthorization.selector, payer, keccak256(abi.encode(id, bytes32("n")))
            )
        );
        escrow.depositWithAuthorization(parties(), 9, 0, DEADLINE, bytes32("n"), signed);
    }

    function test_authorization_held_back_cannot_cancel_a_thaw() public {
        open(5);
        bytes memory signed = authorization(id, 9);
        vm.prank(payer);
        uint256 thawEnd = escrow.thaw(payee, signer, SALT);

        vm.prank(payee);
        escrow.depositWithAuthorization(parties(), 9, 0, DEADLINE, bytes32("n"), signed);
        assertEq(channel().thawEnd, thawEnd, "thawEnd");
    }

    /// The hand-written half of a deposit (the id, the call of the token) against the plain one.
    function testFuzz_signature_deposits_as_an_authorization_does(
        uint256 key,
        address to,
        address by,
        uint96 salt,
        uint96 amount,
        address relayer
    ) public {
        key = bound(key, 1, type(uint128).max);
        amount = uint96(bound(amount, 1, 1e24));
        Parties memory p = Parties(vm.addr(key), to, by, salt);
        vm.assume(to != address(0) && relayer != p.payer);
        token.transfer(p.payer, 2 * uint256(amount));
        uint256 before = token.balanceOf(address(escrow));
        (bytes32 r, bytes32 vs) = compact(p, key, amount);
        vm.prank(relayer);
        escrow.depositBySignature(p, amount, uint40(DEADLINE), r, vs);
        assertEq(escrow.channels(idOf(p)).balance, amount, "balance");
        assertEq(escrow.channels(idOf(p)).feePpm, FEE_PPM, "feePpm");
        assertEq(token.balanceOf(p.payer), amount, "payer");
        assertEq(token.balanceOf(address(escrow)) - before, amount, "escrow");
        bytes32 nonce = keccak256(abi.encode(idOf(p), DEADLINE));
        assertTrue(token.authorizationState(p.payer, nonce), "nonce");

        // The long form takes the same authorization, so it is used up.
        bytes memory signed = signature(key, channelDigest(p, amount));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, p.payer, nonce));
        escrow.depositWithAuthorization(p, amount, 0, DEADLINE, bytes32(DEADLINE), signed);
    }

    function test_signature_is_bound_to_its_channel_amount_and_deadline() public {
        (bytes32 r, bytes32 vs) = compact(parties(), PAYER_KEY, 9);
        Parties[4] memory others = [parties(), parties(), parties(), parties()];
        others[0].payee = address(0xBAD);
        others[1].signer = address(0xBAD);
        others[2].salt = SALT + 1;
        others[3].payer = signer;
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
            escrow.depositBySignature(others[i], 9, uint40(DEADLINE), r, vs);
        }
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        escrow.depositBySignature(parties(), 10, uint40(DEADLINE), r, vs);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        escrow.depositBySignature(parties(), 9, uint40(DEADLINE + 1), r, vs);
    }

    function test_signature_counts_once_and_until_its_deadline() public {
        (bytes32 r, bytes32 vs) = compact(parties(), PAYER_KEY, 9);
        vm.warp(DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, 0, DEADLINE));
        escrow.depositBySignature(parties(), 9, uint40(DEADLINE), r, vs);
        vm.warp(DEADLINE - 1);
        escrow.depositBySignature(parties(), 9, uint40(DEADLINE), r, vs);
        bytes32 nonce = keccak256(abi.encode(id, DEADLINE));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, payer, nonce));
        escrow.depositBySignature(parties(), 9, uint40(DEADLINE), r, vs);
        assertEq(channel().balance, 9, "balance");
    }

    function test_refusals_of_a_deposit_by_signature() public {
        (bytes32 r, bytes32 vs) = compact(parties(), PAYER_KEY, 9);
        vm.expectRevert(IEscrow.ZeroAmount.selector);
        escrow.depositBySignature(parties(), 0, uint40(DEADLINE), r, vs);
        vm.expectRevert(IEscrow.ZeroAddress.selector);
        escrow.depositBySignature(Parties(payer, address(0), signer, SALT), 9, uint40(DEADLINE), r, vs);
        vm.expectRevert(IEscrow.ZeroAddress.selector);
        escrow.depositBySignature(Parties(address(0), payee, signer, SALT), 9, uint40(DEADLINE), r, vs);
        uint256 balance = token.balanceOf(payer);
        (r, vs) = compact(parties(), PAYER_KEY, balance + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, payer, balance, balance + 1)
        );
        escrow.depositBySignature(parties(), balance + 1, uint40(DEADLINE), r, vs);
        assertEq(channel().balance, 0, "balance");
    }

    function test_only_the_payer_cancels_its_thaw_by_a_signature() public {
        open(5);
        vm.prank(payer);
        uint256 thawEnd = escrow.thaw(payee, signer, SALT);
        (bytes32 r, bytes32 vs) = compact(parties(), PAYER_KEY, 9);
        uint256 state = 1; // by the payee first, whose call reverts afterwards
        try this.depositAsPayee(r, vs) {}
        catch (bytes memory reason) {
            state = abi.decode(reason, (uint256));
        }
        assertEq(state, thawEnd, "thawEnd after the payee's deposit");

        vm.prank(payer);
        escrow.depositBySignature(parties(), 9, uint40(DEADLINE), r, vs);
        assertEq(channel().thawEnd, 0, "thawEnd after the payer's deposit");
    }

    function depositAsPayee(bytes32 r, bytes32 vs) external {
        vm.prank(payee);
        escrow.depositBySignature(parties(), 9, uint40(DEADLINE), r, vs);
        uint256 thawEnd = channel().thawEnd;
        assembly ("memory-safe") {
            mstore(0, thawEnd)
            revert(0, 32)
        }
    }

    function test_account_with_delegated_code_signs_with_its_own_key() public {
        vm.etch(payer, abi.encodePacked(hex"ef0100", address(token))); // EIP-7702
        bytes memory signed = authorization(id, 9);
        escrow.depositWithAuthorization(parties(), 9, 0, DEADLINE, bytes32("n"), signed);
        assertEq(channel().balance, 9, "balance");
    }
}
