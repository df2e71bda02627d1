// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IAriaToken} from "./interfaces/IAriaToken.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Word} from "./libraries/Words.sol";

/// @title AriaToken
/// @notice The money of ARIA.
///
/// SUPPLY
/// 40 % exists from the start; Rewards mints at most 60 % over all time, whatever is burnt meanwhile.
///
/// TOKEN PROMISES
/// No fee on transfer, no hook, no blacklist, no pause, no owner.
///
/// AUTHORIZATIONS
/// ERC-3009: each nonce of an account works once, between two times (never blocks).
contract AriaToken is IAriaToken, ERC20Permit, ERC3009 {
    /// @inheritdoc IAriaToken
    uint256 public constant CAP = 1e27;
    /// @inheritdoc IAriaToken
    uint256 public constant GENESIS_SUPPLY = 0.4e27;
    /// @inheritdoc IAriaToken
    uint256 public constant EMISSION_CAP = CAP - GENESIS_SUPPLY;

    /// @inheritdoc IAriaToken
    address public immutable minter;
    /// The EIP-712 domain on the chain of the deployment; a fork of that chain must not share it.
    bytes32 internal immutable DOMAIN;
    uint256 internal immutable CHAIN;

    /// @inheritdoc IAriaToken
    uint256 public minted;
    /// In place of ERC3009's own booleans: a whole word is read once and not masked (190 gas less).
    mapping(address authorizer => mapping(bytes32 nonce => Word)) internal _used;

    constructor(address minter_, address treasury) ERC20("ARIA", "ARIA") ERC20Permit("ARIA") {
        minter = minter_;
        DOMAIN = _domainSeparatorV4();
        CHAIN = block.chainid;
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
        _requireSigned(from, _digest(TRANSFER_WITH_AUTHORIZATION_TYPEHASH), signature);
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
        _requireSigned(from, _digest(RECEIVE_WITH_AUTHORIZATION_TYPEHASH), signature);
        require(to == msg.sender, ERC20InvalidReceiver(to));
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IAriaToken
    function receiveFrom(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes32 r,
        bytes32 vs
    ) external {
        // Where the key is not found, zero "signed", which owns nothing: _transfer refuses it.
        address signer = Signatures.recover(_digest(RECEIVE_WITH_AUTHORIZATION_TYPEHASH), r, vs);
        if (signer != from) revert ERC3009InvalidSignature();
        if (to != msg.sender) revert ERC20InvalidReceiver(to);
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IAriaToken
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce));
        _requireSigned(authorizer, _hashTypedDataV4(structHash), signature);
        _cancelAuthorization(authorizer, nonce);
    }

    /* VIEWS */

    /// @inheritdoc IERC3009
    function authorizationState(address authorizer, bytes32 nonce)
        public
        view
        override(ERC3009, IERC3009)
        returns (bool)
    {
        return _used[authorizer][nonce].word != 0;
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }

    /* INTERNAL */

    /// ECDSA first: an EOA that delegates by EIP-7702 has code, and its own key must still count.
    function _requireSigned(address signer, bytes32 digest, bytes calldata signature) internal view {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        bool byKey = failure == ECDSA.RecoverError.NoError && recovered == signer;
        require(
            byKey || SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature), ERC3009InvalidSignature()
        );
    }

    /// Of an authorization whose six fields are the call's first six arguments: copied from there, not encoded again (400
    /// gas less). Fuzzed against abi.encode.
    function _digest(bytes32 typehash) internal view returns (bytes32 digest) {
        bytes32 domain = block.chainid == CHAIN ? DOMAIN : _domainSeparatorV4();
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typehash)
            calldatacopy(add(start, 0x20), 4, 0xc0)
            let structHash := keccak256(start, 0xe0)
            mstore(start, hex"1901")
            mstore(add(start, 0x02), domain)
            mstore(add(start, 0x22), structHash)
            digest := keccak256(start, 0x42)
        }
    }

    function _consumeNonce(address authorizer, bytes32 nonce) internal override {
        Word storage used = _used[authorizer][nonce];
        if (used.word != 0) revert ERC3009UsedAuthorization(authorizer, nonce);
        used.word = 1;
    }

    function _checkValidity(uint256 validAfter, uint256 validBefore) internal view override {
        if (block.timestamp <= validAfter || block.timestamp >= validBefore) {
            revert ERC3009InvalidAuthorizationTime(validAfter, validBefore);
        }
    }
}
