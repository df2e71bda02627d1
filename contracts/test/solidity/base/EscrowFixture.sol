// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Channel} from "../../../src/interfaces/IEscrow.sol";
import {Fixture} from "./Fixture.sol";

/// A funded payer with a session key, and a payee.
abstract contract EscrowFixture is Fixture {
    uint256 internal constant PAYER_KEY = 0xA11CE;
    uint256 internal constant SIGNER_KEY = 0x5E55;
    uint96 internal constant SALT = 7;
    uint96 internal constant PRIVATE_SALT = 7 | (1 << 95);

    address internal payer = vm.addr(PAYER_KEY);
    address internal signer = vm.addr(SIGNER_KEY);
    address internal payee = address(0xBEEF);
    bytes32 internal id;

    function setUp() public virtual override {
        super.setUp();
        fund(payer, address(escrow), 1e25);
        id = escrow.channelId(payer, payee, signer, SALT);
    }

    function open(uint256 amount) internal {
        vm.prank(payer);
        escrow.deposit(payee, signer, SALT, amount);
    }

    function voucher(uint96 total) internal view returns (bytes memory) {
        return row(SIGNER_KEY, payer, payee, SALT, total);
    }

    function channel() internal view returns (Channel memory) {
        return escrow.channels(id);
    }

    function feeOf(uint256 delta) internal pure returns (uint256) {
        return (delta * FEE_PPM + 999_999) / 1_000_000;
    }
}
