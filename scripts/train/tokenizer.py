"""Byte-level BPE as GGUF's "gpt2" tokenizer with the "qwen2" pre-tokenizer: training and encoding."""
from collections import Counter, defaultdict
import json
import re

SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# The qwen2 pattern. Python's re has no \p{L}: [^\W\d_] differs only on a few exotic characters,
# which the corpus never holds.
PIECES = re.compile(
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    r"|[^\r\n\w]?[^\W\d_]+|\d| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_alphabet() -> dict:
    """GPT-2's map from byte to a printable character."""
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    hidden = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + i) for i, byte in enumerate(hidden)}}


ALPHABET = byte_alphabet()
BYTES = {char: byte for byte, char in ALPHABET.items()}


def pieces(text: str) -> list:
    return ["".join(ALPHABET[byte] for byte in piece.encode()) for piece in PIECES.findall(text)]


def merge_word(word: tuple, pair: tuple) -> tuple:
    merged, at = [], 0
    while at < len(word):
        if at + 1 < len(word) and (word[at], word[at + 1]) == pair:
            merged.append(word[at] + word[at + 1])
            at += 2
        else:
            merged.append(word[at])
            at += 1
    return tuple(merged)


def train_merges(texts, count: int) -> list:
    """The `count` most frequent pair merges; ties by text order of the pair, so it is deterministic."""
    words = Counter(piece for text in texts for piece in pieces(text))
    split = {word: tuple(word) for word in words}
    totals, where = Counter(), defaultdict(set)
    for word, symbols in split.items():
        for pair in zip(symbols, symbols[1:]):
            totals[pair] += words[word]
            where[pair].add(word)
    merges = []
    while len(merges) < count and totals:
        best = max(totals, key=lambda pair: (totals[pair], pair))
        merges.append(best)
        for word in list(where[best]):
            for pair in zip(split[word], split[word][1:]):
                totals[pair] -= words[word]
                where[pair].discard(word)
            split[word] = merge_word(split[word], best)
            for pair in zip(split[word], split[word][1:]):
                totals[pair] += words[word]
                where[pair].add(word)
        totals += Counter()  # drops zero counts
    return merges


class Tokenizer:
    def __init__(self, merges: list):
        self.merges = [tuple(pair) for pair in merges]
        self.tokens = [ALPHABET[b] for b in sorted(ALPHABET, key=lambda b: ALPHABET[b])]
        self.tokens += [first + second for first, second in self.merges] + SPECIALS
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        self.rank = {pair: index for index, pair in enumerate(self.merges)}
        self.cache = {}
        self.special = re.compile("(" + "|".join(re.escape(s) for s in SPECIALS) + ")")
        self.end_of_turn = self.ids["<|im_end|>"]

    def encode_piece(self, piece: str) -> list:
        found = self.cache.get(piece)
        if found is None:
            word = tuple(piece)
            while len(word) > 1:
                best = min(zip(word, word[1:]), key=lambda pair: self.rank.get(pair, 1 << 30))
                if best not in self.rank:
                    break
                word = merge_word(word, best)
            found = self.cache[piece] = [self.ids[symbol] for symbol in word]
        return found

    def encode(self, text: str, special: bool = True) -> list:
        ids = []
        for part in self.special.split(text) if special else [text]:
            if special and part in SPECIALS:
                ids.append(self.ids[part])
            else:
                for piece in pieces(part):
                    ids += self.encode_piece(piece)
        return ids

    def decode(self, ids) -> str:
        text = "".join(self.tokens[i] for i in ids if self.tokens[i] not in SPECIALS)
        return bytes(BYTES[char] for char in text).decode("utf-8", "replace")

    def save(self, path):
        with open(path, "w") as file:
            json.dump({"merges": self.merges}, file)

    @staticmethod
    def load(path) -> "Tokenizer":
        with open(path) as file:
            return Tokenizer(json.load(file)["merges"])
