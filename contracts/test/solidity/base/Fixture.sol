// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAriaToken} from "../../../src/interfaces/IAriaToken.sol";
import {AuditParameters, IAudits} from "../../../src/interfaces/IAudits.sol";
import {IBeacon} from "../../../src/interfaces/IBeacon.sol";
import {ICharges} from "../../../src/interfaces/ICharges.sol";
import {CourtParameters, ICourt} from "../../../src/interfaces/ICourt.sol";
import {IEscrow} from "../../../src/interfaces/IEscrow.sol";
import {IModels} from "../../../src/interfaces/IModels.sol";
import {IRewards, RewardParameters, Split} from "../../../src/interfaces/IRewards.sol";
import {IStaking, Kind, StakingParameters} from "../../../src/interfaces/IStaking.sol";
import {Timetable} from "../../../src/libraries/Epochs.sol";
import {Test} from "./Vm.sol";

/// One whole deployment with the local timetable. The test contract is governor, treasury and beacon operator.
abstract contract World is Test {
    bytes32 internal constant NODE_KEY = keccak256("NodeKey(address operator,address node)");
    uint256 internal constant GENESIS = 1_000_000;
    uint256 internal constant EPOCH = 72;
    uint256 internal constant THAW = 72;
    uint256 internal constant UNBOND = 504;
    uint256 internal constant SLASHER_DELAY = 1_008;
    uint96 internal constant MIN_PROVIDER = 1_000 ether;
    uint96 internal constant SLOT = 500 ether;
    uint24 internal constant FEE_PPM = 50_000;

    IAriaToken internal token;
    IModels internal models;
    IStaking internal staking;
    IEscrow internal escrow;
    IBeacon internal beacon;
    IAudits internal audits;
    ICourt internal court;
    ICharges internal charges;
    IRewards internal rewards;
    address internal slasher; // the court
    address internal guardian = address(0x6A4D);

    function build() internal {
        vm.warp(GENESIS);
        Timetable memory time = timetable();
        address me = address(this);
        uint256 nonce = vm.getNonce(me);
        slasher = vm.computeCreateAddress(me, nonce + 6);
        address chargesAt = vm.computeCreateAddress(me, nonce + 7);
        address minter = vm.computeCreateAddress(me, nonce + 8);
        token = IAriaToken(deploy("AriaToken", abi.encode(minter, me)));
        models = IModels(deploy("Models", abi.encode(time, me)));
        staking = IStaking(deploy("Staking", abi.encode(time, stakingParameters(), token, me, slasher)));
        escrow = IEscrow(deployEscrow(FEE_PPM));
        beacon = IBeacon(deploy("LocalBeacon", abi.encode(time, me)));
        audits = IAudits(deploy("Audits", abi.encode(time, auditParameters(), staking, beacon, models)));
        court = ICourt(deployCourt(courtParameters(), chargesAt));
        charges = ICharges(deploy("Charges", abi.encode(court, staking, audits)));
        rewards = IRewards(
            deploy(
                "Rewards", abi.encode(time, rewardParameters(), token, staking, escrow, audits, me, guardian, me)
            )
        );
        assertEq(address(court), slasher, "slasher");
        assertEq(address(charges), chargesAt, "charges");
        assertEq(address(rewards), minter, "minter");
    }

    function timetable() internal pure returns (Timetable memory) {
        return Timetable(uint40(GENESIS), uint32(EPOCH), 6, 8, 24, 42, 54, 126, 144);
    }

    function stakingParameters() internal pure returns (StakingParameters memory) {
        return StakingParameters(MIN_PROVIDER, SLOT, uint32(UNBOND), 216, uint32(SLASHER_DELAY));
    }

    function auditParameters() internal pure returns (AuditParameters memory) {
        return AuditParameters(3, 2, 8, 10_000, 1_000 ether);
    }

    function courtParameters() internal pure returns (CourtParameters memory) {
        return CourtParameters({
            bond: 100 ether,
            answer: 72,
            juryDelay: 1,
            commit: 36,
            reveal: 36,
            appeal: 72,
            queue: 144,
            referee: 432,
            jail: 216,
            repeat: 6_480,
            seats: 3,
            quorum: 2,
            appealSeats: 5,
            appealQuorum: 3
        });
    }

    function deployCourt(CourtParameters memory p, address chargesAt) internal returns (address) {
        return deploy(
            "Court", abi.encode(timetable(), p, token, staking, audits, beacon, chargesAt, address(this), guardian)
        );
    }

    function deployEscrow(uint24 feePpm) internal returns (address) {
        return deploy("Escrow", abi.encode(timetable(), token, address(this), guardian, uint32(THAW), feePpm));
    }

    function rewardParameters() internal pure returns (RewardParameters memory) {
        return RewardParameters(949, 6, Split(5_000, 2_000, 2_500, 500, 8_000));
    }

    /* TIME */

    function warpToEpoch(uint256 epoch) internal {
        vm.warp(GENESIS + epoch * EPOCH);
    }

    function warpAfter(uint256 epoch, uint256 offset) internal {
        vm.warp(GENESIS + (epoch + 1) * EPOCH + offset);
    }

    /* OPERATORS */

    function nodeKeyOf(address operator) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("node", operator))) >> 8;
    }

    function nodeOf(address operator) internal pure returns (address) {
        return vm.addr(nodeKeyOf(operator));
    }

    function signNode(uint256 key, address operator) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(abi.encode(NODE_KEY, operator, vm.addr(key)));
        return signature(key, digestOf("ARIA Staking", address(staking), structHash));
    }

    function register(address operator, Kind kind) internal {
        bytes memory consent = signNode(nodeKeyOf(operator), operator);
        vm.prank(operator);
        staking.register(kind, nodeOf(operator), consent, payoutOf(operator));
    }

    function payoutOf(address operator) internal pure returns (address) {
        return address(uint160(operator) ^ 0xFFFF);
    }

    function fund(address account, address spender, uint256 amount) internal {
        token.transfer(account, amount);
        vm.prank(account);
        token.approve(spender, type(uint256).max);
    }

    function enlist(address operator, Kind kind, uint256 amount) internal {
        register(operator, kind);
        fund(operator, address(staking), amount);
        vm.prank(operator);
        staking.stake(amount);
    }

    /* SIGNATURES */

    function digestOf(string memory name, address verifyingContract, bytes32 structHash)
        internal
        view
        returns (bytes32)
    {
        bytes32 domainType =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain = keccak256(
            abi.encode(domainType, keccak256(bytes(name)), keccak256("1"), block.chainid, verifyingContract)
        );
        return keccak256(abi.encodePacked(bytes2(0x1901), domain, structHash));
    }

    function signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function row(uint256 signerKey, address payer, address payee, uint96 salt, uint96 total)
        internal
        view
        returns (bytes memory)
    {
        address signer = vm.addr(signerKey);
        bytes32 id = escrow.channelId(payer, payee, signer, salt);
        return rowSigned(signerKey, escrow.voucherDigest(id, total), payer, salt, total);
    }

    function rowSigned(uint256 signerKey, bytes32 digest, address payer, uint96 salt, uint96 total)
        internal
        pure
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signerKey, digest);
        bytes32 vs = bytes32(uint256(v - 27) << 255 | uint256(s));
        return abi.encodePacked(payer, vm.addr(signerKey), salt, total, r, vs);
    }
}

/// A world that is new for each test. Invariant handlers are worlds without this public function.
abstract contract Fixture is World {
    function setUp() public virtual {
        build();
    }
}
