// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Sibling} from "../libraries/MerkleSum.sol";
import {IEpochs} from "./IEpochs.sol";

/// @notice What a provider commits about one epoch: the Merkle-sum tree of its public receipts, all of one model.
struct Root {
    bytes32 root;
    uint64 tokens; // sum over all receipts
    uint32 count; // number of receipts
    bytes32 model; // id in Models; work is rewarded only if that model is rewardable
}

/// @notice A verifier's verdict on one provider.
struct Row {
    address provider;
    uint8 score; // 0..100; 0 if any audited output did not match
    uint8 capacity; // audited throughput class: stake counts up to capacity x CAPACITY_UNIT
    bytes32 digest; // keyed digest of the hidden states: proof that the verifier did the work
}

/// @notice One seat of a committee and its verdict.
struct Seat {
    uint24 number; // of the verifier
    bool revealed;
    uint8 score;
    uint8 capacity;
}

/// @notice What an epoch leaves of a provider. One storage slot.
struct Result {
    uint96 stake; // effective in that epoch
    uint8 score; // the median
    uint8 capacity; // the median
    bool finalized;
    bool carried; // score and capacity taken over from the epoch before
    bool worked; // committed a root of a rewardable model
    bool voided; // lost a case about that root
}

/// @notice What a claim needs to know about an operator and an epoch.
struct Share {
    uint256 weight;
    uint256 weightTotal;
    uint256 rows;
    uint256 rowsTotal;
    uint256 stake;
    uint256 score;
    bool worked; // and has a score of that very epoch
}

/// @notice Parameters of one network.
struct AuditParameters {
    uint8 committee; // verifiers drawn per provider and epoch
    uint8 quorum; // verdicts a score needs
    uint16 samplesMin; // least samples per provider and epoch
    uint32 samplePpm; // samples per million receipts
    uint96 capacityUnit; // stake that one unit of audited capacity supports
}

/// @title IAudits
/// @notice Receipt roots and committee scores.
///
/// All transactions come from registered node keys, so that operators' wallets stay cold.
interface IAudits is IEpochs {
    event RootCommitted(
        uint256 indexed epoch, address indexed provider, bytes32 root, uint64 tokens, uint32 count, bytes32 model
    );
    /// @notice The provider lost a case about its root: no work reward for that epoch.
    event RootVoided(uint256 indexed epoch, address indexed provider);
    event Seated(uint256 indexed epoch, address indexed provider, address[] committee);
    event AuditCommitted(uint256 indexed epoch, address indexed verifier, bytes32 commitment);
    event Scored(
        uint256 indexed epoch,
        address indexed provider,
        address indexed verifier,
        uint8 score,
        uint8 capacity,
        bytes32 digest
    );
    event Finalized(
        uint256 indexed epoch,
        address indexed provider,
        uint8 score,
        bool carried,
        uint256 weight,
        uint8 capacity,
        bool worked
    );

    error BadParameters();
    /// @notice The caller is not the node key in use of an operator of the right kind.
    error NotNode(address caller);
    /// @notice The operator is no active provider in that epoch.
    error NotProvider(address operator, uint256 epoch);
    error NotAssigned(address verifier, address provider, uint256 epoch);
    /// @notice The action belongs into [from, until); now is `time`.
    error WindowClosed(uint256 time, uint256 from, uint256 until);
    error AlreadyCommitted(uint256 epoch, address operator);
    error AlreadyRevealed(uint256 epoch, address verifier);
    error AlreadyFinalized(uint256 epoch, address provider);
    /// @notice A field of the root is zero, or it is not the root that was committed.
    error BadRoot();
    error NotSlasher(address caller);
    /// @notice The rows are not what was committed, not in strictly ascending order of provider, or a score exceeds 100.
    error BadReveal();

    /* ACTIONS */

    /// @notice Commits a provider's receipts of `epoch`, once. In [0, rootEnd) after the epoch.
    function commitRoot(uint256 epoch, Root calldata root) external;

    /// @notice Commits a verifier's rows of `epoch`, once. In [auditStart, auditEnd).
    /// @param commitment keccak256(abi.encode(verifier, epoch, salt, rows)), verifier being the operator.
    function commitAudit(uint256 epoch, bytes32 commitment) external;

    /// @notice Draws the committees of active providers, which the first reveal about each would do otherwise.
    /// From the beacon's round on. Anyone may call.
    function seat(uint256 epoch, address[] calldata providers) external;

    /// @notice Reveals the rows. In [auditEnd, revealEnd). The verifier must be in the committee of every provider named.
    function revealAudit(uint256 epoch, bytes32 salt, Row[] calldata rows) external;

    /// @notice Fixes a provider's result: score and capacity are the medians of at least `QUORUM` verdicts (the lower one
    /// of two), else those of the epoch before, once, else 0. In [revealEnd, finalizeEnd). Anyone may call.
    /// @param root The committed root; ignored if there is none.
    function finalize(uint256 epoch, address provider, Root calldata root) external;

    /// @notice Takes the work reward of `epoch` from a provider that lost a case about its root. Only the slasher of
    /// Staking. Without effect on what has been claimed.
    function voidRoot(uint256 epoch, address provider) external;

    /* VIEWS */

    /// @notice The verifiers drawn for `provider`: at most `COMMITTEE`. Reverts with `NotYet` before the beacon's round.
    function committee(uint256 epoch, address provider) external view returns (address[] memory);

    /// @notice Verdicts that a score needs.
    function QUORUM() external view returns (uint256);

    /// @notice Receipts to sample from a tree of `count`.
    function sampleCount(uint256 count) external view returns (uint256);

    /// @notice Token position of sample `j`: keccak256(abi.encodePacked(rand, provider, "s", j)) mod tokens.
    function samplePosition(uint256 epoch, address provider, uint256 j, uint64 tokens) external view returns (uint256);

    /// @notice Whether the provider's committed tree has this receipt at `index`, covering token `position`.
    function isIncluded(
        uint256 epoch,
        address provider,
        Root calldata root,
        bytes32 receiptHash,
        uint64 tokens,
        uint256 index,
        uint256 position,
        Sibling[] calldata siblings
    ) external view returns (bool);

    /// @notice keccak256(abi.encode(Root)) of a committed root, or 0. The fields are in `RootCommitted`.
    function rootHash(uint256 epoch, address provider) external view returns (bytes32);

    function commitments(uint256 epoch, address verifier) external view returns (bytes32);

    /// @notice Rows that a verifier revealed.
    function rowsOf(uint256 epoch, address verifier) external view returns (uint256);

    /// @notice Sum of `rowsOf` over all verifiers.
    function rowsTotal(uint256 epoch) external view returns (uint256);

    /// @notice The drawn committee and its verdicts; kept for two epochs. Empty before the draw.
    function ballotOf(uint256 epoch, address provider) external view returns (Seat[] memory);

    /// @notice A verifier's number in ballots, 0 until it first commits or is seated.
    function numberOf(address verifier) external view returns (uint24);

    function resultOf(uint256 epoch, address provider) external view returns (Result memory);

    /// @notice min(effective stake, capacity x CAPACITY_UNIT) x score, 0 below `SCORE_MIN`.
    function weightOf(uint256 epoch, address provider) external view returns (uint256);

    /// @notice All that Rewards needs, in one call.
    function shareOf(uint256 epoch, address operator) external view returns (Share memory);

    /// @notice Sum of `weightOf` over all finalized providers.
    function weightTotal(uint256 epoch) external view returns (uint256);

    /// @notice The windows of `epoch` as timestamps: commitRoot in [end, rootEnd), commitAudit in [auditStart, auditEnd),
    /// revealAudit in [auditEnd, revealEnd), finalize in [revealEnd, finalizeEnd).
    function windows(uint256 epoch)
        external
        view
        returns (
            uint256 end,
            uint256 rootEnd,
            uint256 auditStart,
            uint256 auditEnd,
            uint256 revealEnd,
            uint256 finalizeEnd
        );
}
