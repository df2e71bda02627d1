// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Account, Channel} from "../interfaces/IEscrow.sol";

/// @notice A storage slot that holds a packed struct.
struct Word {
    uint256 word;
}

/// @title Words
/// @notice Escrow's structs as the one storage word that each is, lowest field first as Solidity lays them out.
/// Solidity writes a struct field by field, each with an SLOAD and an SSTORE of its own; a word takes one of each.
library Words {
    uint256 private constant CLAIMED = 96;
    uint256 private constant THAW_END = 192;
    uint256 private constant FEE_PPM = 232;
    uint256 private constant CLAIMED_MASK = uint256(type(uint96).max) << CLAIMED;
    uint256 private constant THAW_END_MASK = uint256(type(uint40).max) << THAW_END;

    /* CHANNEL: balance 96 | claimed 96 | thawEnd 40 | feePpm 24 */

    function balance(uint256 word) internal pure returns (uint256) {
        return uint96(word); // Safe: here and below, a cast takes the bits of its field.
    }

    function claimed(uint256 word) internal pure returns (uint256) {
        return uint96(word >> CLAIMED);
    }

    function feePpm(uint256 word) internal pure returns (uint256) {
        return word >> FEE_PPM;
    }

    /// @param delta At most balance - claimed, so that it never carries into the next field.
    function addClaimed(uint256 word, uint256 delta) internal pure returns (uint256) {
        return word + (delta << CLAIMED);
    }

    /// @param balance_ At most 96 bits. @param feePpm_ At most 24 bits.
    function funded(uint256 word, uint256 balance_, uint256 feePpm_) internal pure returns (uint256) {
        return balance_ | (word & (CLAIMED_MASK | THAW_END_MASK)) | feePpm_ << FEE_PPM;
    }

    function withoutThaw(uint256 word) internal pure returns (uint256) {
        return word & ~THAW_END_MASK;
    }

    function asChannel(Word storage slot) internal view returns (Channel memory channel) {
        uint256 word = slot.word;
        channel.balance = uint96(word);
        channel.claimed = uint96(word >> CLAIMED);
        channel.thawEnd = uint40(word >> THAW_END);
        channel.feePpm = uint24(word >> FEE_PPM);
    }

    function set(Word storage slot, Channel memory channel) internal {
        slot.word = uint256(channel.balance) | uint256(channel.claimed) << CLAIMED
            | uint256(channel.thawEnd) << THAW_END | uint256(channel.feePpm) << FEE_PPM;
    }

    /* ACCOUNT: owed 96 | unburned 96 | publicGwei 64 */

    function asAccount(Word storage slot) internal view returns (Account memory account) {
        uint256 word = slot.word;
        account.owed = uint96(word);
        account.unburned = uint96(word >> 96);
        account.publicGwei = uint64(word >> 192);
    }

    function set(Word storage slot, Account memory account) internal {
        slot.word = uint256(account.owed) | uint256(account.unburned) << 96 | uint256(account.publicGwei) << 192;
    }
}
