"""The Python half of `npm run eval-model`: questions, judgement, bits per byte. One JSON object on stdout.

    python3 scripts/train/evaluate.py questions [--count 250]     {skill: {part: [[conversation, reference]]}}
    python3 scripts/train/evaluate.py judge [--count 250]         stdin {skill: {part: [answer]}}: shares of right answers
    python3 scripts/train/evaluate.py bits FILE [--ablate]        held-out bits per byte in the arithmetic of engine/SPEC.md

The answers themselves come from ARIA's engine (evaluate.ts), so that what is judged is what is shipped.
"""
import argparse
import json
import sys

import torch

import data
import skills
from corpus.draw import Draw, FACT, PARTS, TEMPLATE
from inference import load
from quantize import GROUP, WHOLE_ROW

TEXTS = 240  # conversations for bits per byte, in each part
HELD_OUT = (TEMPLATE, FACT)
NATS_IN_BIT = 0.6931471805599453


def exam(count: int) -> dict:
    """The same questions for every model: a function of the skill, the part and the count."""
    return {name: {part: skills.questions(name, Draw(f"exam {name}", part), count) for part in PARTS} for name in skills.SKILLS}


def judge(texts: dict, count: int) -> dict:
    """Shares of right answers, and how much the free texts repeat themselves."""
    found, free = {}, []
    for name, parts in exam(count).items():
        found[name] = {}
        for part, asked in parts.items():
            given = texts[name][part]
            assert len(given) == count, f"{name} {part}: {len(given)} answers to {count} questions"
            found[name][part] = round(sum(skills.is_right(name, text, *one) for text, one in zip(given, asked)) / count, 4)
            free += given if name in skills.FREE else []
    means = {name: held_out_mean(parts) for name, parts in found.items()}
    return {"accuracy": found, "heldOutAccuracy": means, "meanAccuracy": round(sum(means.values()) / len(means), 4), "repetition": round(skills.repetition(free), 4)}


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


def held_out_mean(values: dict) -> float:
    return round(sum(values[part] for part in HELD_OUT) / len(HELD_OUT), 4)


def bits(path) -> dict:
    model, tokenizer = load(path)
    found = {part: round(bits_per_byte(model, tokenizer, part), 4) for part in PARTS}
    return {**found, "heldOut": held_out_mean(found)}


def rescaled(weight, group: int):
    """A +-1 weight with one scale to `group` inputs instead of 128, or to the whole matrix (0)."""
    rows = weight.view(1, -1) if group == WHOLE_ROW else weight.view(-1, group)
    return (torch.sign(rows) * rows.abs().mean(dim=1, keepdim=True)).view_as(weight)


def ablation(path) -> dict:
    """Held-out bits per byte of the trained 1-bit model when one thing is computed otherwise."""
    def changed(change):
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
            "asShipped": changed(lambda model: None),
            "activationsFp32": changed(activations(None)),
            "activationsPerRow": changed(activations(WHOLE_ROW)),
            "activationsPer32": changed(activations(32)),
            "activationsClipped90": changed(activations(GROUP["q1_0"], 0.9)),
            "activationsClipped50": changed(activations(GROUP["q1_0"], 0.5)),
            "weightScalePerRow": changed(weights("row")),
            "weightScalePerMatrix": changed(weights(None)),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=("questions", "judge", "bits"))
    parser.add_argument("file", nargs="?", help="a GGUF file")
    parser.add_argument("--count", type=int, default=250, help="questions per skill and part of the corpus")
    parser.add_argument("--ablate", action="store_true", help="also with other scales than those of Q1_0")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.job == "questions":
        report = exam(options.count)
    elif options.job == "judge":
        report = judge(json.load(sys.stdin), options.count)
    else:
        report = {"bitsPerByte": bits(options.file), **({"ablation": ablation(options.file)} if options.ablate else {})}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
