// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStaking, Key, Kind} from "../../../src/interfaces/IStaking.sol";
import {Fixture} from "../base/Fixture.sol";

/// register, rotateKey.
contract RegisterTest is Fixture {
    address internal operator = address(0x0A);
    uint256 internal constant NODE = 0xD0DE;
    address internal node = vm.addr(NODE);

    function test_rejects_no_kind_and_no_payout() public {
        bytes memory consent = signNode(NODE, operator);
        vm.startPrank(operator);
        vm.expectRevert(IStaking.BadKind.selector);
        staking.register(Kind.None, node, consent, operator);
        vm.expectRevert(IStaking.ZeroAddress.selector);
        staking.register(Kind.Provider, node, consent, address(0));
        vm.stopPrank();
    }

    function testFuzz_needs_the_node_keys_own_consent(uint256 key) public {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != NODE);
        bytes32 structHash = keccak256(abi.encode(NODE_KEY, operator, node));
        bytes memory forged = signature(key, digestOf("ARIA Staking", address(staking), structHash));
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.BadNodeSignature.selector, node));
        staking.register(Kind.Provider, node, forged, operator);
    }

    function test_consent_for_another_operator_is_none() public {
        bytes memory consent = signNode(NODE, operator);
        vm.prank(address(0x0B));
        vm.expectRevert(abi.encodeWithSelector(IStaking.BadNodeSignature.selector, node));
        staking.register(Kind.Provider, node, consent, operator);
    }

    function test_registers_once() public {
        register(operator, Kind.Verifier);
        assertEq(staking.operatorOf(nodeOf(operator)), operator, "operatorOf");
        assertEq(staking.nodeOf(operator), nodeOf(operator), "nodeOf");
        assertEq(staking.profiles(operator).payout, payoutOf(operator), "payout");

        bytes memory consent = signNode(NODE, operator);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.AlreadyRegistered.selector, operator));
        staking.register(Kind.Provider, node, consent, operator);
    }

    function test_rotation_needs_an_operator() public {
        bytes memory consent = signNode(NODE, operator);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IStaking.NotOperator.selector, operator));
        staking.rotateKey(node, consent);
    }

    function test_rotated_key_keeps_its_history_and_is_never_free_again() public {
        register(operator, Kind.Provider);
        address old = nodeOf(operator);
        vm.warp(GENESIS + 10);
        bytes memory consent = signNode(NODE, operator);
        vm.prank(operator);
        staking.rotateKey(node, consent);

        assertEq(staking.operatorOf(old), address(0), "old key is out of use");
        assertEq(staking.operatorOf(node), operator, "new key is in use");
        Key memory key = staking.keys(old);
        assertEq(key.operator, operator, "history: operator");
        assertEq(key.from, GENESIS, "history: from");
        assertEq(key.until, GENESIS + 10, "history: until");

        bytes memory again = signNode(nodeKeyOf(operator), address(0x0B));
        vm.prank(address(0x0B));
        vm.expectRevert(abi.encodeWithSelector(IStaking.KeyInUse.selector, old, operator));
        staking.register(Kind.Provider, old, again, operator);
    }
}
