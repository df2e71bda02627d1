// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {CourtParameters, ICourt} from "../../../src/interfaces/ICourt.sol";
import {Fixture} from "../base/Fixture.sol";

interface ITimelock {
    error DelayTooShort(uint256 delay, uint256 min);
    error TimelockUnauthorizedCaller(address caller);

    function schedule(address, uint256, bytes calldata, bytes32, bytes32, uint256) external;
    function execute(address, uint256, bytes calldata, bytes32, bytes32) external;
    function cancel(bytes32 id) external;
    function hashOperation(address, uint256, bytes calldata, bytes32, bytes32) external view returns (bytes32);
    function getMinDelay() external view returns (uint256);
    function updateDelay(uint256 delay) external;
    function grantRole(bytes32 role, address account) external;
}

/// Bounds of what governance may do, and when.
contract GovernanceTest is Fixture {
    uint256 internal constant DELAY = 48 hours;
    address internal proposer = address(0x9209);
    ITimelock internal timelock;

    function setUp() public override {
        super.setUp();
        (address[] memory proposers, address[] memory executors) = (new address[](1), new address[](1));
        proposers[0] = proposer;
        timelock = ITimelock(deploy("Timelock", abi.encode(DELAY, proposers, executors)));
    }

    /* COURT */

    function testFuzz_only_the_governor_governs_the_court(address caller) public {
        vm.assume(caller != address(this));
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotGovernor.selector, caller));
        court.setBond(100 ether);
        vm.expectRevert(abi.encodeWithSelector(ICourt.NotGovernor.selector, caller));
        court.setReferee(caller);
        vm.stopPrank();
    }

    function testFuzz_bond_stays_within_a_quarter_and_four_times(uint96 bond) public {
        bool allowed = bond >= 25 ether && bond <= 400 ether;
        if (!allowed) {
            vm.expectRevert(
                abi.encodeWithSelector(ICourt.BondOutOfBounds.selector, bond, 25 ether, 400 ether)
            );
        }
        court.setBond(bond);
        assertEq(court.bondNow(), allowed ? bond : 100 ether, "bond");
    }

    function test_both_ends_of_the_bond() public {
        court.setBond(25 ether);
        court.setBond(400 ether);
        vm.expectRevert();
        court.setBond(25 ether - 1);
        vm.expectRevert();
        court.setBond(400 ether + 1);
    }

    function expectBadParameters(CourtParameters memory p) internal {
        vm.expectRevert(ICourt.BadParameters.selector);
        this.deployOther(p);
    }

    function deployOther(CourtParameters memory p) external returns (address) {
        return deployCourt(p, address(charges));
    }

    function test_constructor_keeps_every_case_within_twelve_epochs() public {
        CourtParameters memory p = courtParameters();
        p.referee = uint32(12 * EPOCH - 72 - 73 - 72 - 144);
        this.deployOther(p);
        ++p.referee;
        expectBadParameters(p);
        p = courtParameters();
        p.referee = 0; // now the second committee is the longer way
        p.queue = uint32(12 * EPOCH - 72 - 73 - 72 - 73);
        this.deployOther(p);
        ++p.queue;
        expectBadParameters(p);
    }

    function test_constructor_checks_its_numbers() public {
        CourtParameters memory p = courtParameters();
        p.answer = uint32(EPOCH) - 1;
        expectBadParameters(p);
        p = courtParameters();
        p.commit = 1;
        expectBadParameters(p);
        p = courtParameters();
        p.juryDelay = 126 - 36 + 1; // a slot could change hands before the draw
        expectBadParameters(p);
        p = courtParameters();
        p.reveal = 0;
        expectBadParameters(p);
        p = courtParameters();
        p.appeal = 0;
        expectBadParameters(p);
        p = courtParameters();
        p.appeal = p.queue + 1;
        expectBadParameters(p);
        p = courtParameters();
        p.bond = 3;
        expectBadParameters(p);
    }

    function test_constructor_wants_majorities() public {
        CourtParameters memory p = courtParameters();
        p.quorum = 4;
        expectBadParameters(p);
        p = courtParameters();
        p.quorum = 1; // of three
        expectBadParameters(p);
        p = courtParameters();
        p.appealQuorum = 6;
        expectBadParameters(p);
        p = courtParameters();
        p.appealQuorum = 2; // of five
        expectBadParameters(p);
    }

    /* TIMELOCK */

    function test_whatever_is_governed_waits_for_the_delay() public {
        bytes memory call = abi.encodeCall(ITimelock.updateDelay, (DELAY + 1));
        vm.expectRevert();
        timelock.schedule(address(timelock), 0, call, 0, 0, DELAY); // by nobody
        vm.startPrank(proposer);
        vm.expectRevert(); // shorter than the delay
        timelock.schedule(address(timelock), 0, call, 0, 0, DELAY - 1);
        timelock.schedule(address(timelock), 0, call, 0, 0, DELAY);
        vm.stopPrank();
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert();
        timelock.execute(address(timelock), 0, call, 0, 0);
        vm.warp(block.timestamp + 1);
        timelock.execute(address(timelock), 0, call, 0, 0); // by anyone
        assertEq(timelock.getMinDelay(), DELAY + 1, "delay");
    }

    function test_delay_never_shrinks_below_the_first_one() public {
        vm.prank(proposer);
        vm.expectRevert(abi.encodeWithSelector(ITimelock.TimelockUnauthorizedCaller.selector, proposer));
        timelock.updateDelay(DELAY);
        vm.startPrank(address(timelock));
        vm.expectRevert(abi.encodeWithSelector(ITimelock.DelayTooShort.selector, DELAY - 1, DELAY));
        timelock.updateDelay(DELAY - 1);
        timelock.updateDelay(DELAY);
        vm.stopPrank();
    }

    function test_proposer_cancels() public {
        bytes memory call = abi.encodeCall(ITimelock.updateDelay, (DELAY + 1));
        vm.startPrank(proposer);
        timelock.schedule(address(timelock), 0, call, 0, 0, DELAY);
        timelock.cancel(timelock.hashOperation(address(timelock), 0, call, 0, 0));
        vm.stopPrank();
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert();
        timelock.execute(address(timelock), 0, call, 0, 0);
    }

    function testFuzz_nobody_is_administrator(address caller) public {
        vm.assume(caller != address(timelock));
        vm.prank(caller);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, bytes32(0))
        );
        timelock.grantRole(0, caller);
    }
}
