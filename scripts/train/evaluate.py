"""Measure GGUF files side by side, in the arithmetic that engine/SPEC.md gives them; one JSON object on stdout.

    python3 scripts/train/evaluate.py [--count 250] [--model name=file.gguf ...]

Held-out bits per byte, accuracy per skill on the parts of the corpus that training never saw (corpus/draw.py),
repetition, and what other scales than those of the format would do to the 1-bit model.
"""
import argparse
import json
import sys
import time

import torch

import data
import skills
from corpus.draw import Draw, FACT, PARTS, TEMPLATE
from inference import answers, load
from quantize import GROUP, WHOLE_ROW

TEXTS = 240  # conversations for bits per byte, in each part
ANSWER_MAX = 300  # tokens
HELD_OUT = (TEMPLATE, FACT)
NATS_IN_BIT = 0.6931471805599453


def log(text):
    print(text, file=sys.stderr, flush=True)


@torch.no_grad()
def bits_per_byte(model, tokenizer, part: str, count=TEXTS) -> float:
    """Of the answers in single-turn conversations; the end mark of an answer costs bits and is no byte."""
    nats = size = 0.0
    for start in range(0, count, 40):
        batch, characters = data.held_out(tokenizer, f"bits {start}", part, min(40, count - start), model.shape.context)
        hidden = model(batch.inputs, batch.lengths)[batch.answers]
        nats += torch.nn.functional.cross_entropy(model.logits(hidden), batch.targets, reduction="sum").item()
        size += characters
    return nats / NATS_IN_BIT / size


def accuracy(model, tokenizer, count: int):
    """({skill: {part: share}}, repetition of free texts)."""
    found, free = {}, []
    for name in skills.SKILLS:
        found[name] = {}
        for part in PARTS:
            asked = skills.questions(name, Draw(f"exam {name}", part), count)
            texts = answers(model, tokenizer, [conversation for conversation, _ in asked], limit=ANSWER_MAX)
            right = sum(skills.is_right(name, text, *question) for text, question in zip(texts, asked))
            found[name][part] = round(right / count, 4)
            free += texts if name in skills.FREE else []
        log(f"  {name} {found[name]}")
    return found, round(skills.repetition(free), 4)


def held_out_mean(values: dict) -> float:
    return round(sum(values[part] for part in HELD_OUT) / len(HELD_OUT), 4)


def measure(path, count: int) -> dict:
    started = time.time()
    model, tokenizer = load(path)
    bits = {part: round(bits_per_byte(model, tokenizer, part), 4) for part in PARTS}
    log(f"{path}: bits per byte {bits}")
    found, repeated = accuracy(model, tokenizer, count)
    means = {name: held_out_mean(parts) for name, parts in found.items()}
    return {"bitsPerByte": {**bits, "heldOut": held_out_mean(bits)}, "accuracy": found, "heldOutAccuracy": means,
            "meanAccuracy": round(sum(means.values()) / len(means), 4), "repetition": repeated, "questionsPerSkill": count * len(HELD_OUT), "seconds": round(time.time() - started)}


def rescaled(weight, group: int):
    """A +-1 weight with one scale to `group` inputs instead of 128, or to the whole matrix (0)."""
    rows = weight.view(1, -1) if group == WHOLE_ROW else weight.view(-1, group)
    return (torch.sign(rows) * rows.abs().mean(dim=1, keepdim=True)).view_as(weight)


def ablation(path) -> dict:
    """Held-out bits per byte of the trained 1-bit model when one thing is computed otherwise."""
    def bits(change):
        model, tokenizer = load(path)
        change(model)
        model.round_weights()
        return held_out_mean({part: bits_per_byte(model, tokenizer, part, TEXTS // 2) for part in HELD_OUT})

    def activations(group, clip=1.0):
        def change(model):
            model.mode.activations, model.mode.clip = group, clip
        return change

    def weights(group):
        def change(model):
            for layer in model.blk:
                for linear in (one for shared in layer.shared.values() for one in shared):
                    linear.weight.copy_(rescaled(linear.weight, group or WHOLE_ROW) if group != "row" else rescaled(linear.weight, linear.weight.shape[1]))
        return change

    with torch.no_grad():
        return {
            "asShipped": bits(lambda model: None),
            "activationsFp32": bits(activations(None)),
            "activationsPerRow": bits(activations(WHOLE_ROW)),
            "activationsPer32": bits(activations(32)),
            "activationsClipped90": bits(activations(GROUP["q1_0"], 0.9)),
            "activationsClipped50": bits(activations(GROUP["q1_0"], 0.5)),
            "weightScalePerRow": bits(weights("row")),
            "weightScalePerMatrix": bits(weights(None)),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", default=[], metavar="NAME=FILE", help="a file to measure; may come several times")
    parser.add_argument("--count", type=int, default=250, help="questions per skill and part of the corpus")
    parser.add_argument("--ablate", metavar="FILE", help="the 1-bit file whose scales are varied")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    report = {"models": {}}
    for name, path in (model.split("=", 1) for model in options.model):
        report["models"][name] = measure(path, options.count)
    if options.ablate:
        report["ablation"] = ablation(options.ablate)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
