// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {World} from "../base/Fixture.sol";

/// Everything that moves, makes and destroys tokens.
contract TokenHandler is World {
    bytes32 internal constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    uint256[3] internal secrets = [uint256(0xAA), 0xBB, 0xCC];
    uint256 internal minted;
    uint256 internal burnt;
    mapping(address from => mapping(bytes32 nonce => uint256)) internal uses;

    constructor() {
        build();
        for (uint256 i; i < 3; ++i) {
            token.transfer(vm.addr(secrets[i]), 1e24);
        }
    }

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        address sender = account(from);
        amount = bound(amount, 0, token.balanceOf(sender));
        vm.prank(sender);
        token.transfer(account(to), amount);
    }

    function mint(uint256 to, uint256 amount) external {
        uint256 room = token.EMISSION_CAP() - token.minted();
        amount = bound(amount, 0, room);
        vm.prank(address(rewards));
        token.mint(account(to), amount);
        minted += amount;
    }

    /// T5: the room never grows again, whatever was burnt.
    function mintTooMuch(uint256 excess) external {
        uint256 amount = token.EMISSION_CAP() - token.minted() + bound(excess, 1, 1e27);
        vm.prank(address(rewards));
        (bool done,) = address(token).call(abi.encodeCall(token.mint, (address(this), amount)));
        assertTrue(!done, "T5");
    }

    function burn(uint256 from, uint256 amount) external {
        address sender = account(from);
        amount = bound(amount, 0, token.balanceOf(sender));
        vm.prank(sender);
        token.burn(amount);
        burnt += amount;
    }

    /// T3: few nonces, so that most are tried again.
    function authorize(uint256 from, uint256 to, uint256 amount, uint8 nonce, bool split) external {
        uint256 secret = secrets[from % 3];
        address sender = vm.addr(secret);
        amount = bound(amount, 0, token.balanceOf(sender));
        bytes32 nonce_ = bytes32(uint256(nonce % 8));
        bytes32 structHash =
            keccak256(abi.encode(TRANSFER, sender, account(to), amount, 0, type(uint256).max, nonce_));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digestOf("ARIA", address(token), structHash));
        bool fresh = !token.authorizationState(sender, nonce_);
        bytes memory call = split
            ? abi.encodeWithSignature(
                "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
                sender,
                account(to),
                amount,
                0,
                type(uint256).max,
                nonce_,
                v,
                r,
                s
            )
            : abi.encodeWithSignature(
                "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
                sender,
                account(to),
                amount,
                0,
                type(uint256).max,
                nonce_,
                abi.encodePacked(r, s, v)
            );
        (bool done,) = address(token).call(call);
        assertTrue(done == fresh, "T3: a nonce works exactly while it is unused");
        if (done) ++uses[sender][nonce_];
        assertTrue(uses[sender][nonce_] <= 1, "T3");
    }

    function check() external view {
        uint256 supply = token.totalSupply();
        assertTrue(supply <= token.CAP(), "T1");
        uint256 sum = token.balanceOf(address(this));
        for (uint256 i; i < 3; ++i) {
            sum += token.balanceOf(vm.addr(secrets[i]));
        }
        assertEq(sum, supply, "T2");
        assertEq(token.minted(), minted, "minted");
        assertTrue(minted <= token.EMISSION_CAP(), "T4");
        assertEq(supply, token.GENESIS_SUPPLY() + minted - burnt, "supply");
    }

    function account(uint256 index) internal view returns (address) {
        return vm.addr(secrets[index % 3]);
    }
}

contract TokenInvariants {
    TokenHandler internal handler;

    function setUp() public {
        handler = new TokenHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_token() public view {
        handler.check();
    }
}
