// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Parties} from "../../../src/interfaces/IEscrow.sol";
import {EscrowFixture} from "../base/EscrowFixture.sol";

/// Deposits by permit and by authorization.
contract DepositSignedTest is EscrowFixture {
    bytes32 internal constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 internal constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    uint256 internal constant DEADLINE = GENESIS + 1_000;

    function permit(uint256 amount) internal view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 structHash =
            keccak256(abi.encode(PERMIT, payer, address(escrow), amount, token.nonces(payer), DEADLINE));
        return vm.sign(PAYER_KEY, digestOf("ARIA", address(token), structHash));
    }

    function authorization(bytes32 channelId, uint256 amount) internal view returns (bytes memory) {
        bytes32 nonce = keccak256(abi.encode(channelId, bytes32("n")));
        bytes32 structHash = keccak256(abi.encode(RECEIVE, payer, address(escrow), amount, 0, DEADLINE, nonce));
        return signature(PAYER_KEY, digestOf("ARIA", address(token), structHash));
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

    function test_account_with_delegated_code_signs_with_its_own_key() public {
        vm.etch(payer, abi.encodePacked(hex"ef0100", address(token))); // EIP-7702
        bytes memory signed = authorization(id, 9);
        escrow.depositWithAuthorization(parties(), 9, 0, DEADLINE, bytes32("n"), signed);
        assertEq(channel().balance, 9, "balance");
    }
}
