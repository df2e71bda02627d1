// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AuditParameters, IAudits, Root, Row, Tally} from "./interfaces/IAudits.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {IStaking, Kind} from "./interfaces/IStaking.sol";
import {Epochs, Timetable} from "./libraries/Epochs.sol";
import {MerkleSum, Sibling} from "./libraries/MerkleSum.sol";

/// @title Audits
/// @notice Who served what, and how well: roots by providers, scores by drawn verifiers.
///
/// ORDER
/// A root is fixed before its epoch's randomness exists; the randomness draws samples and committees. Verdicts are
/// committed before any is revealed, and a commitment names its verifier, so copying one is useless.
///
/// SCORES
/// A score exists only with `QUORUM` verdicts of different assigned verifiers. It moves rewards and nothing else:
/// slashing needs a case in court.
contract Audits is IAudits, Epochs {
    /// @notice A lower score has no weight.
    uint256 public constant SCORE_MIN = 90;
    uint256 public constant SCORE_MAX = 100;
    /// @notice Scores that fit into one tally.
    uint256 public constant MAX_COMMITTEE = 16;
    uint256 internal constant PPM = 1_000_000;

    IStaking public immutable STAKING;
    IBeacon public immutable BEACON;
    uint256 public immutable COMMITTEE;
    uint256 public immutable QUORUM;
    uint256 public immutable SAMPLES_MIN;
    uint256 public immutable SAMPLE_PPM;
    uint256 internal immutable ROOT_END;
    uint256 internal immutable AUDIT_START;
    uint256 internal immutable AUDIT_END;
    uint256 internal immutable REVEAL_END;
    uint256 internal immutable FINALIZE_END;

    /* STORAGE */

    /// @inheritdoc IAudits
    mapping(uint256 epoch => mapping(address provider => bytes32)) public rootHash;
    /// @inheritdoc IAudits
    mapping(uint256 epoch => mapping(address verifier => bytes32)) public commitments;
    /// @inheritdoc IAudits
    mapping(uint256 epoch => mapping(address verifier => uint256)) public rowsOf;
    /// @inheritdoc IAudits
    mapping(uint256 epoch => uint256) public rowsTotal;
    mapping(uint256 epoch => mapping(address provider => Tally)) internal _tallies;
    /// @inheritdoc IAudits
    mapping(uint256 epoch => uint256) public weightTotal;

    /* CONSTRUCTOR */

    constructor(Timetable memory time, AuditParameters memory parameters, IStaking staking, IBeacon beacon)
        Epochs(time)
    {
        require(parameters.quorum != 0 && parameters.quorum <= parameters.committee, BadParameters());
        require(parameters.committee <= MAX_COMMITTEE && parameters.samplePpm <= PPM, BadParameters());

        STAKING = staking;
        BEACON = beacon;
        COMMITTEE = parameters.committee;
        QUORUM = parameters.quorum;
        SAMPLES_MIN = parameters.samplesMin;
        SAMPLE_PPM = parameters.samplePpm;
        (ROOT_END, AUDIT_START, AUDIT_END) = (time.rootEnd, time.auditStart, time.auditEnd);
        (REVEAL_END, FINALIZE_END) = (time.revealEnd, time.finalizeEnd);
    }

    /* ACTIONS */

    /// @inheritdoc IAudits
    function commitRoot(uint256 epoch, bytes32 root, uint32 count, uint64 tokens) external {
        _requireWindow(epoch, 0, ROOT_END);
        address provider = _operator();
        require(STAKING.effectiveStake(provider, epoch) != 0, NotProvider(provider, epoch));
        require(rootHash[epoch][provider] == 0, AlreadyCommitted(epoch, provider));
        require(root != 0 && count != 0 && tokens != 0, BadRoot());

        rootHash[epoch][provider] = keccak256(abi.encode(root, tokens, count));
        emit RootCommitted(epoch, provider, root, tokens, count);
    }

    /// @inheritdoc IAudits
    function commitAudit(uint256 epoch, bytes32 commitment) external {
        _requireWindow(epoch, AUDIT_START, AUDIT_END);
        address verifier = _operator();
        require(STAKING.operators(verifier).kind == Kind.Verifier, NotNode(msg.sender));
        require(commitments[epoch][verifier] == 0, AlreadyCommitted(epoch, verifier));
        require(commitment != 0, BadReveal());

        commitments[epoch][verifier] = commitment;
        emit AuditCommitted(epoch, verifier, commitment);
    }

    /// @inheritdoc IAudits
    function revealAudit(uint256 epoch, bytes32 salt, Row[] calldata rows) external {
        _requireWindow(epoch, AUDIT_END, REVEAL_END);
        address verifier = _operator();
        require(rows.length != 0, BadReveal());
        require(commitments[epoch][verifier] == keccak256(abi.encode(verifier, epoch, salt, rows)), BadReveal());
        require(rowsOf[epoch][verifier] == 0, AlreadyRevealed(epoch, verifier));

        bytes32 seed = BEACON.rand(epoch);
        rowsOf[epoch][verifier] = rows.length;
        rowsTotal[epoch] += rows.length;
        address last;
        for (uint256 i; i < rows.length; ++i) {
            require(rows[i].provider > last, BadReveal());
            last = rows[i].provider;
            _score(epoch, seed, verifier, rows[i]);
        }
    }

    /// @inheritdoc IAudits
    function finalize(uint256 epoch, address provider) external {
        _requireWindow(epoch, REVEAL_END, FINALIZE_END);
        require(STAKING.effectiveStake(provider, epoch) != 0, NotProvider(provider, epoch));
        Tally storage tally = _tallies[epoch][provider];
        require(!tally.finalized, AlreadyFinalized(epoch, provider));

        (uint8 score, bool carried) = _verdict(epoch, provider);
        (tally.score, tally.carried, tally.finalized) = (score, carried, true);
        uint256 weight = weightOf(epoch, provider);
        weightTotal[epoch] += weight;
        emit Finalized(epoch, provider, score, carried, weight);
    }

    /* VIEWS */

    /// @inheritdoc IAudits
    function committee(uint256 epoch, address provider) external view returns (address[] memory) {
        return STAKING.draw(BEACON.rand(epoch), provider, epoch, COMMITTEE);
    }

    /// @inheritdoc IAudits
    function sampleCount(uint256 count) external view returns (uint256) {
        return Math.max(SAMPLES_MIN, Math.ceilDiv(count * SAMPLE_PPM, PPM));
    }

    /// @inheritdoc IAudits
    function samplePosition(uint256 epoch, address provider, uint256 j, uint64 tokens) external view returns (uint256) {
        return uint256(keccak256(abi.encodePacked(BEACON.rand(epoch), provider, "s", j))) % tokens;
    }

    /// @inheritdoc IAudits
    function isIncluded(
        uint256 epoch,
        address provider,
        Root calldata root,
        bytes32 receiptHash,
        uint64 tokens,
        uint256 index,
        uint256 position,
        Sibling[] calldata siblings
    ) external view returns (bool) {
        if (rootHash[epoch][provider] != keccak256(abi.encode(root))) return false;
        (bool valid, bytes32 reached, uint256 total, uint256 start) =
            MerkleSum.climb(receiptHash, tokens, index, root.count, siblings);
        bool isRoot = valid && reached == root.root && total == root.tokens;
        return isRoot && start <= position && position < start + tokens;
    }

    /// @inheritdoc IAudits
    function tallies(uint256 epoch, address provider) external view returns (Tally memory) {
        return _tallies[epoch][provider];
    }

    /// @inheritdoc IAudits
    /// @dev Issue 5 caps the stake by the audited capacity class (capUnits x UNIT) here.
    function weightOf(uint256 epoch, address provider) public view returns (uint256) {
        Tally storage tally = _tallies[epoch][provider];
        if (!tally.finalized || tally.score < SCORE_MIN) return 0;
        return STAKING.effectiveStake(provider, epoch) * tally.score;
    }

    /// @inheritdoc IAudits
    function windows(uint256 epoch) external view returns (uint256, uint256, uint256, uint256, uint256, uint256) {
        uint256 end = epochEnd(epoch);
        return (end, end + ROOT_END, end + AUDIT_START, end + AUDIT_END, end + REVEAL_END, end + FINALIZE_END);
    }

    /* INTERNAL */

    function _requireWindow(uint256 epoch, uint256 from, uint256 until) internal view {
        uint256 end = epochEnd(epoch);
        bool open = block.timestamp >= end + from && block.timestamp < end + until;
        require(open, WindowClosed(block.timestamp, end + from, end + until));
    }

    function _operator() internal view returns (address operator) {
        operator = STAKING.operatorOf(msg.sender);
        require(operator != address(0), NotNode(msg.sender));
    }

    function _score(uint256 epoch, bytes32 seed, address verifier, Row calldata row) internal {
        require(row.score <= SCORE_MAX, BadReveal());
        require(STAKING.effectiveStake(row.provider, epoch) != 0, NotProvider(row.provider, epoch));
        address[] memory drawn = STAKING.draw(seed, row.provider, epoch, COMMITTEE);
        require(_contains(drawn, verifier), NotAssigned(verifier, row.provider, epoch));

        Tally storage tally = _tallies[epoch][row.provider];
        tally.scores |= uint128(row.score) << (8 * tally.count); // Safe: at most MAX_COMMITTEE verifiers are assigned.
        ++tally.count;
        emit Scored(epoch, row.provider, verifier, row.score, row.digest);
    }

    function _verdict(uint256 epoch, address provider) internal view returns (uint8 score, bool carried) {
        Tally storage tally = _tallies[epoch][provider];
        if (tally.count >= QUORUM) return (_median(tally.scores, tally.count), false);
        if (epoch == 0) return (0, false);
        Tally storage before = _tallies[epoch - 1][provider];
        if (!before.finalized || before.carried) return (0, false);
        return (before.score, true);
    }

    /// Insertion sort of at most 16 bytes; of two middle scores the lower one counts.
    function _median(uint128 packed, uint256 count) internal pure returns (uint8) {
        uint8[] memory scores = new uint8[](count);
        for (uint256 i; i < count; ++i) {
            uint8 score = uint8(packed >> (8 * i)); // Safe: the cast takes byte i.
            uint256 j = i;
            for (; j > 0 && scores[j - 1] > score; --j) {
                scores[j] = scores[j - 1];
            }
            scores[j] = score;
        }
        return scores[(count - 1) / 2];
    }

    function _contains(address[] memory list, address account) internal pure returns (bool) {
        for (uint256 i; i < list.length; ++i) {
            if (list[i] == account) return true;
        }
        return false;
    }
}
