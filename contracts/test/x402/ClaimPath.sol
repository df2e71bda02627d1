// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// The storage and calldata layout of the claim path of x402 `batch-settlement`, written from its public specification
/// to measure both designs the same way. Never deployed: no deposits, no settlement, no contract signatures.
contract ClaimPath is EIP712 {
    struct ChannelConfig {
        address payer;
        address payerAuthorizer;
        address receiver;
        address receiverAuthorizer;
        address token;
        uint40 withdrawDelay;
        bytes32 salt;
    }

    struct Voucher {
        ChannelConfig channel;
        uint128 maxClaimableAmount;
    }

    struct VoucherClaim {
        Voucher voucher;
        bytes signature;
        uint128 totalClaimed;
    }

    struct ChannelState {
        uint128 balance;
        uint128 totalClaimed;
    }

    struct ReceiverState {
        uint128 totalClaimed;
        uint128 totalSettled;
    }

    bytes32 internal constant VOUCHER = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");

    mapping(bytes32 channelId => ChannelState) public channels;
    mapping(address receiver => mapping(address token => ReceiverState)) public receivers;

    event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 totalClaimed);

    error NotAuthorizer(address caller);
    error BadClaim(bytes32 channelId);

    constructor() EIP712("x402 Batch Settlement", "1") {}

    function fund(ChannelConfig calldata config, uint128 amount) external {
        channels[channelId(config)].balance += amount;
    }

    function claim(VoucherClaim[] calldata claims) external {
        for (uint256 i; i < claims.length; ++i) {
            _claim(claims[i]);
        }
    }

    function channelId(ChannelConfig calldata config) public pure returns (bytes32) {
        return keccak256(abi.encode(config));
    }

    function _claim(VoucherClaim calldata each) internal {
        ChannelConfig calldata config = each.voucher.channel;
        require(msg.sender == config.receiverAuthorizer, NotAuthorizer(msg.sender));
        bytes32 id = channelId(config);
        ChannelState storage state = channels[id];
        uint128 before = state.totalClaimed;
        bool inside = each.totalClaimed > before && each.totalClaimed <= state.balance;
        require(inside && each.totalClaimed <= each.voucher.maxClaimableAmount, BadClaim(id));
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(VOUCHER, id, each.voucher.maxClaimableAmount)));
        address signer = config.payerAuthorizer == address(0) ? config.payer : config.payerAuthorizer;
        require(ECDSA.recover(digest, each.signature) == signer, BadClaim(id));

        uint128 amount = each.totalClaimed - before;
        state.totalClaimed = each.totalClaimed;
        receivers[config.receiver][config.token].totalClaimed += amount;
        emit Claimed(id, msg.sender, amount, each.totalClaimed);
    }
}
