// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "../../../src/libraries/Signatures.sol";
import {Test} from "../base/Vm.sol";

contract SignaturesTest is Test {
    function plain(bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (address) {
        return ecrecover(digest, uint8(uint256(vs) >> 255) + 27, r, bytes32(uint256(vs) << 1 >> 1));
    }

    function testFuzz_recovers_whoever_signed(uint256 key, bytes32 digest) public view {
        key = bound(key, 1, type(uint128).max);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes32 vs = bytes32(uint256(s) | uint256(v - 27) << 255);
        assertEq(Signatures.recover(digest, r, vs), vm.addr(key), "signer");
    }

    function testFuzz_recovers_what_ecrecover_does(bytes32 digest, bytes32 r, bytes32 vs) public view {
        assertEq(Signatures.recover(digest, r, vs), plain(digest, r, vs), "signer");
    }

    function test_no_signer_is_zero() public view {
        assertEq(Signatures.recover(bytes32("digest"), bytes32(0), bytes32(uint256(1))), address(0), "r = 0");
        assertEq(Signatures.recover(bytes32("digest"), bytes32(uint256(1)), bytes32(0)), address(0), "s = 0");
    }
}
