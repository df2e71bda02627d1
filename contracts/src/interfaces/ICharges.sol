// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Sibling} from "../libraries/MerkleSum.sol";
import {Receipt} from "../libraries/Receipts.sol";
import {Root, Row} from "./IAudits.sol";

/// @title ICharges
/// @notice Brings a deed to court, and shows the court what the chain can check itself.
interface ICharges {
    /// @notice The action belongs into [from, until); now is `time`.
    error WindowClosed(uint256 time, uint256 from, uint256 until);
    /// @notice Nobody's key signed this, or not at the time it is dated.
    error BadSignature(address signer);
    /// @notice What was handed in does not show what it must show.
    error BadProof();

    /* ACCUSATIONS */

    /// @notice Accuses the signer of `receipt` of a wrong output. The accused answers with `answer`.
    /// @param evidenceHash Of the transcript that the jurors get off chain.
    function accuseWrongOutput(Receipt calldata receipt, bytes calldata signature, bytes32 evidenceHash)
        external
        returns (bytes32 id);

    /// @notice Accuses `provider` of not serving sample `sample` of its root of `epoch`.
    /// @param complaints Signatures of at least a quorum of the drawn verifiers' node keys over
    /// Complaint(epoch, provider, sample), in ascending order of the verifiers' operator addresses.
    function accuseWithheld(
        uint256 epoch,
        address provider,
        Root calldata root,
        uint256 sample,
        bytes[] calldata complaints
    ) external returns (bytes32 id);

    /// @notice Accuses the signer of a public `receipt` of leaving it out of the root of its epoch. It may
    /// still be in that of the next one, which the answer can show.
    function accuseOmitted(Receipt calldata receipt, bytes calldata signature) external returns (bytes32 id);

    /// @notice Shows two different receipts of one request. Needs no bond, no answer and no vote.
    function accuseEquivocation(
        Receipt calldata first,
        bytes calldata firstSignature,
        Receipt calldata second,
        bytes calldata secondSignature
    ) external returns (bytes32 id);

    /// @notice Accuses a verifier of row `index` of what it revealed for `epoch`.
    function accuseBadAttestation(
        uint256 epoch,
        address verifier,
        bytes32 salt,
        Row[] calldata rows,
        uint256 index,
        bytes32 evidenceHash
    ) external returns (bytes32 id);

    /* ANSWERS */

    /// @notice Shows the withheld transcript. One longer than `TRANSCRIPT_MAX` bytes cannot be shown on chain: then its
    /// receipt is enough. Clears the accused and returns the challenger's bond. Anyone may call.
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
    ) external;

    /// @notice Shows that `receipt` is in the root of its epoch or of the next one. Clears the accused and returns the
    /// challenger's bond. Anyone may call.
    function answerOmitted(
        Receipt calldata receipt,
        uint256 epoch,
        Root calldata root,
        uint256 index,
        uint256 position,
        Sibling[] calldata siblings
    ) external;
}
