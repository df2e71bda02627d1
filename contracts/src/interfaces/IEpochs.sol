// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IEpochs
/// @notice The clock that all contracts of one deployment share.
interface IEpochs {
    /// @notice The windows of the timetable are out of order, or genesis lies in the future.
    error BadTimetable();

    /// @notice Timestamp at which epoch 0 starts.
    function GENESIS() external view returns (uint256);

    /// @notice Length of an epoch in seconds.
    function EPOCH() external view returns (uint256);

    /// @notice The running epoch.
    function epochNow() external view returns (uint256);

    /// @notice First timestamp after `epoch`.
    function epochEnd(uint256 epoch) external view returns (uint256);
}
