// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AuditParameters, IAudits, Result, Root, Row, Seat, Share} from "./interfaces/IAudits.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {IModels} from "./interfaces/IModels.sol";
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
///
/// BALLOTS
/// A committee is drawn once per provider and epoch, by `seat` or by the first reveal. It shares one slot with its
/// verdicts, and ballots of even and odd epochs take turns: a reveal rewrites a used slot instead of paying for a new
/// one. `finalize` moves the outcome into a slot that stays.
///
/// WEIGHT
/// min(stake, audited capacity x unit) x score, so that stake beyond what the machine serves earns nothing.
contract Audits is IAudits, Epochs {
    using SafeCast for uint256;

    /// @notice A lower score has no weight.
    uint256 public constant SCORE_MIN = 90;
    uint256 public constant SCORE_MAX = 100;
    /// @notice Seats that fit into one ballot.
    uint256 public constant MAX_COMMITTEE = 5;
    uint256 internal constant SEAT_BITS = 40;
    uint256 internal constant BALLOT_BITS = MAX_COMMITTEE * SEAT_BITS;
    uint256 internal constant NUMBER_MASK = 0xFFFFFF;
    uint256 internal constant SCORE_SHIFT = 24;
    uint256 internal constant CAPACITY_SHIFT = 32;
    uint256 internal constant PPM = 1_000_000;

    IStaking public immutable STAKING;
    IBeacon public immutable BEACON;
    IModels public immutable MODELS;
    uint256 public immutable COMMITTEE;
    uint256 public immutable QUORUM;
    uint256 public immutable SAMPLES_MIN;
    uint256 public immutable SAMPLE_PPM;
    uint256 public immutable CAPACITY_UNIT;
    uint256 internal immutable ROOT_END;
    uint256 internal immutable AUDIT_START;
    uint256 internal immutable AUDIT_END;
    uint256 internal immutable REVEAL_END;
    uint256 internal immutable FINALIZE_END;

    /* STORAGE */

    struct Totals {
        uint128 weight; // Safe: at most supply x SCORE_MAX < 2^97
        uint64 rows;
    }

    /// @inheritdoc IAudits
    mapping(uint256 epoch => mapping(address provider => bytes32)) public rootHash;
    /// @inheritdoc IAudits
    mapping(uint256 epoch => mapping(address verifier => bytes32)) public commitments;
    /// @inheritdoc IAudits
    mapping(uint256 epoch => mapping(address verifier => uint256)) public rowsOf;
    /// epoch + 1 above five seats of 40 bits: number of the verifier 24 | score + 1 (0: not revealed) 8 | capacity 8.
    /// One word, because Solidity writes a struct field by field.
    mapping(uint256 parity => mapping(address provider => uint256)) internal _ballots;
    mapping(uint256 epoch => mapping(address provider => Result)) internal _results;
    mapping(uint256 epoch => Totals) internal _totals;
    /// @inheritdoc IAudits
    mapping(address verifier => uint24) public numberOf;
    uint24 internal _lastNumber;

    /* CONSTRUCTOR */

    constructor(
        Timetable memory time,
        AuditParameters memory parameters,
        IStaking staking,
        IBeacon beacon,
        IModels models
    ) Epochs(time) {
        require(parameters.quorum != 0 && parameters.quorum <= parameters.committee, BadParameters());
        require(parameters.committee <= MAX_COMMITTEE && parameters.samplePpm <= PPM, BadParameters());
        require(parameters.capacityUnit != 0, BadParameters());
        // The ballot of an epoch is final before the one that takes its slot can be drawn.
        require(time.finalizeEnd <= 2 * uint256(time.epoch) + time.randAt, BadTimetable());

        STAKING = staking;
        BEACON = beacon;
        MODELS = models;
        COMMITTEE = parameters.committee;
        QUORUM = parameters.quorum;
        SAMPLES_MIN = parameters.samplesMin;
        SAMPLE_PPM = parameters.samplePpm;
        CAPACITY_UNIT = parameters.capacityUnit;
        (ROOT_END, AUDIT_START, AUDIT_END) = (time.rootEnd, time.auditStart, time.auditEnd);
        (REVEAL_END, FINALIZE_END) = (time.revealEnd, time.finalizeEnd);
    }

    /* ACTIONS */

    /// @inheritdoc IAudits
    function commitRoot(uint256 epoch, Root calldata root) external {
        _requireWindow(epoch, 0, ROOT_END);
        (address provider, uint256 stake) = STAKING.activeOf(msg.sender, epoch);
        require(provider != address(0), NotNode(msg.sender));
        require(stake != 0, NotProvider(provider, epoch));
        mapping(address => bytes32) storage hashes = rootHash[epoch];
        require(hashes[provider] == 0, AlreadyCommitted(epoch, provider));
        (bytes32 hash, uint64 tokens, uint32 count, bytes32 model) = (root.root, root.tokens, root.count, root.model);
        require(hash != 0 && tokens != 0 && count != 0 && model != 0, BadRoot());

        hashes[provider] = keccak256(abi.encode(hash, tokens, count, model)); // abi.encode(root), of clean values
        emit RootCommitted(epoch, provider, hash, tokens, count, model);
    }

    /// @inheritdoc IAudits
    function commitAudit(uint256 epoch, bytes32 commitment) external {
        _requireWindow(epoch, AUDIT_START, AUDIT_END);
        address verifier = _operator();
        require(STAKING.operators(verifier).kind == Kind.Verifier, NotNode(msg.sender));
        require(commitments[epoch][verifier] == 0, AlreadyCommitted(epoch, verifier));
        require(commitment != 0, BadReveal());

        commitments[epoch][verifier] = commitment;
        _number(verifier);
        emit AuditCommitted(epoch, verifier, commitment);
    }

    /// @inheritdoc IAudits
    function seat(uint256 epoch, address[] calldata providers) external {
        bytes32 seed = BEACON.rand(epoch);
        for (uint256 i; i < providers.length; ++i) {
            if (!_isOf(epoch, _ballots[epoch % 2][providers[i]])) _seat(epoch, seed, providers[i]);
        }
    }

    /// @inheritdoc IAudits
    function revealAudit(uint256 epoch, bytes32 salt, Row[] calldata rows) external {
        _requireWindow(epoch, AUDIT_END, REVEAL_END);
        address verifier = _operator();
        require(rows.length != 0, BadReveal());
        require(commitments[epoch][verifier] == _hashRows(verifier, epoch, salt, rows), BadReveal());
        require(rowsOf[epoch][verifier] == 0, AlreadyRevealed(epoch, verifier));

        bytes32 seed = BEACON.rand(epoch);
        rowsOf[epoch][verifier] = rows.length;
        _totals[epoch].rows += uint64(rows.length); // Safe: calldata has fewer.
        mapping(address => uint256) storage ballots = _ballots[epoch % 2];
        uint256 number = numberOf[verifier];
        address last;
        for (uint256 i; i < rows.length; ++i) {
            Row calldata row = rows[i];
            (address provider, uint8 score, uint8 capacity) = (row.provider, row.score, row.capacity);
            require(provider > last && score <= SCORE_MAX, BadReveal());
            last = provider;
            bool isDrawn = _vote(ballots, epoch, seed, number, provider, score, capacity);
            require(isDrawn, NotAssigned(verifier, provider, epoch));
            emit Scored(epoch, provider, verifier, score, capacity, row.digest);
        }
    }

    /// @inheritdoc IAudits
    function finalize(uint256 epoch, address provider, Root calldata root) external {
        _requireWindow(epoch, REVEAL_END, FINALIZE_END);
        uint256 stake = STAKING.effectiveStake(provider, epoch);
        require(stake != 0, NotProvider(provider, epoch));
        Result memory result = _results[epoch][provider];
        require(!result.finalized, AlreadyFinalized(epoch, provider));

        (result.score, result.capacity, result.carried) = _verdict(epoch, provider);
        result.stake = uint96(stake); // Safe: stake is a part of the supply.
        result.finalized = true;
        result.worked = !result.voided && _worked(epoch, provider, root);
        _results[epoch][provider] = result;
        uint256 weight = _weight(result);
        _totals[epoch].weight += uint128(weight); // Safe: see Totals.
        emit Finalized(
            epoch, provider, result.score, result.carried, weight, result.capacity, result.worked
        );
    }

    /// @inheritdoc IAudits
    function voidRoot(uint256 epoch, address provider) external {
        require(msg.sender == STAKING.slasher(), NotSlasher(msg.sender));

        Result storage result = _results[epoch][provider];
        (result.voided, result.worked) = (true, false);
        emit RootVoided(epoch, provider);
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
    function ballotOf(uint256 epoch, address provider) external view returns (Seat[] memory seats) {
        uint256 ballot = _ballots[epoch % 2][provider];
        if (!_isOf(epoch, ballot)) return seats;
        seats = new Seat[](MAX_COMMITTEE);
        uint256 count;
        // Safe: each cast takes the bits of its field.
        for (; uint24(ballot) != 0 && count < MAX_COMMITTEE; ballot >>= SEAT_BITS) {
            uint8 entry = uint8(ballot >> SCORE_SHIFT);
            uint8 score = entry == 0 ? 0 : entry - 1;
            seats[count++] = Seat(uint24(ballot), entry != 0, score, uint8(ballot >> CAPACITY_SHIFT));
        }
        assembly ("memory-safe") {
            mstore(seats, count) // shortens the array; Solidity has no other way
        }
    }

    /// @inheritdoc IAudits
    function resultOf(uint256 epoch, address provider) external view returns (Result memory) {
        return _results[epoch][provider];
    }

    /// @inheritdoc IAudits
    function weightOf(uint256 epoch, address provider) external view returns (uint256) {
        return _weight(_results[epoch][provider]);
    }

    /// @inheritdoc IAudits
    function weightTotal(uint256 epoch) external view returns (uint256) {
        return _totals[epoch].weight;
    }

    /// @inheritdoc IAudits
    function rowsTotal(uint256 epoch) external view returns (uint256) {
        return _totals[epoch].rows;
    }

    /// @inheritdoc IAudits
    function shareOf(uint256 epoch, address operator) external view returns (Share memory) {
        Result memory result = _results[epoch][operator];
        Totals memory totals = _totals[epoch];
        return Share({
            weight: _weight(result),
            weightTotal: totals.weight,
            rows: result.finalized ? 0 : rowsOf[epoch][operator], // a provider never verifies: saves a cold slot
            rowsTotal: totals.rows,
            stake: result.stake,
            score: result.score,
            worked: result.worked && !result.carried
        });
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

    function _isOf(uint256 epoch, uint256 ballot) internal pure returns (bool) {
        return ballot >> BALLOT_BITS == epoch + 1;
    }

    function _seat(uint256 epoch, bytes32 seed, address provider) internal returns (uint256 ballot) {
        require(STAKING.effectiveStake(provider, epoch) != 0, NotProvider(provider, epoch));

        address[] memory drawn = STAKING.draw(seed, provider, epoch, COMMITTEE);
        ballot = (epoch + 1) << BALLOT_BITS; // Safe: an epoch with stake in it has 48 bits.
        for (uint256 k; k < drawn.length; ++k) {
            ballot |= _number(drawn[k]) << (SEAT_BITS * k);
        }
        _ballots[epoch % 2][provider] = ballot;
        emit Seated(epoch, provider, drawn);
    }

    /// Numbers take 24 bits of a ballot where addresses would take 160.
    function _number(address verifier) internal returns (uint256 number) {
        number = numberOf[verifier];
        if (number != 0) return number;
        number = ++_lastNumber;
        numberOf[verifier] = uint24(number); // Safe: a checked increment of 24 bits.
    }

    /// keccak256(abi.encode(verifier, epoch, salt, rows)). A row is static, so its calldata is its encoding: copied at once
    /// instead of field by field (200 gas a row). A field with dirty bits reverts where it is read.
    function _hashRows(address verifier, uint256 epoch, bytes32 salt, Row[] calldata rows)
        internal
        pure
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            let start := mload(0x40) // scratch: not allocated
            mstore(start, verifier)
            mstore(add(start, 0x20), epoch)
            mstore(add(start, 0x40), salt)
            mstore(add(start, 0x60), 0x80) // offset of the rows
            mstore(add(start, 0x80), rows.length)
            let size := mul(rows.length, 0x80)
            calldatacopy(add(start, 0xa0), rows.offset, size)
            hash := keccak256(start, add(size, 0xa0))
        }
    }

    /// @return isDrawn False if the verifier with this number has no seat.
    function _vote(
        mapping(address => uint256) storage ballots,
        uint256 epoch,
        bytes32 seed,
        uint256 number,
        address provider,
        uint256 score,
        uint256 capacity
    ) internal returns (bool isDrawn) {
        uint256 ballot = ballots[provider];
        if (!_isOf(epoch, ballot)) ballot = _seat(epoch, seed, provider);
        uint256 verdict = (score + 1) << SCORE_SHIFT | capacity << CAPACITY_SHIFT;
        for (uint256 shift; shift != BALLOT_BITS; shift += SEAT_BITS) {
            if ((ballot >> shift) & NUMBER_MASK != number) continue;
            ballots[provider] = ballot | verdict << shift;
            return true;
        }
    }

    function _verdict(uint256 epoch, address provider)
        internal
        view
        returns (uint8 score, uint8 capacity, bool carried)
    {
        uint256 ballot = _ballots[epoch % 2][provider];
        if (!_isOf(epoch, ballot)) ballot = 0;
        uint8[] memory scores = new uint8[](MAX_COMMITTEE);
        uint8[] memory capacities = new uint8[](MAX_COMMITTEE);
        uint256 count;
        for (uint256 k; k < MAX_COMMITTEE; ++k) {
            uint256 seat_ = ballot >> (SEAT_BITS * k);
            uint8 entry = uint8(seat_ >> SCORE_SHIFT); // Safe: here and below, the bits of one field.
            if (entry == 0) continue;
            scores[count] = entry - 1;
            capacities[count++] = uint8(seat_ >> CAPACITY_SHIFT);
        }
        if (count >= QUORUM) return (_median(scores, count), _median(capacities, count), false);
        // Epoch 0 never comes here: stake counts from the next epoch, so it has no provider.
        Result memory before = _results[epoch - 1][provider];
        if (!before.finalized || before.carried) return (0, 0, false);
        return (before.score, before.capacity, true);
    }

    /// Whether the provider committed a root, of a model that counts. Who finalizes cannot leave the root out.
    function _worked(uint256 epoch, address provider, Root calldata root) internal view returns (bool) {
        bytes32 committed = rootHash[epoch][provider];
        if (committed == 0) return false;
        require(committed == keccak256(abi.encode(root)), BadRoot());
        return MODELS.isRewardable(root.model, epoch);
    }

    function _weight(Result memory result) internal view returns (uint256) {
        if (result.score < SCORE_MIN) return 0;
        return Math.min(result.stake, result.capacity * CAPACITY_UNIT) * result.score;
    }

    /// Insertion sort of at most MAX_COMMITTEE values; of two middle ones the lower one counts.
    function _median(uint8[] memory values, uint256 count) internal pure returns (uint8) {
        for (uint256 i = 1; i < count; ++i) {
            uint8 value = values[i];
            uint256 j = i;
            for (; j > 0 && values[j - 1] > value; --j) {
                values[j] = values[j - 1];
            }
            values[j] = value;
        }
        return values[(count - 1) / 2];
    }
}
