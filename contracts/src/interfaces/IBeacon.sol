// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IBeacon
/// @notice Public randomness: one 32-byte value per round, and for each epoch one fixed round.
interface IBeacon {
    /// @notice The value of `round` became known.
    event Submitted(uint64 indexed round, bytes32 value);

    /// @notice The round lies in the future, or nobody has submitted it yet.
    error NotYet(uint64 round);
    /// @notice The round already has its value.
    error AlreadySubmitted(uint64 round);
    /// @notice The signature does not belong to the round, or the caller may not submit it.
    error BadBeacon(uint64 round);

    /// @notice Stores keccak256(signature) as the value of `round`.
    /// @dev A public beacon verifies the signature and lets anyone call; a local one trusts one immutable operator.
    function submit(uint64 round, bytes calldata signature) external;

    /// @notice The round whose value decides about `epoch`: the first one at or after end(epoch) + randAt.
    function roundOf(uint256 epoch) external view returns (uint64);

    /// @notice The first round that starts at or after `time`.
    function roundAt(uint256 time) external view returns (uint64);

    /// @notice The value of a round, zero while unknown.
    function valueOf(uint64 round) external view returns (bytes32);

    /// @notice The randomness of `epoch`. Reverts with `NotYet` while it is unknown.
    function rand(uint256 epoch) external view returns (bytes32);
}
