// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModels, Manifest} from "../../../src/interfaces/IModels.sol";
import {Fixture} from "../base/Fixture.sol";

contract ModelsTest is Fixture {
    function manifest() internal pure returns (Manifest memory) {
        return Manifest("weights", "tokenizer", "spec", 1, 8, 384, 1_024, 6, 8_192, 2_048);
    }

    function test_rejects_an_incomplete_manifest() public {
        Manifest memory m = manifest();
        m.specHash = 0;
        vm.expectRevert(IModels.BadManifest.selector);
        models.register(m);
        m = manifest();
        m.vocab = 0;
        vm.expectRevert(IModels.BadManifest.selector);
        models.register(m);
    }

    function testFuzz_anyone_registers_a_manifest_once(address caller) public {
        Manifest memory m = manifest();
        vm.prank(caller);
        bytes32 id = models.register(m);
        assertEq(id, keccak256(abi.encode(m)), "id");
        assertEq(keccak256(abi.encode(models.get(id))), id, "manifest");
        vm.expectRevert(abi.encodeWithSelector(IModels.AlreadyRegistered.selector, id));
        models.register(m);
    }

    function test_unknown_model_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IModels.UnknownModel.selector, bytes32("x")));
        models.get("x");
        vm.expectRevert(abi.encodeWithSelector(IModels.UnknownModel.selector, bytes32("x")));
        models.setRewardable("x", true);
    }

    function test_only_the_governor_lists() public {
        bytes32 id = models.register(manifest());
        vm.prank(address(1));
        vm.expectRevert(abi.encodeWithSelector(IModels.NotGovernor.selector, address(1)));
        models.setRewardable(id, true);
    }

    function test_listing_counts_from_the_next_epoch() public {
        bytes32 id = models.register(manifest());
        models.setRewardable(id, true);
        warpToEpoch(4);
        models.setRewardable(id, false);

        assertTrue(!models.isRewardable(id, 0), "epoch 0");
        assertTrue(models.isRewardable(id, 1), "epoch 1");
        assertTrue(models.isRewardable(id, 4), "epoch 4");
        assertTrue(!models.isRewardable(id, 5), "epoch 5");
    }
}
