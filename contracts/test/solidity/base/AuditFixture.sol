// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Kind} from "../../../src/interfaces/IStaking.sol";
import {Root, Row} from "../../../src/interfaces/IAudits.sol";
import {Manifest} from "../../../src/interfaces/IModels.sol";
import {Fixture} from "./Fixture.sol";

/// Two providers and three verifiers whose stake counts in epoch 1, which is over.
abstract contract AuditFixture is Fixture {
    uint256 internal constant E = 1;
    bytes32 internal constant SALT = "salt";
    uint8 internal constant CAPACITY = 200;
    bytes32 internal model; // rewardable from epoch 1 on
    address internal provider = address(0xA1);
    address internal second = address(0xA2);
    address[3] internal verifiers = [address(0xF1), address(0xF2), address(0xF3)];

    function setUp() public virtual override {
        super.setUp();
        model = models.register(Manifest("weights", "tokenizer", "spec", 1, 1, 1, 1, 1, 1, 1));
        models.setRewardable(model, true);
        enlist(provider, Kind.Provider, 3_000 ether);
        enlist(second, Kind.Provider, 1_000 ether);
        for (uint256 i; i < 3; ++i) {
            enlist(verifiers[i], Kind.Verifier, SLOT);
        }
        warpAfter(E, 0);
    }

    function commitRoot(address operator) internal {
        vm.prank(nodeOf(operator));
        audits.commitRoot(E, root());
    }

    function root() internal view returns (Root memory) {
        return Root("root", 500, 3, model);
    }

    function finalize(uint256 epoch, address operator) internal {
        audits.finalize(epoch, operator, root());
    }

    function openBeacon(uint256 epoch) internal {
        uint64 round = beacon.roundOf(epoch);
        vm.warp(GENESIS + round * 3);
        beacon.submit(round, abi.encode(epoch));
    }

    function rowsFor(uint8 score) internal view returns (Row[] memory rows) {
        rows = new Row[](1);
        rows[0] = Row(provider, score, CAPACITY, "digest");
    }

    function commitAudit(address verifier, Row[] memory rows) internal {
        bytes32 commitment = keccak256(abi.encode(verifier, E, SALT, rows));
        vm.prank(nodeOf(verifier));
        audits.commitAudit(E, commitment);
    }

    function revealAudit(address verifier, Row[] memory rows) internal {
        vm.prank(nodeOf(verifier));
        audits.revealAudit(E, SALT, rows);
    }

    /// The first `count` verifiers score the provider; time is left at the start of the finalize window.
    function audit(uint8[3] memory scores, uint256 count) internal {
        openBeacon(E);
        warpAfter(E, 24);
        for (uint256 i; i < count; ++i) {
            commitAudit(verifiers[i], rowsFor(scores[i]));
        }
        warpAfter(E, 42);
        for (uint256 i; i < count; ++i) {
            revealAudit(verifiers[i], rowsFor(scores[i]));
        }
        warpAfter(E, 54);
    }
}
