// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBeacon} from "./interfaces/IBeacon.sol";
import {Epochs, Timetable} from "./libraries/Epochs.sol";

/// @title LocalBeacon
/// @notice Randomness for a development chain, behind the interface of the public beacon.
///
/// ROUNDS
/// A round starts every 3 seconds from genesis, as in drand quicknet. It may be submitted once, not before it starts.
///
/// TRUST
/// The operator chooses the values. That is why this contract belongs on a chain whose validator is trusted anyway.
contract LocalBeacon is IBeacon, Epochs {
    /// @notice Seconds between two rounds, as in drand quicknet.
    uint256 public constant ROUND = 3;

    /// @notice The only account that may submit.
    address public immutable OPERATOR;
    /// @notice Seconds from the end of an epoch to its round.
    uint256 public immutable RAND_AT;

    /// @inheritdoc IBeacon
    mapping(uint64 round => bytes32 value) public valueOf;

    constructor(Timetable memory time, address operator) Epochs(time) {
        OPERATOR = operator;
        RAND_AT = time.randAt;
    }

    /// @inheritdoc IBeacon
    function submit(uint64 round, bytes calldata signature) external {
        require(msg.sender == OPERATOR, BadBeacon(round));
        require(block.timestamp >= GENESIS + round * ROUND, NotYet(round));
        require(valueOf[round] == 0, AlreadySubmitted(round));

        bytes32 value = keccak256(signature);
        valueOf[round] = value;
        emit Submitted(round, value);
    }

    /// @inheritdoc IBeacon
    function roundOf(uint256 epoch) public view returns (uint64) {
        return roundAt(epochEnd(epoch) + RAND_AT);
    }

    /// @inheritdoc IBeacon
    function roundAt(uint256 time) public view returns (uint64) {
        if (time <= GENESIS) return 0;
        return uint64((time - GENESIS + ROUND - 1) / ROUND); // Safe: 2^64 rounds are 10^12 years.
    }

    /// @inheritdoc IBeacon
    function rand(uint256 epoch) external view returns (bytes32 value) {
        uint64 round = roundOf(epoch);
        value = valueOf[round];
        require(value != 0, NotYet(round));
    }
}
