// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ballot, Case, Charge, Round, Stage, Verdict} from "../../../src/interfaces/ICourt.sol";
import {Kind} from "../../../src/interfaces/IStaking.sol";
import {Receipt} from "../../../src/libraries/Receipts.sol";
import {World} from "../base/Fixture.sol";

/// Random but valid actions of everyone who can meet in court, at any moment, while the accused tries to leave.
contract CourtHandler is World {
    bytes32 internal constant RECEIPT_TYPEHASH =
        keccak256("Receipt(bytes32 requestHash,bytes32 modelId,bytes32 promptCommit,bytes32 outputRoot,bytes32 samplingHash,uint64 seed,uint32 inputTokens,uint32 outputTokens,uint96 cumulativeDue,uint8 finish,uint8 flags,uint40 startedAt,uint40 endedAt)");
    uint256 internal constant CASES_MAX = 12;
    uint256 internal constant ANSWER = 72;
    uint256 internal constant DELAY = 1;
    uint256 internal constant COMMIT = 36;
    uint256 internal constant REVEAL = 36;
    uint256 internal constant APPEAL = 72;

    address[2] internal providers = [address(0xA1), address(0xA2)];
    address[6] internal verifiers;
    address[2] internal challengers = [address(0xC1), address(0xC2)];
    address internal referee = address(0x4EF);
    bytes32[] internal ids;
    mapping(bytes32 id => uint256) internal openedAt;
    mapping(bytes32 id => address[]) internal firstJury;
    mapping(bytes32 id => address[]) internal secondJury;
    mapping(bytes32 id => mapping(Stage => mapping(address juror => Verdict))) internal votes;
    mapping(bytes32 id => uint256) internal convictions; // times that a case slashed
    mapping(address operator => uint256) internal stakeNow; // changed by slashes and fines only
    uint256 internal nonce;

    constructor() {
        build();
        for (uint256 i; i < providers.length; ++i) {
            enlist(providers[i], Kind.Provider, 50_000 ether);
            fund(providers[i], address(court), 1e24);
            fund(challengers[i], address(court), 1e24);
            stakeNow[providers[i]] = 50_000 ether;
        }
        for (uint160 i; i < verifiers.length; ++i) {
            verifiers[i] = address(0xF0 + i);
            enlist(verifiers[i], Kind.Verifier, 3 * SLOT);
        }
        vm.warp(GENESIS + 2 * EPOCH);
    }

    /* ACTIONS */

    function accuse(uint256 who, uint256 age) external {
        if (ids.length == CASES_MAX) return;
        address accused = providers[who % 2];
        if (bonded(accused) < MIN_PROVIDER / 2) return;
        age = bound(age, 0, 100);
        Receipt memory receipt = receiptOf(block.timestamp - age);
        bytes memory signature_ = sign(accused, receipt);
        vm.prank(challengers[who % 2]);
        add(charges.accuseWrongOutput(receipt, signature_, "evidence"));
    }

    function equivocate(uint256 who) external {
        if (ids.length == CASES_MAX) return;
        address accused = providers[who % 2];
        if (bonded(accused) < MIN_PROVIDER / 2) return;
        Receipt memory first = receiptOf(block.timestamp);
        Receipt memory second = receiptOf(block.timestamp);
        second.requestHash = first.requestHash;
        second.outputRoot = "another";
        bytes memory a = sign(accused, first);
        bytes memory b = sign(accused, second);
        vm.prank(challengers[who % 2]);
        add(charges.accuseEquivocation(first, a, second, b));
    }

    function concede(uint256 index) external {
        (bytes32 id, Case memory c, bool found) = pick(index, Stage.Accused);
        if (!found || block.timestamp >= c.since + ANSWER) return;
        vm.prank(c.accused);
        court.concede(id);
    }

    function answer(uint256 index) external {
        (bytes32 id, Case memory c, bool found) = pick(index, Stage.Accused);
        if (!found || block.timestamp >= c.since + ANSWER) return;
        vm.prank(c.accused);
        court.answer(id);
    }

    function draw(uint256 index, bool second) external {
        (bytes32 id, Case memory c, bool found) = pick(index, second ? Stage.Appeal : Stage.Trial);
        if (!found || court.rounds(id, c.stage).jurors != 0) return;
        uint64 round = beacon.roundAt(c.since + DELAY);
        uint256 start = GENESIS + round * 3;
        if (block.timestamp >= c.since + DELAY + COMMIT / 2 || start >= c.since + DELAY + COMMIT / 2) return;
        if (block.timestamp < start) vm.warp(start);
        if (beacon.valueOf(round) == 0) beacon.submit(round, abi.encode(round));
        address[] memory jurors = court.drawJury(id);
        if (second) secondJury[id] = jurors;
        else firstJury[id] = jurors;
    }

    /// All jurors of one committee vote as a seed says; some stay away.
    function vote(uint256 index, bool second, uint256 seed) external {
        Stage stage = second ? Stage.Appeal : Stage.Trial;
        (bytes32 id, Case memory c, bool found) = pick(index, stage);
        address[] memory jurors = second ? secondJury[id] : firstJury[id];
        if (!found || jurors.length == 0 || block.timestamp >= c.since + DELAY + COMMIT) return;
        bool done = court.ballots(id, stage, jurors[0]).commitment != 0;
        for (uint256 i; i < jurors.length && !done; ++i) {
            votes[id][stage][jurors[i]] = Verdict((seed >> (8 * i)) % 4);
            bytes32 hash = keccak256(abi.encode(id, stage, jurors[i], votes[id][stage][jurors[i]], bytes32("salt")));
            vm.prank(nodeOf(jurors[i]));
            court.commitVote(id, hash);
        }
        vm.warp(c.since + DELAY + COMMIT);
        for (uint256 i; i < jurors.length; ++i) {
            if (votes[id][stage][jurors[i]] == Verdict.Undecided) continue;
            if (court.ballots(id, stage, jurors[i]).vote != Verdict.Undecided) continue;
            vm.prank(nodeOf(jurors[i]));
            court.revealVote(id, votes[id][stage][jurors[i]], "salt");
        }
    }

    function appeal(uint256 index, uint256 who) external {
        (bytes32 id, Case memory c, bool found) = pick(index, Stage.Trial);
        uint256 decidedAt = c.since + DELAY + COMMIT + REVEAL;
        if (!found || block.timestamp < decidedAt || block.timestamp >= decidedAt + APPEAL) return;
        vm.prank(who % 2 == 0 ? c.accused : c.challenger);
        court.appeal(id);
    }

    function appoint() external {
        if (court.referee() == address(0)) court.setReferee(referee);
    }

    function rule(uint256 index, uint256 verdict) external {
        (bytes32 id, Case memory c, bool found) = pick(index, Stage.Referred);
        if (!found || block.timestamp >= c.since + 432) return;
        vm.prank(referee);
        court.rule(id, Verdict(1 + verdict % 3));
    }

    /// K6: a veto changes nobody's stake.
    function veto(uint256 index) external {
        if (ids.length == 0) return;
        bytes32 id = ids[index % ids.length];
        Case memory c = court.cases(id);
        (Verdict verdict, uint256 executableAt) = court.verdictOf(id);
        bool guilty = verdict == Verdict.Guilty || verdict == Verdict.Fault;
        if (c.stage == Stage.Closed || !guilty || block.timestamp + 144 < executableAt) return;
        vm.prank(guardian);
        court.veto(id);
        assertEq(bonded(c.accused), stakeNow[c.accused], "K6");
    }

    /// K3 and K4: a slash has a quorum, a proof, a concession, a ruling or silence behind it, and comes once.
    function execute(uint256 index) external {
        if (ids.length == 0) return;
        bytes32 id = ids[index % ids.length];
        Case memory c = court.cases(id);
        (Verdict verdict, uint256 executableAt) = court.verdictOf(id);
        if (block.timestamp < executableAt) return;
        court.execute(id);

        bool guilty = verdict == Verdict.Guilty || verdict == Verdict.Fault;
        uint256 left = bonded(c.accused);
        assertTrue(left <= stakeNow[c.accused], "K5");
        if (!guilty) assertEq(left, stakeNow[c.accused], "K3: no slash without guilt");
        if (left < stakeNow[c.accused]) {
            assertEq(++convictions[id], 1, "K4");
            bool decided = c.stage == Stage.Accused || c.stage == Stage.Decided;
            assertTrue(decided || quorum(id), "K3");
        }
        stakeNow[c.accused] = left;
    }

    function settle(uint256 index, bool second) external {
        (bytes32 id,, bool found) = pick(index, Stage.Closed);
        if (!found) return;
        Stage stage = second ? Stage.Appeal : Stage.Trial;
        address[] memory jurors = second ? secondJury[id] : firstJury[id];
        for (uint256 i; i < jurors.length; ++i) {
            if (!court.ballots(id, stage, jurors[i]).settled) court.settleJuror(id, stage, jurors[i]);
        }
    }

    function withdraw(uint256 who) external {
        address account = who % 2 == 0 ? challengers[who / 2 % 2] : verifiers[who / 2 % verifiers.length];
        if (court.credits(account) == 0) return;
        vm.prank(account);
        court.withdraw(account);
    }

    /// The accused tries to leave with everything, and must not while a case is open.
    function leave(uint256 who) external {
        address operator = providers[who % 2];
        uint96 stake = staking.operators(operator).stake;
        vm.startPrank(operator);
        if (stake > 20_000 ether) staking.unbond(stake - 20_000 ether);
        if (staking.openCases(address(court), operator) != 0) {
            (bool left,) = address(staking).call(abi.encodeCall(staking.withdraw, (operator)));
            assertTrue(!left, "withdrew with an open case");
        }
        vm.stopPrank();
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 2 * EPOCH));
    }

    /* CHECKS */

    function check() external view {
        uint256 owed;
        uint256[2] memory open;
        for (uint256 i; i < ids.length; ++i) {
            (bytes32 id, Case memory c) = (ids[i], court.cases(ids[i]));
            owed += unsettledShares(id, c);
            if (c.stage == Stage.Closed) continue;
            owed += c.bond;
            if (c.defender != address(0)) owed += c.bond;
            if (c.appellant != address(0)) owed += 3 * uint256(c.bond);
            ++open[c.accused == providers[0] ? 0 : 1];
            (, uint256 executableAt) = court.verdictOf(id);
            assertTrue(executableAt <= openedAt[id] + 12 * EPOCH, "K2");
        }
        for (uint256 i; i < 2; ++i) {
            owed += court.credits(providers[i]) + court.credits(challengers[i]);
            assertEq(staking.openCases(address(court), providers[i]), open[i], "open cases");
        }
        for (uint256 i; i < verifiers.length; ++i) {
            owed += court.credits(verifiers[i]);
        }
        assertEq(token.balanceOf(address(court)), owed, "K1");
    }

    function unsettledShares(bytes32 id, Case memory c) internal view returns (uint256 sum) {
        if (c.stage != Stage.Closed || c.jurorShare == 0) return 0;
        sum = sharesOf(id, c, Stage.Trial, firstJury[id]) + sharesOf(id, c, Stage.Appeal, secondJury[id]);
    }

    function sharesOf(bytes32 id, Case memory c, Stage stage, address[] memory jurors)
        internal
        view
        returns (uint256 sum)
    {
        for (uint256 i; i < jurors.length; ++i) {
            Ballot memory ballot = court.ballots(id, stage, jurors[i]);
            bool innocent = c.verdict == Verdict.Innocent;
            bool right = ballot.vote != Verdict.Undecided && (ballot.vote == Verdict.Innocent) == innocent;
            if (right && !ballot.settled) sum += c.jurorShare;
        }
    }

    function quorum(bytes32 id) internal view returns (bool) {
        Round memory first = court.rounds(id, Stage.Trial);
        Round memory second = court.rounds(id, Stage.Appeal);
        return first.fault + first.guilty >= 2 || second.fault + second.guilty >= 3;
    }

    /* HELPERS */

    function add(bytes32 id) internal {
        ids.push(id);
        openedAt[id] = block.timestamp;
    }

    /// The first case in `stage`, searched from a random one.
    function pick(uint256 index, Stage stage) internal view returns (bytes32 id, Case memory c, bool found) {
        for (uint256 i; i < ids.length; ++i) {
            id = ids[(index % ids.length + i) % ids.length];
            c = court.cases(id);
            if (c.stage == stage) return (id, c, true);
        }
    }

    function bonded(address operator) internal view returns (uint256) {
        return uint256(staking.operators(operator).stake) + staking.operators(operator).unbonding;
    }

    function receiptOf(uint256 endedAt) internal returns (Receipt memory receipt) {
        receipt.requestHash = bytes32(++nonce);
        receipt.seed = uint64(nonce);
        receipt.endedAt = uint40(endedAt);
    }

    function sign(address operator, Receipt memory receipt) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(abi.encode(RECEIPT_TYPEHASH, receipt));
        return signature(nodeKeyOf(operator), digestOf("ARIA Jobs", address(audits), structHash));
    }
}

contract CourtInvariants {
    CourtHandler internal handler;

    function setUp() public {
        handler = new CourtHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_court() public view {
        handler.check();
    }
}
