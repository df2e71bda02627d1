// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a provider signs at the end of a job (EIP-712 domain "ARIA Jobs" of the Audits contract).
struct Receipt {
    bytes32 requestHash;
    bytes32 modelId;
    bytes32 promptCommit;
    bytes32 outputRoot;
    bytes32 samplingHash;
    uint64 seed;
    uint32 inputTokens;
    uint32 outputTokens;
    uint96 cumulativeDue;
    uint8 finish;
    uint8 flags; // bit 0: public
    uint40 startedAt;
    uint40 endedAt;
}

/// @title Receipts
/// @notice Hashes of receipts and of the transcripts that they commit to.
///
/// promptCommit = keccak256(salt 32 | tokens u32 LE)
/// outputRoot: leaf k = keccak256(0x00 | k u32 BE | up to 64 tokens u32 LE), node = keccak256(0x01 | left | right),
/// an odd last node moves up unchanged. A receipt without output is in no tree of tokens, so nobody asks for its root.
library Receipts {
    bytes32 internal constant TYPEHASH =
        keccak256("Receipt(bytes32 requestHash,bytes32 modelId,bytes32 promptCommit,bytes32 outputRoot,bytes32 samplingHash,uint64 seed,uint32 inputTokens,uint32 outputTokens,uint96 cumulativeDue,uint8 finish,uint8 flags,uint40 startedAt,uint40 endedAt)");
    bytes32 internal constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    uint256 internal constant TOKEN_BYTES = 4;
    uint256 internal constant LEAF_BYTES = 64 * TOKEN_BYTES;

    /// @notice The digest that the provider's node key signs; also the receipt's name in the Merkle-sum tree.
    /// @dev The domain is computed each time: a fork of the chain must not share it.
    function digest(Receipt calldata receipt, address audits) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("ARIA Jobs"), keccak256("1"), block.chainid, audits)
        );
        return keccak256(abi.encodePacked(bytes2(0x1901), domain, keccak256(abi.encode(TYPEHASH, receipt))));
    }

    function isPublic(Receipt calldata receipt) internal pure returns (bool) {
        return receipt.flags & 1 != 0;
    }

    /// @notice Length of the transcript: prompt and output.
    function transcriptBytes(Receipt calldata receipt) internal pure returns (uint256) {
        return (uint256(receipt.inputTokens) + receipt.outputTokens) * TOKEN_BYTES;
    }

    /// @notice Whether this is exactly the transcript that the receipt commits to.
    function commitsTo(Receipt calldata receipt, bytes32 salt, bytes calldata prompt, bytes calldata output)
        internal
        pure
        returns (bool)
    {
        if (prompt.length != receipt.inputTokens * TOKEN_BYTES) return false;
        if (output.length != receipt.outputTokens * TOKEN_BYTES) return false;
        bool samePrompt = keccak256(abi.encodePacked(salt, prompt)) == receipt.promptCommit;
        return samePrompt && outputRoot(output) == receipt.outputRoot;
    }

    function outputRoot(bytes calldata output) internal pure returns (bytes32) {
        uint256 count = (output.length + LEAF_BYTES - 1) / LEAF_BYTES;
        bytes32[] memory level = new bytes32[](count);
        for (uint256 k; k < count; ++k) {
            uint256 end = (k + 1) * LEAF_BYTES;
            bytes calldata chunk = output[k * LEAF_BYTES:end < output.length ? end : output.length];
            level[k] = keccak256(abi.encodePacked(bytes1(0x00), uint32(k), chunk)); // Safe: calldata is shorter.
        }
        for (; count > 1; count = (count + 1) / 2) {
            for (uint256 i; i < count; i += 2) {
                bool paired = i + 1 < count;
                level[i / 2] = paired ? keccak256(abi.encodePacked(bytes1(0x01), level[i], level[i + 1])) : level[i];
            }
        }
        return level[0];
    }
}
