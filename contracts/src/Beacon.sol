// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBeacon} from "./interfaces/IBeacon.sol";
import {BLS} from "./libraries/BLS.sol";
import {Epochs, Timetable} from "./libraries/Epochs.sol";

/// @title Beacon
/// @notice drand quicknet, verified on chain (scheme bls-unchained-g1-rfc9380).
///
/// ROUNDS
/// Round r starts at DRAND_GENESIS + (r - 1) x 3 seconds and signs sha256(r as 8 bytes, big endian).
///
/// VALUE
/// A round has exactly one signature, so whoever submits it chooses nothing: late submission costs time, never bias.
/// Nothing replaces a round that nobody submits.
contract Beacon is IBeacon, Epochs {
    /// @notice Seconds between two rounds.
    uint256 public constant ROUND = 3;
    /// @notice Start of round 1.
    uint256 public constant DRAND_GENESIS = 1_692_803_367;

    /// @notice Seconds from the end of an epoch to its round.
    uint256 public immutable RAND_AT;

    /// @inheritdoc IBeacon
    mapping(uint64 round => bytes32 value) public valueOf;

    constructor(Timetable memory time) Epochs(time) {
        require(time.genesis >= DRAND_GENESIS, BadTimetable());
        RAND_AT = time.randAt;
    }

    /// @inheritdoc IBeacon
    function submit(uint64 round, bytes calldata signature) external {
        require(valueOf[round] == 0, AlreadySubmitted(round));
        require(BLS.verify(signature, sha256(abi.encodePacked(round)), publicKey()), BadBeacon(round));

        bytes32 value = keccak256(signature);
        valueOf[round] = value;
        emit Submitted(round, value);
    }

    /// @inheritdoc IBeacon
    function roundOf(uint256 epoch) public view returns (uint64) {
        return roundAt(epochEnd(epoch) + RAND_AT);
    }

    /// @inheritdoc IBeacon
    function roundAt(uint256 time) public pure returns (uint64) {
        if (time <= DRAND_GENESIS) return 1;
        return uint64((time - DRAND_GENESIS + ROUND - 1) / ROUND + 1); // Safe: 2^64 rounds are 10^12 years.
    }

    /// @inheritdoc IBeacon
    function rand(uint256 epoch) external view returns (bytes32 value) {
        uint64 round = roundOf(epoch);
        value = valueOf[round];
        require(value != 0, NotYet(round));
    }

    /// @notice The League of Entropy's key of quicknet
    /// (chain 52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971).
    function publicKey() public pure returns (bytes memory) {
        return
            hex"000000000000000000000000000000000d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
            hex"0000000000000000000000000000000003cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
            hex"000000000000000000000000000000000e5db2b6bfbb01c867749cadffca88b36c24f3012ba09fc4d3022c5c37dce0f977d3adb5d183c7477c442b1f04515273"
            hex"0000000000000000000000000000000001a714f2edb74119a2f2b0d5a7c75ba902d163700a61bc224ededd8e63aef7be1aaf8e93d7a9718b047ccddb3eb5d68b";
    }
}
