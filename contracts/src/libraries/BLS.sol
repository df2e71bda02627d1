// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title BLS
/// @notice BLS12-381 signatures in G1 with public keys in G2 (RFC 9380 hashing, EIP-2537 precompiles).
///
/// A signature is a point of 128 bytes: x and y, each 16 zero bytes and 48 of a canonical field element; a key is one of
/// 256 bytes, x and y with both parts c0 and c1. The pairing
/// precompile rejects everything else, and points outside the subgroup, so a message has exactly one valid signature.
library BLS {
    bytes internal constant DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

    uint256 internal constant SIGNATURE_BYTES = 128;

    address internal constant MODEXP = address(0x05);
    address internal constant G1_ADD = address(0x0b);
    address internal constant PAIRING = address(0x0f);
    address internal constant MAP_FP_TO_G1 = address(0x10);

    /// The field's modulus, in 64 bytes.
    bytes32 internal constant P_HIGH = 0x000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd7;
    bytes32 internal constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    /// @notice Whether e(signature, -G2) x e(hash(message), key) = 1, that is signature = secret x hash(message).
    function verify(bytes calldata signature, bytes32 message, bytes memory key) internal view returns (bool) {
        if (signature.length != SIGNATURE_BYTES) return false;
        bytes memory pairs = abi.encodePacked(signature, negatedGenerator(), hashToG1(message), key);
        (bool valid, bytes memory result) = PAIRING.staticcall(pairs);
        return valid && abi.decode(result, (bool));
    }

    /// @notice hash_to_curve of RFC 9380, suite BLS12381G1_XMD:SHA-256_SSWU_RO_, of a 32-byte message.
    function hashToG1(bytes32 message) internal view returns (bytes memory point) {
        bytes memory suffix = abi.encodePacked(DST, uint8(DST.length));
        // expand_message_xmd to 128 bytes: the first block hashes 64 zero bytes, the message, the length and a zero.
        bytes32 b0 = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(128), uint8(0), suffix));
        bytes32 b1 = sha256(abi.encodePacked(b0, uint8(1), suffix));
        bytes32 b2 = sha256(abi.encodePacked(b0 ^ b1, uint8(2), suffix));
        bytes32 b3 = sha256(abi.encodePacked(b0 ^ b2, uint8(3), suffix));
        bytes32 b4 = sha256(abi.encodePacked(b0 ^ b3, uint8(4), suffix));
        point = _call(G1_ADD, abi.encodePacked(_mapToG1(b1, b2), _mapToG1(b3, b4)));
    }

    /// @notice -G2, the generator with its y negated.
    function negatedGenerator() internal pure returns (bytes memory) {
        return
            hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
            hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
            hex"000000000000000000000000000000000d1b3cc2c7027888be51d9ef691d77bcb679afda66c73f17f9ee3837a55024f78c71363275a75d75d86bab79f74782aa"
            hex"0000000000000000000000000000000013fa4d4a0ad8b1ce186ed5061789213d993923066dddaf1040bc3ff59f825c78df74f2d75467e25e0f55f8a00fa030ed";
    }

    function _mapToG1(bytes32 high, bytes32 low) private view returns (bytes memory) {
        return _call(MAP_FP_TO_G1, _call(MODEXP, _reduction(high, low)));
    }

    /// Input of MODEXP for (high | low) ^ 1 mod p: three lengths, base, exponent, modulus.
    function _reduction(bytes32 high, bytes32 low) private pure returns (bytes memory) {
        return abi.encodePacked(uint256(64), uint256(1), uint256(64), high, low, uint8(1), P_HIGH, P_LOW);
    }

    /// These inputs are always valid; on a chain without the precompiles the answer is empty and nothing verifies.
    function _call(address precompile, bytes memory input) private view returns (bytes memory output) {
        (, output) = precompile.staticcall(input);
    }
}
