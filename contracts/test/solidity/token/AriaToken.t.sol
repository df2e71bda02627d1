// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IAriaToken} from "../../../src/interfaces/IAriaToken.sol";
import {Fixture} from "../base/Fixture.sol";

/// A contract account that accepts exactly one digest.
contract Wallet {
    bytes32 internal immutable ACCEPTED;

    constructor(bytes32 digest) {
        ACCEPTED = digest;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == ACCEPTED ? this.isValidSignature.selector : bytes4(0);
    }
}

contract AriaTokenTest is Fixture {
    bytes32 internal constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant CANCEL = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
    uint256 internal constant KEY = 0xA11CE;
    bytes32 internal constant NONCE = bytes32("n");
    uint256 internal constant BEFORE = GENESIS + 100;

    address internal from = vm.addr(KEY);
    address internal to = address(0x70);

    function setUp() public override {
        super.setUp();
        token.transfer(from, 1_000);
    }

    function digest(bytes32 typehash, uint256 value) internal view returns (bytes32) {
        return digestOf(
            "ARIA", address(token), keccak256(abi.encode(typehash, from, to, value, 0, BEFORE, NONCE))
        );
    }

    function test_supply_starts_at_forty_percent() public view {
        assertEq(token.totalSupply(), 0.4e27, "supply");
        assertEq(token.GENESIS_SUPPLY() + token.EMISSION_CAP(), token.CAP(), "cap");
    }

    function testFuzz_only_the_minter_mints(address caller) public {
        vm.assume(caller != address(rewards));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAriaToken.NotMinter.selector, caller));
        token.mint(caller, 1);
    }

    /// T4 and T5: burning opens no room under the emission cap.
    function testFuzz_mints_at_most_the_emission_cap_over_all_time(uint256 first, uint256 burned) public {
        first = bound(first, 0, 0.6e27);
        burned = bound(burned, 0, 0.3e27);
        vm.startPrank(address(rewards));
        token.mint(to, first);
        vm.stopPrank();
        token.burn(burned);

        uint256 room = 0.6e27 - first;
        vm.startPrank(address(rewards));
        vm.expectRevert(abi.encodeWithSelector(IAriaToken.CapExceeded.selector, first, room + 1));
        token.mint(to, room + 1);
        token.mint(to, room);
        vm.stopPrank();
        assertEq(token.minted(), 0.6e27, "minted");
        assertEq(token.totalSupply(), 1e27 - burned, "supply");
    }

    function test_burns_only_the_callers_tokens() public {
        vm.prank(to);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, to, 0, 1));
        token.burn(1);
    }

    function testFuzz_authorized_transfer_by_anyone(address relayer, uint256 value) public {
        value = bound(value, 0, 1_000);
        bytes memory signed = signature(KEY, digest(TRANSFER, value));
        vm.prank(relayer);
        token.transferWithAuthorization(from, to, value, 0, BEFORE, NONCE, signed);
        assertEq(token.balanceOf(to), value, "balance");
        assertTrue(token.authorizationState(from, NONCE), "used");
    }

    function test_authorization_with_parts_of_the_signature() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest(TRANSFER, 5));
        token.transferWithAuthorization(from, to, 5, 0, BEFORE, NONCE, v, r, s);
        assertEq(token.balanceOf(to), 5, "balance");
    }

    function test_authorization_of_another_key_reverts() public {
        bytes memory signed = signature(KEY + 1, digest(TRANSFER, 5));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.transferWithAuthorization(from, to, 5, 0, BEFORE, NONCE, signed);
    }

    function test_only_the_receiver_receives() public {
        bytes memory signed = signature(KEY, digest(RECEIVE, 5));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, to));
        token.receiveWithAuthorization(from, to, 5, 0, BEFORE, NONCE, signed);
        vm.prank(to);
        token.receiveWithAuthorization(from, to, 5, 0, BEFORE, NONCE, signed);
        assertEq(token.balanceOf(to), 5, "balance");
    }

    function compact(uint256 key, bytes32 hash) internal pure returns (bytes32 r, bytes32 vs) {
        uint8 v;
        (v, r, vs) = vm.sign(key, hash);
        vs = bytes32(uint256(vs) | uint256(v - 27) << 255);
    }

    /// The digest from calldata and the hand-written recovery against abi.encode and the plain functions.
    function testFuzz_receives_from_whoever_signed(uint256 key, uint256 value, uint256 start, uint256 end, bytes32 nonce)
        public
    {
        key = bound(key, 1, type(uint128).max);
        value = bound(value, 0, 1_000);
        start = bound(start, 0, GENESIS - 1);
        end = bound(end, GENESIS + 1, type(uint256).max);
        from = vm.addr(key);
        token.transfer(from, value);
        bytes32 structHash = keccak256(abi.encode(RECEIVE, from, to, value, start, end, nonce));
        (bytes32 r, bytes32 vs) = compact(key, digestOf("ARIA", address(token), structHash));

        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, to));
        token.receiveFrom(from, to, value, start, end, nonce, r, vs);
        vm.startPrank(to);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.receiveFrom(from, to, value + 1, start, end, nonce, r, vs);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.receiveFrom(from, to, value, start, end, ~nonce, r, vs);
        token.receiveFrom(from, to, value, start, end, nonce, r, vs);
        assertEq(token.balanceOf(to), value, "balance");
        assertTrue(token.authorizationState(from, nonce), "used");
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, from, nonce));
        token.receiveFrom(from, to, value, start, end, nonce, r, vs);
        vm.stopPrank();
    }

    function test_nobody_receives_from_the_zero_address() public {
        vm.startPrank(to);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSender.selector, address(0)));
        token.receiveFrom(address(0), to, 5, 0, BEFORE, NONCE, bytes32(0), bytes32(0));
        vm.stopPrank();
        assertEq(token.totalSupply(), 0.4e27, "supply");
    }

    function test_authorization_starts_after_its_start() public {
        bytes32 structHash = keccak256(abi.encode(RECEIVE, from, to, 5, GENESIS, BEFORE, NONCE));
        (bytes32 r, bytes32 vs) = compact(KEY, digestOf("ARIA", address(token), structHash));
        vm.startPrank(to);
        vm.expectRevert(
            abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, GENESIS, BEFORE)
        );
        token.receiveFrom(from, to, 5, GENESIS, BEFORE, NONCE, r, vs);
        vm.warp(GENESIS + 1);
        token.receiveFrom(from, to, 5, GENESIS, BEFORE, NONCE, r, vs);
        vm.stopPrank();
    }

    /// OpenZeppelin's ERC3009 would take both as block numbers.
    function test_times_are_never_blocks() public {
        uint256 flag = 1 << 47;
        bytes32 structHash = keccak256(abi.encode(RECEIVE, from, to, 5, flag, flag | 1e9, NONCE));
        (bytes32 r, bytes32 vs) = compact(KEY, digestOf("ARIA", address(token), structHash));
        vm.prank(to);
        vm.expectRevert(
            abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, flag, flag | 1e9)
        );
        token.receiveFrom(from, to, 5, flag, flag | 1e9, NONCE, r, vs);
    }

    function test_authorization_of_one_chain_is_worthless_on_its_fork() public {
        (bytes32 r, bytes32 vs) = compact(KEY, digest(RECEIVE, 5));
        vm.chainId(777);
        vm.startPrank(to);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.receiveFrom(from, to, 5, 0, BEFORE, NONCE, r, vs);
        (r, vs) = compact(KEY, digest(RECEIVE, 5));
        token.receiveFrom(from, to, 5, 0, BEFORE, NONCE, r, vs);
        vm.stopPrank();
        assertEq(token.balanceOf(to), 5, "balance");
    }

    function test_authorization_ends_before_its_end() public {
        bytes memory signed = signature(KEY, digest(TRANSFER, 5));
        vm.warp(BEFORE);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, 0, BEFORE));
        token.transferWithAuthorization(from, to, 5, 0, BEFORE, NONCE, signed);
    }

    /// T3.
    function test_cancelled_nonce_is_used_up() public {
        bytes memory cancel =
            signature(KEY, digestOf("ARIA", address(token), keccak256(abi.encode(CANCEL, from, NONCE))));
        token.cancelAuthorization(from, NONCE, cancel);
        bytes memory signed = signature(KEY, digest(TRANSFER, 5));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, from, NONCE));
        token.transferWithAuthorization(from, to, 5, 0, BEFORE, NONCE, signed);
    }

    function test_contract_account_signs_by_erc_1271() public {
        // The wallet's address is part of the digest that it accepts.
        from = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        assertEq(address(new Wallet(digest(TRANSFER, 5))), from, "wallet");
        token.transfer(from, 5);
        token.transferWithAuthorization(from, to, 5, 0, BEFORE, NONCE, "");
        assertEq(token.balanceOf(to), 5, "balance");
    }

    bytes32 internal constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    function permitted(uint256 value, uint256 nonce, uint256 deadline)
        internal
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 structHash = keccak256(abi.encode(PERMIT, from, to, value, nonce, deadline));
        return vm.sign(KEY, digestOf("ARIA", address(token), structHash));
    }

    function testFuzz_permit_counts_its_nonce_and_works_once(uint256 value) public {
        (uint8 v, bytes32 r, bytes32 s) = permitted(value, 0, BEFORE);
        assertEq(token.nonces(from), 0, "nonce");
        token.permit(from, to, value, BEFORE, v, r, s);
        assertEq(token.allowance(from, to), value, "allowance");
        assertEq(token.nonces(from), 1, "nonce");
        vm.expectRevert();
        token.permit(from, to, value, BEFORE, v, r, s);
    }

    function test_permit_ends_and_cannot_be_altered() public {
        (uint8 v, bytes32 r, bytes32 s) = permitted(5, 0, BEFORE);
        vm.expectRevert();
        token.permit(from, to, 6, BEFORE, v, r, s);
        vm.expectRevert();
        token.permit(from, address(this), 5, BEFORE, v, r, s);
        vm.expectRevert();
        token.permit(to, to, 5, BEFORE, v, r, s);
        vm.warp(BEFORE + 1);
        vm.expectRevert();
        token.permit(from, to, 5, BEFORE, v, r, s);
        vm.warp(BEFORE);
        token.permit(from, to, 5, BEFORE, v, r, s);
    }

    function test_receive_and_cancel_with_parts_of_the_signature() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest(RECEIVE, 7));
        vm.expectRevert(); // only the receiver
        token.receiveWithAuthorization(from, to, 7, 0, BEFORE, NONCE, v, r, s);
        vm.prank(to);
        token.receiveWithAuthorization(from, to, 7, 0, BEFORE, NONCE, v, r, s);
        assertEq(token.balanceOf(to), 7, "received");

        bytes32 other = "m";
        bytes32 structHash = keccak256(abi.encode(CANCEL, from, other));
        (v, r, s) = vm.sign(KEY, digestOf("ARIA", address(token), structHash));
        token.cancelAuthorization(from, other, v, r, s);
        assertTrue(token.authorizationState(from, other), "used up");
    }
}
