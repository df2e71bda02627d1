// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IAriaToken} from "./interfaces/IAriaToken.sol";

/// @title AriaToken
/// @notice The money of ARIA.
///
/// SUPPLY
/// 40 % exists from the start; Rewards mints at most 60 % over all time, whatever is burnt meanwhile.
///
/// TOKEN PROMISES
/// No fee on transfer, no hook, no blacklist, no pause, no owner.
contract AriaToken is IAriaToken, ERC20Permit, ERC3009 {
    /// @inheritdoc IAriaToken
    uint256 public constant CAP = 1e27;
    /// @inheritdoc IAriaToken
    uint256 public constant GENESIS_SUPPLY = 0.4e27;
    /// @inheritdoc IAriaToken
    uint256 public constant EMISSION_CAP = CAP - GENESIS_SUPPLY;

    /// @inheritdoc IAriaToken
    address public immutable minter;

    /// @inheritdoc IAriaToken
    uint256 public minted;

    constructor(address minter_, address treasury) ERC20("ARIA", "ARIA") ERC20Permit("ARIA") {
        minter = minter_;
        _mint(treasury, GENESIS_SUPPLY);
    }

    /* ACTIONS */

    /// @inheritdoc IAriaToken
    function mint(address to, uint256 amount) external {
        require(msg.sender == minter, NotMinter(msg.sender));
        require(amount <= EMISSION_CAP - minted, CapExceeded(minted, amount));

        minted += amount;
        _mint(to, amount);
    }

    /// @inheritdoc IAriaToken
    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    /// @inheritdoc IAriaToken
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 typehash = TRANSFER_WITH_AUTHORIZATION_TYPEHASH;
        _requireSigned(from, keccak256(abi.encode(typehash, from, to, value, validAfter, validBefore, nonce)), signature);
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IAriaToken
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 typehash = RECEIVE_WITH_AUTHORIZATION_TYPEHASH;
        _requireSigned(from, keccak256(abi.encode(typehash, from, to, value, validAfter, validBefore, nonce)), signature);
        require(to == msg.sender, ERC20InvalidReceiver(to));
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IAriaToken
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        _requireSigned(authorizer, keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce)), signature);
        _cancelAuthorization(authorizer, nonce);
    }

    /* VIEWS */

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }

    /* INTERNAL */

    /// ECDSA first: an EOA that delegates by EIP-7702 has code, and its own key must still count.
    function _requireSigned(address signer, bytes32 structHash, bytes calldata signature) internal view {
        bytes32 digest = _hashTypedDataV4(structHash);
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        bool byKey = failure == ECDSA.RecoverError.NoError && recovered == signer;
        require(
            byKey || SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature), ERC3009InvalidSignature()
        );
    }
}
