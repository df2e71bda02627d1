// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice How an epoch's emission is used. The first four sum to 10,000 basis points.
struct Split {
    uint16 availabilityBps;
    uint16 workBps;
    uint16 verificationBps;
    uint16 treasuryBps;
    uint16 kappaBps; // work reward per burnt fee; below one, so that dealing with oneself always loses
}

/// @notice An epoch's emission, fixed by the first claim. One storage slot.
struct Pool {
    uint128 emission;
    Split split;
    bool treasuryPaid;
    uint40 delay; // seconds by which the guardian moved the epoch's claims; 0: not frozen yet
}

/// @notice Parameters of one network.
struct RewardParameters {
    uint32 ratePpm; // part of the remaining emission that one epoch releases
    uint16 tau; // redemptions per epoch count up to stake / tau
    Split split;
}

/// @title IRewards
/// @notice Emission: what providers, verifiers and the treasury receive for an epoch.
interface IRewards {
    event PoolOpened(uint256 indexed epoch, uint256 emission, Split split);
    event Claimed(
        uint256 indexed epoch,
        address indexed operator,
        address indexed payout,
        uint256 availability,
        uint256 work,
        uint256 verification
    );
    event TreasuryPaid(uint256 indexed epoch, address indexed treasury, uint256 amount);
    event SplitChanged(Split split);
    /// @notice Claims of `epoch` are possible from `until` on.
    event EpochFrozen(uint256 indexed epoch, uint256 until);

    error BadSplit();
    error BadParameters();
    error NotGovernor(address caller);
    /// @notice Claims of the epoch are possible in [from, until); now is `time`.
    error ClaimsClosed(uint256 time, uint256 from, uint256 until);
    error AlreadyClaimed(uint256 epoch, address operator);
    error NothingToClaim(uint256 epoch, address operator);
    error AlreadyFrozen(uint256 epoch);
    /// @notice A freeze lasts at least one second and at most `FREEZE_MAX`.
    error BadFreeze(uint256 duration, uint256 max);

    /// @notice Mints an operator's reward of `epoch` to its registered payout. Anyone may call, once per operator.
    /// @return amount The sum of the three parts.
    function claim(uint256 epoch, address operator) external returns (uint256 amount);

    /// @notice Mints the treasury's part of `epoch`. Anyone may call, once.
    function claimTreasury(uint256 epoch) external returns (uint256 amount);

    /// @notice Moves the claims of an epoch whose claims are not over by `duration` seconds: from the moment when they
    /// would open, or from now if they are open. They stay possible as long as without the freeze. Guardian only, once
    /// per epoch.
    function freezeEpoch(uint256 epoch, uint256 duration) external;

    /// @notice Changes the split of pools that are not open yet. Governor only.
    function setSplit(Split calldata split) external;

    /// @notice What `claim` would mint now, whether or not claims are open and unclaimed.
    function rewardOf(uint256 epoch, address operator)
        external
        view
        returns (uint256 availability, uint256 work, uint256 verification);

    /// @notice The emission and split of `epoch`: fixed, or as they would be if the pool opened now.
    function poolOf(uint256 epoch) external view returns (Pool memory);

    function claimed(uint256 epoch, address operator) external view returns (bool);

    /// @notice Claims of `epoch` are possible in [from, until).
    function claimWindow(uint256 epoch) external view returns (uint256 from, uint256 until);
}
