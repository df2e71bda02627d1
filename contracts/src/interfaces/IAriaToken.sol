// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";

/// @title IAriaToken
/// @notice ERC-20 with ERC-2612 permits and ERC-3009 authorizations, capped for ever.
interface IAriaToken is IERC20, IERC20Permit, IERC3009, IERC3009Cancel {
    /// @notice Only the minter may mint.
    error NotMinter(address caller);
    /// @notice Minting `amount` after `minted` would pass the emission cap.
    error CapExceeded(uint256 minted, uint256 amount);

    /// @notice No more than this ever exists.
    function CAP() external view returns (uint256);

    /// @notice The part of `CAP` that exists from the start.
    function GENESIS_SUPPLY() external view returns (uint256);

    /// @notice The part of `CAP` that the minter may create over all time.
    function EMISSION_CAP() external view returns (uint256);

    /// @notice The only account that may mint: the Rewards contract.
    function minter() external view returns (address);

    /// @notice Minted by the minter over all time. Burning does not lower it, so burnt tokens open no new room.
    function minted() external view returns (uint256);

    /// @notice Creates `amount` for `to`. Minter only.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` of the caller's tokens.
    function burn(uint256 amount) external;

    /// @notice ERC-3009 with any valid signature of `from`: 65-byte ECDSA or ERC-1271.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice As above; only `to` may call, so that nobody can run ahead of a contract that acts on the receipt.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice `receiveWithAuthorization` with an EIP-2098 signature of a key: what Escrow calls. Named so that its selector
    /// is the lowest, which a contract compares first (22 gas for each one before).
    function receiveFrom(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes32 r,
        bytes32 vs
    ) external;

    /// @notice Makes an unused nonce unusable.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
}
