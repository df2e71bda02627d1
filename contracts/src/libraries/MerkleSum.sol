// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A sibling on the way from a leaf to the root.
struct Sibling {
    bytes32 hash;
    uint64 sum;
}

/// @title MerkleSum
/// @notice A Merkle tree whose nodes also commit to the tokens below them, so that a position in [0, tokens) selects
/// one receipt with probability proportional to its size.
///
/// leaf = keccak256(0x00 | receiptHash 32 | tokens u64 BE)
/// node = keccak256(0x01 | left 32 | right 32 | leftSum u64 BE | rightSum u64 BE)
/// An odd last node moves up unchanged (duplicating it is the flaw of CVE-2012-2459), so that `count` and `index` fix
/// the exact number of siblings.
library MerkleSum {
    function hashLeaf(bytes32 receiptHash, uint64 tokens) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), receiptHash, tokens));
    }

    function hashNode(bytes32 left, bytes32 right, uint64 leftSum, uint64 rightSum) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right, leftSum, rightSum));
    }

    /// @notice Walks from leaf `index` of `count` to the root.
    /// @return valid False if the siblings do not fit `count` and `index`, or a sum exceeds 64 bits.
    /// @return root The root that the proof leads to.
    /// @return total The tokens below that root.
    /// @return start The position of the leaf's first token.
    function climb(bytes32 receiptHash, uint64 tokens, uint256 index, uint256 count, Sibling[] calldata siblings)
        internal
        pure
        returns (bool valid, bytes32 root, uint256 total, uint256 start)
    {
        if (index >= count) return (false, 0, 0, 0);
        root = hashLeaf(receiptHash, tokens);
        total = tokens;
        uint256 used;
        for (; count > 1; (index, count) = (index / 2, (count + 1) / 2)) {
            if (index % 2 == 0 && index + 1 == count) continue; // an odd last node
            if (used == siblings.length) return (false, 0, 0, 0);
            Sibling calldata sibling = siblings[used++];
            if (total + sibling.sum > type(uint64).max) return (false, 0, 0, 0);
            if (index % 2 == 0) {
                root = hashNode(root, sibling.hash, uint64(total), sibling.sum); // Safe: checked above.
            } else {
                root = hashNode(sibling.hash, root, sibling.sum, uint64(total));
                start += sibling.sum;
            }
            total += sibling.sum;
        }
        valid = used == siblings.length;
    }
}
