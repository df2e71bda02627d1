"""What must hold before anything is trained: `--config smoke` runs it first, in about a minute.

    python3 scripts/train/selfcheck.py
"""
from dataclasses import replace
from itertools import islice
import unittest

import numpy as np
import torch

import data
import skills
from corpus import mix
from corpus.draw import Draw, FACT, TEMPLATE
from formats import PACK, UNPACK
import gguf
from inference import generate
from model import Model, Shape
from quantize import binary, int8, ternary
from settings import CONFIGS
from tokenizer import SPECIALS, Tokenizer, train_merges
from train import gradients

SMALL = Shape(vocab=512, width=256, layers=2, heads=4, kv_heads=2, head=64, ffn=256, context=256)
CLOSED = [name for name in skills.SKILLS if name not in ("talk", "unknown", "multiplication", "memory")]  # the others have few wordings, and all of them known things


def small_tokenizer():
    draw = Draw("selfcheck")
    return Tokenizer(train_merges((text for _ in range(500) for _, text in mix.conversation(draw)), SMALL.vocab - 256 - len(SPECIALS)))


class Corpus(unittest.TestCase):
    def test_the_corpus_is_the_same_each_time(self):
        self.assertEqual([mix.conversation(Draw("a")) for _ in range(20)], [mix.conversation(Draw("a")) for _ in range(20)])

    def test_no_held_out_question_is_ever_trained_on(self):
        for name in CLOSED:
            sampler, turn, _ = skills.SKILLS[name]
            trained = Draw(f"trained {name}")
            seen = {turn(sampler(trained))[0][-1][1] for _ in range(3000)}
            for part in (TEMPLATE, FACT):
                asked = {conversation[-1][1] for conversation, _ in skills.questions(name, Draw("exam", part), 100)}
                common = {text for text in asked & seen if text not in ("Who am I?",)}
                # A skill without wordings to hold out (a follow-up question) repeats a few; none may repeat many.
                self.assertLess(len(common), 0.1 * len(asked), f"{name} {part}: {sorted(common)[:3]}")

    def test_the_answer_to_each_sum_is_right(self):
        draw = Draw("sums")
        for name in ("addition", "subtraction", "multiplication"):
            for _ in range(500):
                conversation, reference = skills.questions(name, draw, 1)[0]
                left, right = reference.rstrip(".").split("so ")[-1].split(", and ")[-1].split(" = ")
                self.assertEqual(eval(left.replace("x", "*"), {"__builtins__": {}}), int(right), f"{conversation} {reference}")

    def test_a_resumed_run_sees_the_batches_of_an_unbroken_one(self):
        settings = replace(CONFIGS["smoke"], shape=SMALL, batch=1024, micro=512, long_every=3)
        tokenizer = small_tokenizer()
        unbroken = list(islice(data.batches(tokenizer, settings, 0), 70))
        for step in (1, 63, 64):
            resumed = next(data.batches(tokenizer, settings, step))
            for a, b in zip(unbroken[step], resumed):
                self.assertTrue(torch.equal(a.inputs, b.inputs) and a.lengths == b.lengths and torch.equal(a.weights, b.weights))


class Numbers(unittest.TestCase):
    def test_a_file_holds_the_weights_that_training_computed_with(self):
        weight = torch.randn(64, 512, generator=torch.Generator().manual_seed(1)) * 0.05
        for kind, rounded in ((gguf.Q1_0, binary(weight)), (gguf.TQ2_0, ternary(weight))):
            array = weight.numpy()
            self.assertTrue(np.array_equal(UNPACK[kind](PACK[kind](array), array.shape), rounded.numpy()))

    def test_int8_rounds_half_to_even_and_keeps_the_largest_value(self):
        values = torch.zeros(1, 128)
        values[0, :4] = torch.tensor([127.0, 0.5, 1.5, -2.5])
        self.assertEqual(int8(values, 128)[0, :4].tolist(), [127.0, 0.0, 2.0, -2.0])
        self.assertEqual(int8(torch.zeros(1, 128), 128).abs().sum().item(), 0.0)

    def test_many_prompts_at_once_answer_as_one_by_one(self):
        torch.manual_seed(1)
        model = Model(SMALL)
        model.mode.set_format("q1_0")
        model.round_weights()
        prompts = [[5, 6, 7], [9] * 20, [3, 1, 4, 1, 5]]
        together = generate(model, prompts, end=511, limit=12)
        self.assertEqual(together, [generate(model, [one], end=511, limit=12)[0] for one in prompts])

    def test_documents_do_not_see_each_other(self):
        torch.manual_seed(1)
        model = Model(SMALL)
        model.round_weights()
        with torch.no_grad():
            both = model(torch.tensor([1, 2, 3, 4, 5]), [2, 3])[2:]
            alone = model(torch.tensor([3, 4, 5]), [3])
        self.assertTrue(torch.allclose(both, alone, atol=1e-5))

    def test_gradients_do_not_depend_on_how_a_batch_is_shared(self):
        torch.manual_seed(1)
        model = Model(SMALL)
        tokenizer = small_tokenizer()
        draw = Draw("parts")
        documents = [data.document(tokenizer, mix.turn(draw)) for _ in range(6)]
        documents = [(ids[:200], weights[:200]) for ids, weights in documents]
        found = []
        for parts in ([data.batch_of(documents)], [data.batch_of(documents[:2]), data.batch_of(documents[2:])]):
            gradients(model, parts, None, 0.0, map)
            found.append(model.blk[0].attn_q.weight.grad.clone())
            model.zero_grad(set_to_none=True)
        self.assertTrue(torch.allclose(*found, atol=1e-6))


if __name__ == "__main__":
    unittest.main()
