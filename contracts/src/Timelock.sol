// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title Timelock
/// @notice The governor of all contracts: whatever it does is public for `DELAY_MIN` before it happens.
///
/// ROLES
/// The proposer (a multisig on a public network) proposes and cancels. Anyone executes what is due. Nobody is
/// administrator but the timelock itself, so a change of roles waits like everything else.
///
/// POWERS
/// Bounded numbers, each bound being in the contract that it rules: fee, reward split, court bond, model list, referee
/// (once) and slasher (14 days more). It never holds or moves channel balances, stake or vouchers.
contract Timelock is TimelockController {
    /// @notice The delay would become shorter than it ever may be.
    error DelayTooShort(uint256 delay, uint256 min);

    /// @notice The delay can grow, but never shrink below this.
    uint256 public immutable DELAY_MIN;

    constructor(uint256 delay, address[] memory proposers, address[] memory executors)
        TimelockController(delay, proposers, executors, address(0))
    {
        DELAY_MIN = delay;
    }

    /// @inheritdoc TimelockController
    function updateDelay(uint256 delay) public override {
        require(delay >= DELAY_MIN, DelayTooShort(delay, DELAY_MIN));
        super.updateDelay(delay);
    }
}
