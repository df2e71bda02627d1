// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {World} from "./Fixture.sol";

/// What a payer signs so that others can bring its tokens into the escrow: EIP-2612 and ERC-3009.
abstract contract SignedDeposits is World {
    bytes32 internal constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 internal constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    function permitDigest(address from, uint256 amount, uint256 deadline) internal view returns (bytes32) {
        return digestOf(
            "ARIA",
            address(token),
            keccak256(abi.encode(PERMIT, from, address(escrow), amount, token.nonces(from), deadline))
        );
    }

    function receiveDigest(address from, uint256 amount, uint256 validBefore, bytes32 nonce)
        internal
        view
        returns (bytes32)
    {
        return digestOf(
            "ARIA",
            address(token),
            keccak256(abi.encode(RECEIVE, from, address(escrow), amount, 0, validBefore, nonce))
        );
    }

    /// The two words of ERC-2098.
    function compactSignature(uint256 key, bytes32 digest) internal pure returns (bytes32 r, bytes32 vs) {
        uint8 v;
        (v, r, vs) = vm.sign(key, digest);
        vs = bytes32(uint256(vs) | uint256(v - 27) << 255);
    }
}
