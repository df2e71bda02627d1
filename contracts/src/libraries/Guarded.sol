// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Guarded
/// @notice A guardian for the first year. Each power is named where it is defined; none of them moves anybody's money.
abstract contract Guarded {
    /// @notice The guardian's powers end by themselves.
    uint256 public constant GUARDIAN_TERM = 365 days;

    address public immutable GUARDIAN;
    /// @notice First timestamp at which the guardian has no power.
    uint256 public immutable GUARDIAN_END;

    /// @notice The caller is not the guardian, or its term is over.
    error NotGuardian(address caller, uint256 end);

    constructor(address guardian) {
        GUARDIAN = guardian;
        GUARDIAN_END = block.timestamp + GUARDIAN_TERM;
    }

    modifier onlyGuardian() {
        require(msg.sender == GUARDIAN && block.timestamp < GUARDIAN_END, NotGuardian(msg.sender, GUARDIAN_END));
        _;
    }
}
