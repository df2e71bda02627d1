// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEpochs} from "../interfaces/IEpochs.sol";

/// @notice The timetable of a network. Every window of epoch `e` is counted in seconds from the end of `e`.
/// A profile (a day on a public network, about a minute on a local one) is nothing but these numbers.
struct Timetable {
    uint40 genesis; // start of epoch 0
    uint32 epoch; // length of an epoch
    uint32 rootEnd; // providers commit receipt roots in [0, rootEnd)
    uint32 randAt; // the beacon round of the epoch; after rootEnd, so that a root cannot depend on it
    uint32 auditStart; // verifiers commit in [auditStart, auditEnd)
    uint32 auditEnd;
    uint32 revealEnd; // verifiers reveal in [auditEnd, revealEnd)
    uint32 finalizeEnd; // scores are fixed in [revealEnd, finalizeEnd)
    uint32 claimAt; // rewards open
}

/// @title Epochs
/// @notice Epoch number = (time - genesis) / length. Only timestamps: L2 block times vary.
abstract contract Epochs is IEpochs {
    /// @inheritdoc IEpochs
    uint256 public immutable GENESIS;
    /// @inheritdoc IEpochs
    uint256 public immutable EPOCH;

    constructor(Timetable memory time) {
        require(time.genesis <= block.timestamp && time.epoch != 0, BadTimetable());
        require(time.rootEnd < time.randAt && time.randAt <= time.auditStart, BadTimetable());
        require(time.auditStart < time.auditEnd && time.auditEnd < time.revealEnd, BadTimetable());
        require(time.revealEnd < time.finalizeEnd && time.finalizeEnd <= time.claimAt, BadTimetable());

        GENESIS = time.genesis;
        EPOCH = time.epoch;
    }

    /// @inheritdoc IEpochs
    function epochNow() public view returns (uint256) {
        return (block.timestamp - GENESIS) / EPOCH;
    }

    /// @inheritdoc IEpochs
    function epochEnd(uint256 epoch) public view returns (uint256) {
        return GENESIS + (epoch + 1) * EPOCH;
    }
}
