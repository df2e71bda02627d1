"""Endless packed rows from the corpus: whole conversations side by side, each seeing only itself."""
import random
import zlib

import torch

from corpus import mix, words
from tokenizer import Tokenizer

QUESTION_WEIGHT = 0.1  # the loss is mainly on answers
EMPHASIS = 3.0  # on digits and names: one wrong one spoils an answer, and they are few
NAMES = set(words.BOY_NAMES + words.GIRL_NAMES)
HELD_OUT_OF = 25  # one question in 25, chosen by its hash, is never trained on
WINDOW = 64  # documents to choose from when filling a row


def held_out(messages) -> bool:
    return any(role == "user" and zlib.crc32(text.encode()) % HELD_OUT_OF == 0 for role, text in messages)


def answer_weights(tokenizer, encoded):
    texts = (tokenizer.tokens[token].lstrip("Ġ") for token in encoded)
    return [EMPHASIS if text in NAMES or text.isdigit() else 1.0 for text in texts]


def document(tokenizer: Tokenizer, messages):
    ids, weights = [], []
    for text, is_answer in mix.render(messages):
        encoded = tokenizer.encode(text)
        ids += encoded
        weights += answer_weights(tokenizer, encoded) if is_answer else [QUESTION_WEIGHT] * len(encoded)
    return ids, weights


def documents(tokenizer, seed, length, long=False):
    """Training documents of at most length + 1 tokens; `long` ones are conversations that fill it."""
    rng = random.Random(seed)
    while True:
        messages = mix.conversation(rng, turns=1 if long else None)
        if held_out(messages):
            continue
        ids, weights = document(tokenizer, messages)
        while long and len(ids) < length:
            more = mix.turn(rng)
            if held_out(more):
                continue
            extra, extra_weights = document(tokenizer, more)
            ids, weights = ids + extra, weights + extra_weights
        yield ids[:length + 1], weights[:length + 1]


def fill_row(window, source, length):
    """One row of inputs, targets, weights and document numbers; the longest document that fits goes next."""
    inputs, targets, weights, owner = [], [], [], []
    number = 0
    while True:
        room = length - len(inputs)
        fitting = [doc for doc in window if len(doc[0]) - 1 <= room]
        if not fitting:
            break
        ids, weight = fitting[0] if number == 0 else max(fitting, key=lambda doc: len(doc[0]))
        window.remove((ids, weight))
        window.append(next(source))
        inputs += ids[:-1]
        targets += ids[1:]
        weights += weight[1:]
        owner += [number] * (len(ids) - 1)
        number += 1
    padding = length - len(inputs)
    return inputs + [0] * padding, targets + [0] * padding, weights + [0.0] * padding, owner + [-1] * padding


def batches(tokenizer, seed, rows, length, long=False):
    source = documents(tokenizer, seed, length, long)
    window = [next(source) for _ in range(1 if long else WINDOW)]
    while True:
        columns = zip(*[fill_row(window, source, length) for _ in range(rows)])
        inputs, targets, weights, owner = (torch.tensor(column) for column in columns)
        yield inputs, targets, weights, attention_mask(owner)


def attention_mask(owner):
    same = owner[:, :, None] == owner[:, None, :]
    allowed = same & torch.ones(owner.shape[1], owner.shape[1], dtype=torch.bool).tril()
    return torch.zeros(allowed.shape).masked_fill_(~allowed, float("-inf"))[:, None]


def held_out_batch(tokenizer, seed, rows, length):
    """Conversations of one turn whose question was never trained on."""
    rng, kept = random.Random(seed), []
    while len(kept) < rows * 2:
        messages = mix.conversation(rng, turns=1)
        if held_out(messages):
            ids, weights = document(tokenizer, messages)
            kept.append((ids[:length + 1], weights[:length + 1]))
    source = iter(kept[rows:] + kept)
    window = kept[:rows]
    inputs, targets, weights, owner = (torch.tensor(c) for c in zip(*[fill_row(window, source, length) for _ in range(rows // 3)]))
    return inputs, targets, weights, attention_mask(owner)
