// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IModels, Manifest} from "./interfaces/IModels.sol";
import {Epochs, Timetable} from "./libraries/Epochs.sol";

/// @title Models
/// @notice Content-addressed manifests.
///
/// MANIFESTS
/// Anyone may add one; nobody can change or remove one. Clients choose a model by its id, never by a name.
///
/// LISTING
/// The governor says which models count for rewards, always from the next epoch: nothing is lost in hindsight.
contract Models is IModels, Epochs {
    using Checkpoints for Checkpoints.Trace208;

    address public immutable GOVERNOR;

    mapping(bytes32 id => Manifest) internal manifests;
    mapping(bytes32 id => Checkpoints.Trace208) internal listings; // epoch -> 0 or 1

    constructor(Timetable memory time, address governor) Epochs(time) {
        GOVERNOR = governor;
    }

    /* ACTIONS */

    /// @inheritdoc IModels
    function register(Manifest calldata manifest) external returns (bytes32 id) {
        id = keccak256(abi.encode(manifest));
        require(manifests[id].weightsRoot == 0, AlreadyRegistered(id));
        require(_isComplete(manifest), BadManifest());

        manifests[id] = manifest;
        emit ModelRegistered(id, msg.sender, manifest);
    }

    /// @inheritdoc IModels
    function setRewardable(bytes32 id, bool rewardable) external {
        require(msg.sender == GOVERNOR, NotGovernor(msg.sender));
        require(manifests[id].weightsRoot != 0, UnknownModel(id));

        uint256 fromEpoch = epochNow() + 1;
        listings[id].push(SafeCast.toUint48(fromEpoch), rewardable ? 1 : 0);
        emit Rewardable(id, rewardable, fromEpoch);
    }

    /* VIEWS */

    /// @inheritdoc IModels
    function get(bytes32 id) external view returns (Manifest memory manifest) {
        manifest = manifests[id];
        require(manifest.weightsRoot != 0, UnknownModel(id));
    }

    /// @inheritdoc IModels
    function isRewardable(bytes32 id, uint256 epoch) public view returns (bool) {
        return listings[id].upperLookupRecent(SafeCast.toUint48(epoch)) == 1;
    }

    /* INTERNAL */

    function _isComplete(Manifest calldata m) internal pure returns (bool) {
        bool content = m.weightsRoot != 0 && m.tokenizerHash != 0 && m.specHash != 0;
        bool shape = m.layers != 0 && m.dModel != 0 && m.dFfn != 0 && m.nHeads != 0;
        return content && shape && m.vocab != 0 && m.maxContext != 0;
    }
}
