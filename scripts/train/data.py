"""Batches of whole conversations, each a function of (seed, step): a resumed run sees what an unbroken one sees."""
from dataclasses import dataclass

import torch

from corpus import mix
from corpus.draw import Draw
from tokenizer import Tokenizer

SHORT_ANSWER = 60  # tokens
EMPHASIS = 2.0  # on short answers: one wrong word spoils them, and stories have most of the tokens
STEPS_IN_BLOCK = 64  # batches that share one stream; a resumed run draws the block again up to its step


@dataclass
class Batch:
    """Flat tokens of documents of these lengths; the loss is on the positions of answers only."""
    inputs: torch.Tensor  # [tokens]
    lengths: list
    answers: torch.Tensor  # positions in `inputs` whose next token belongs to an answer
    targets: torch.Tensor  # [answers]
    weights: torch.Tensor  # [answers]

    def to(self, device):
        moved = (column.to(device) for column in (self.answers, self.targets, self.weights))
        return Batch(self.inputs.to(device), self.lengths, *moved)


def document(tokenizer: Tokenizer, messages):
    """(token ids, weight of each as a target); questions have weight 0."""
    ids, weights = [], []
    for text, is_answer in mix.render(messages):
        encoded = tokenizer.encode(text)
        ids += encoded
        weight = (EMPHASIS if len(encoded) <= SHORT_ANSWER else 1.0) if is_answer else 0.0
        weights += [weight] * len(encoded)
    return ids, weights


def long_document(draw, tokenizer, length):
    """A conversation that goes on until it fills the context."""
    ids, weights = document(tokenizer, mix.conversation(draw, turns=4))
    while len(ids) <= length:
        more, more_weights = document(tokenizer, mix.turn(draw))
        ids, weights = ids + more, weights + more_weights
    return ids, weights


def batch_of(documents) -> Batch:
    inputs, lengths, answers, targets, weights = [], [], [], [], []
    for ids, weight in documents:
        start = len(inputs)
        inputs += ids[:-1]
        lengths.append(len(ids) - 1)
        found = [index for index in range(len(ids) - 1) if weight[index + 1] > 0]
        answers += [start + index for index in found]
        targets += [ids[index + 1] for index in found]
        weights += [weight[index + 1] for index in found]
    return Batch(torch.tensor(inputs), lengths, torch.tensor(answers), torch.tensor(targets), torch.tensor(weights))


def next_batch(draw, tokenizer, tokens: int, context: int, long: bool) -> Batch:
    """Exactly `tokens` inputs; the last document is cut where the part is full."""
    documents, room = [], tokens
    while room > 0:
        ids, weights = long_document(draw, tokenizer, context) if long else document(tokenizer, mix.conversation(draw))
        length = min(len(ids) - 1, room, context)
        documents.append((ids[:length + 1], weights[:length + 1]))
        room -= length
    return batch_of(documents)


def batches(tokenizer, settings, step: int):
    """The batches from this step on, each as parts of `micro` tokens that workers share."""
    block = step // STEPS_IN_BLOCK
    while True:
        draw = Draw(f"{settings.seed}:{block}")
        for at in range(block * STEPS_IN_BLOCK, (block + 1) * STEPS_IN_BLOCK):
            long = at % settings.long_every == settings.long_every - 1
            parts = [next_batch(draw, tokenizer, settings.micro, settings.shape.context, long) for _ in range(settings.batch // settings.micro)]
            if at >= step:
                yield parts
        block += 1


def held_out(tokenizer, seed, part: str, count: int, context: int):
    """(batch, bytes of its answers): single-turn conversations of a part, stories and all."""
    draw, documents, size = Draw(f"held out {seed}", part), [], 0
    for _ in range(count):
        ids, weights = document(tokenizer, mix.turn(draw))
        documents.append((ids[:context + 1], weights[:context + 1]))
        size += len(tokenizer.decode([token for token, weight in zip(*documents[-1]) if weight > 0]).encode())
    return batch_of(documents), size
