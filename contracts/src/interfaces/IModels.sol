// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a model is, by content. Two files with the same manifest give the same bits.
struct Manifest {
    bytes32 weightsRoot; // keccak Merkle root over tensor rows, in the bytes of the GGUF file
    bytes32 tokenizerHash;
    bytes32 specHash; // the engine specification and its test vectors
    uint32 engineMajor;
    uint32 layers;
    uint32 dModel;
    uint32 dFfn;
    uint32 nHeads;
    uint32 vocab;
    uint32 maxContext;
}

/// @title IModels
/// @notice The registry of model manifests.
interface IModels {
    /// @notice A manifest became known. `manifest` is complete, so an indexer needs no call.
    event ModelRegistered(bytes32 indexed id, address indexed by, Manifest manifest);
    /// @notice From `fromEpoch` on, work on the model is (not) rewardable.
    event Rewardable(bytes32 indexed id, bool rewardable, uint256 fromEpoch);

    /// @notice The manifest is registered.
    error AlreadyRegistered(bytes32 id);
    /// @notice A field that must not be zero is zero.
    error BadManifest();
    /// @notice No manifest has this id.
    error UnknownModel(bytes32 id);
    /// @notice Only the governor may list models.
    error NotGovernor(address caller);

    /// @notice Adds a manifest for ever. Anyone may call.
    /// @return id keccak256(abi.encode(manifest)).
    function register(Manifest calldata manifest) external returns (bytes32 id);

    /// @notice Lists or de-lists a model from the next epoch on. Governor only.
    function setRewardable(bytes32 id, bool rewardable) external;

    /// @notice The manifest of `id`; reverts with `UnknownModel`.
    function get(bytes32 id) external view returns (Manifest memory);

    /// @notice Whether work on the model counts in `epoch`.
    function isRewardable(bytes32 id, uint256 epoch) external view returns (bool);
}
