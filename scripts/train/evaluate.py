"""Measure an exported model: held-out loss, exact answers per skill on questions never trained on, samples.

    python3 scripts/train/evaluate.py [--model models/aria-1.gguf] [--count 100] [--json] [--config cpu]
"""
import argparse
import json
import random
import re

import torch

import data
from corpus import aria, arithmetic, smalltalk, stories, unknown
from inference import answer, load
from model import Model
from settings import CONFIGS, MODELS, WORK
from train import held_out_loss

SAMPLES = ["Tell me a story about a fox and a lantern.", "Write a story about a girl named Mia and a key.", "Tell me a story about a penguin named Max and a rocket.",
           "What is 27 + 35?", "What is 63 - 27?", "What is a voucher?", "How do I start a provider?", "What is a 1-bit model?", "Who are you?", "What is the capital of France?"]


def held_out_questions(sampler, seed, count):
    """First turns whose question the training skipped."""
    rng, found = random.Random(seed), []
    while len(found) < count:
        question, reply = sampler(rng)[:2]
        if data.held_out([question]):
            found.append((question[1], reply[1]))
    return found


def share(outcomes):
    outcomes = list(outcomes)
    return round(sum(outcomes) / len(outcomes), 4)


def exercise(operation):
    def sample(rng):
        while True:
            question, reply, value = arithmetic.solve(rng)
            if operation == ("words" if reply.count("The answer") else "+" if " + " in reply[:8] else "x" if " x " in reply else "-"):
                return [("user", question), ("assistant", reply)]
    return sample


def closed_talk(rng):
    """Small talk with one right answer: not "name three animals", not a greeting by name."""
    known = known_answers(smalltalk.TALK_BLOCKS)
    while True:
        messages = smalltalk.sample(rng)
        if messages[1][1] in known or messages[1][1].startswith(("The opposite", "A ", "An ")):
            return messages


def same_number(text, expected):
    return re.findall(r"-?\d+", text)[-1:] == re.findall(r"-?\d+", expected)[-1:]


def known_answers(question_blocks):
    return {reply: set(replies) for _, replies in question_blocks for reply in replies}


def mentions(question, text):
    """Whether a story has the character and the thing that were asked for."""
    asked = re.findall(r"\ban? (?:\w+ )*?(\w+)(?: named \w+)?(?=,| and | with | who |\.|\?|$)", question)
    return all(word in text.lower() for word in asked if word not in ("story", "time"))


def accuracy(ask, count):
    aria_known, talk_known = known_answers(aria.BLOCKS), known_answers(smalltalk.TALK_BLOCKS)
    exact = lambda known: (lambda text, reply: text in known.get(reply, {reply}))
    skills = {
        "addition": (exercise("+"), same_number), "subtraction": (exercise("-"), same_number), "multiplication": (exercise("x"), same_number),
        "wordProblems": (exercise("words"), same_number), "aria": (aria.sample, exact(aria_known)), "talk": (closed_talk, exact(talk_known)),
        "unknown": (unknown.sample, lambda text, _: text in unknown.ANSWERS),
    }
    result = {name: share(judge(ask(question), reply) for question, reply in held_out_questions(sampler, 7, count)) for name, (sampler, judge) in skills.items()}
    result["storyHasWhatWasAsked"] = share(mentions(question, ask(question)) for question, _ in held_out_questions(stories.sample, 7, max(1, count // 4)))
    return result


def losses(model, tokenizer, config):
    """Loss on held-out answers: as exported, and of the latent weights in full precision when the checkpoint is here."""
    batch = data.held_out_batch(tokenizer, 99, 96, 256)
    result = {"exported": round(held_out_loss(model, batch, True, "cpu"), 4)}
    path = WORK / f"{config}.pt"
    if path.exists():
        latent = Model(model.shape)
        latent.load_state_dict(torch.load(path, map_location="cpu")["model"])
        result["latentFullPrecision"] = round(held_out_loss(latent, batch, False, "cpu"), 4)
    model.eval()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=str(MODELS / "aria-1.gguf"))
    parser.add_argument("--config", choices=list(CONFIGS), default="cpu", help="whose checkpoint to compare with")
    parser.add_argument("--count", type=int, default=100, help="questions per skill")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load(options.model)
    generator = torch.Generator().manual_seed(1)
    ask = lambda question, temperature=0.0: answer(model, tokenizer, [("user", question)], temperature=temperature, generator=generator)
    report = {
        "loss": losses(model, tokenizer, options.config),
        "accuracy": accuracy(ask, options.count),
        "samples": [{"prompt": q, "greedy": ask(q), "temperature0.7": ask(q, 0.7)} for q in SAMPLES],
    }
    if options.json:
        print(json.dumps(report, indent=2))
        return
    print("loss on held-out answers:", report["loss"])
    print("accuracy on held-out questions:", json.dumps(report["accuracy"], indent=2))
    for sample in report["samples"]:
        print(f"\n> {sample['prompt']}\n[greedy] {sample['greedy']}\n[0.7] {sample['temperature0.7']}")


if __name__ == "__main__":
    main()
