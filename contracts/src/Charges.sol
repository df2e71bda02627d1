// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IAudits, Root, Row} from "./interfaces/IAudits.sol";
import {Case, Charge, ICourt} from "./interfaces/ICourt.sol";
import {ICharges} from "./interfaces/ICharges.sol";
import {IStaking, Key} from "./interfaces/IStaking.sol";
import {Sibling} from "./libraries/MerkleSum.sol";
import {Receipt, Receipts} from "./libraries/Receipts.sol";

/// @title Charges
/// @notice The five charges, and the answers that the chain can check itself. Holds nothing, remembers nothing.
///
/// DATES
/// A deed can be charged for `CHALLENGE` after it is dated, against the operator whose node key was in use then.
///
/// SUBJECTS
/// A case is named by what was done, never by what the challenger says about it.
contract Charges is ICharges, EIP712 {
    using Receipts for Receipt;

    bytes32 public constant COMPLAINT_TYPEHASH =
        keccak256("Complaint(uint256 epoch,address provider,uint256 sample)");

    /// @notice Longest transcript that an answer shows on chain; on a longer one only the auditors' scores can act.
    uint256 public constant TRANSCRIPT_MAX = 32_768;

    ICourt public immutable COURT;
    IStaking public immutable STAKING;
    IAudits public immutable AUDITS;
    uint256 public immutable CHALLENGE;
    uint256 public immutable GENESIS;
    uint256 public immutable EPOCH;

    constructor(ICourt court, IStaking staking, IAudits audits) EIP712("ARIA Court", "1") {
        COURT = court;
        STAKING = staking;
        AUDITS = audits;
        CHALLENGE = staking.CHALLENGE();
        GENESIS = audits.GENESIS();
        EPOCH = audits.EPOCH();
    }

    /* ACCUSATIONS */

    /// @inheritdoc ICharges
    function accuseWrongOutput(Receipt calldata receipt, bytes calldata signature, bytes32 evidenceHash)
        external
       
        returns (bytes32 id)
    {
        (address accused, bytes32 digest) = _signer(receipt, signature);
        _requireWindow(receipt.endedAt, receipt.endedAt + CHALLENGE);

        id = COURT.open(Charge.WrongOutput, digest, accused, msg.sender, 0, evidenceHash);
    }

    /// @inheritdoc ICharges
    function accuseWithheld(
        uint256 epoch,
        address provider,
        Root calldata root,
        uint256 sample,
        bytes[] calldata complaints
    ) external returns (bytes32 id) {
        (uint256 end,, uint256 auditStart,,,) = AUDITS.windows(epoch);
        _requireWindow(auditStart, end + CHALLENGE);
        require(AUDITS.rootHash(epoch, provider) == keccak256(abi.encode(root)), BadProof());
        require(sample < AUDITS.sampleCount(root.count), BadProof());
        _requireComplaints(epoch, provider, sample, complaints);

        id = COURT.open(Charge.Withheld, _withheldSubject(epoch, provider, sample), provider, msg.sender, 0, 0);
    }

    /// @inheritdoc ICharges
    function accuseOmitted(Receipt calldata receipt, bytes calldata signature)
        external
       
        returns (bytes32 id)
    {
        (address accused, bytes32 digest) = _signer(receipt, signature);
        require(receipt.isPublic() && receipt.outputTokens != 0, BadProof());
        uint256 epoch = _epochOf(receipt);
        // Without a root the epoch earns no work reward anyway.
        require(AUDITS.rootHash(epoch, accused) != 0, BadProof());
        (, uint256 rootEnd,,,,) = AUDITS.windows(epoch);
        _requireWindow(rootEnd, receipt.endedAt + CHALLENGE);

        // Safe cast: epochs are seconds or longer.
        id = COURT.open(Charge.Omitted, digest, accused, msg.sender, uint40(epoch), 0);
    }

    /// @inheritdoc ICharges
    function accuseEquivocation(
        Receipt calldata first,
        bytes calldata firstSignature,
        Receipt calldata second,
        bytes calldata secondSignature
    ) external returns (bytes32 id) {
        (address accused,) = _signer(first, firstSignature);
        (address other,) = _signer(second, secondSignature);
        require(accused == other && first.requestHash == second.requestHash, BadProof());
        bool differ = first.outputRoot != second.outputRoot || first.cumulativeDue != second.cumulativeDue;
        require(differ, BadProof());
        uint256 last = first.endedAt > second.endedAt ? first.endedAt : second.endedAt;
        _requireWindow(last, last + CHALLENGE);

        bytes32 subject = keccak256(abi.encode(accused, first.requestHash));
        id = COURT.open(Charge.Equivocation, subject, accused, msg.sender, 0, 0);
    }

    /// @inheritdoc ICharges
    function accuseBadAttestation(
        uint256 epoch,
        address verifier,
        bytes32 salt,
        Row[] calldata rows,
        uint256 index,
        bytes32 evidenceHash
    ) external returns (bytes32 id) {
        (uint256 end,,,,,) = AUDITS.windows(epoch);
        _requireWindow(end, end + CHALLENGE);
        bytes32 commitment = keccak256(abi.encode(verifier, epoch, salt, rows));
        require(AUDITS.commitments(epoch, verifier) == commitment, BadProof());
        require(AUDITS.rowsOf(epoch, verifier) != 0 && index < rows.length, BadProof());

        bytes32 subject = keccak256(abi.encode(epoch, verifier, rows[index].provider));
        id = COURT.open(Charge.BadAttestation, subject, verifier, msg.sender, 0, evidenceHash);
    }

    /* ANSWERS */

    /// @inheritdoc ICharges
    function answerWithheld(
        uint256 epoch,
        address provider,
        uint256 sample,
        Root calldata root,
        Receipt calldata receipt,
        uint256 index,
        Sibling[] calldata siblings,
        bytes32 salt,
        bytes calldata prompt,
        bytes calldata output
    ) external {
        uint256 position = AUDITS.samplePosition(epoch, provider, sample, root.tokens);
        require(_isIncluded(epoch, provider, root, receipt, index, position, siblings), BadProof());
        bool tooLong = receipt.transcriptBytes() > TRANSCRIPT_MAX;
        require(tooLong || receipt.commitsTo(salt, prompt, output), BadProof());

        COURT.acquit(COURT.caseId(Charge.Withheld, _withheldSubject(epoch, provider, sample)));
    }

    /// @inheritdoc ICharges
    function answerOmitted(
        Receipt calldata receipt,
        uint256 epoch,
        Root calldata root,
        uint256 index,
        uint256 position,
        Sibling[] calldata siblings
    ) external {
        bytes32 id = COURT.caseId(Charge.Omitted, receipt.digest(address(AUDITS)));
        Case memory c = COURT.cases(id);
        require(epoch == c.epoch || epoch == uint256(c.epoch) + 1, BadProof());
        require(_isIncluded(epoch, c.accused, root, receipt, index, position, siblings), BadProof());

        COURT.acquit(id);
    }

    /* INTERNAL */

    /// The operator whose node key signed the receipt, in the time for which that key answers.
    function _signer(Receipt calldata receipt, bytes calldata signature)
        internal
        view
        returns (address operator, bytes32 digest)
    {
        digest = receipt.digest(address(AUDITS));
        address node = _recover(digest, signature);
        Key memory key = STAKING.keys(node);
        operator = key.operator;
        bool inUse = key.from <= receipt.endedAt && (key.until == 0 || receipt.endedAt < key.until);
        require(operator != address(0) && inUse, BadSignature(node));
    }

    function _recover(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        (signer,,) = ECDSA.tryRecover(digest, signature); // zero if it is no signature: nobody's key
    }

    function _requireComplaints(uint256 epoch, address provider, uint256 sample, bytes[] calldata complaints)
        internal
        view
    {
        require(complaints.length >= AUDITS.QUORUM(), BadProof());
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(COMPLAINT_TYPEHASH, epoch, provider, sample)));
        address[] memory committee = AUDITS.committee(epoch, provider);
        address last;
        for (uint256 i; i < complaints.length; ++i) {
            address node = _recover(digest, complaints[i]);
            address verifier = STAKING.operatorOf(node);
            require(verifier > last && _contains(committee, verifier), BadSignature(node));
            last = verifier;
        }
    }

    function _requireWindow(uint256 from, uint256 until) internal view {
        bool open = block.timestamp >= from && block.timestamp < until;
        require(open, WindowClosed(block.timestamp, from, until));
    }

    function _isIncluded(
        uint256 epoch,
        address provider,
        Root calldata root,
        Receipt calldata receipt,
        uint256 index,
        uint256 position,
        Sibling[] calldata siblings
    ) internal view returns (bool) {
        bytes32 digest = receipt.digest(address(AUDITS));
        return AUDITS.isIncluded(epoch, provider, root, digest, receipt.outputTokens, index, position, siblings);
    }

    function _epochOf(Receipt calldata receipt) internal view returns (uint256) {
        return (receipt.endedAt - GENESIS) / EPOCH; // no key was in use before genesis
    }

    function _withheldSubject(uint256 epoch, address provider, uint256 sample) internal pure returns (bytes32) {
        return keccak256(abi.encode(epoch, provider, sample));
    }

    function _contains(address[] memory list, address account) internal pure returns (bool) {
        for (uint256 i; i < list.length; ++i) {
            if (list[i] == account) return true;
        }
        return false;
    }
}
