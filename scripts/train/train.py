"""Train the model: full-precision twin first, then quantisation-aware with signs. Resumes by itself.

    python3 scripts/train/train.py --config cpu [--tokens N] [--fresh]
"""
import argparse
from itertools import chain
import json
import os
import random
import signal
import time

import torch
import torch.nn.functional as F

import data
from corpus import mix
from model import Model
from optimizer import Optimizer
from settings import CONFIGS, WORK
from tokenizer import SPECIALS, Tokenizer, train_merges

LOG_EVERY = 20
SAVE_SECONDS = 120
TOKENIZER_CONVERSATIONS = 30_000
GRADIENT_LIMIT = 1.0


def tokenizer_for(settings):
    path = WORK / f"{settings.name}-tokenizer.json"
    if not path.exists():
        rng = random.Random(settings.seed)
        texts = chain.from_iterable((text for _, text in mix.conversation(rng)) for _ in range(TOKENIZER_CONVERSATIONS))
        Tokenizer(train_merges(texts, settings.shape.vocab - 256 - len(SPECIALS))).save(path)
    return Tokenizer.load(path)


def schedule(settings, done):
    """(rate factor, weight decay) after the share `done`: BitNet's two stages, with a short warm-up.

    The first half has a high rate and weight decay, the second a rate that falls to nothing, so that
    signs stop flipping, and no decay.
    """
    if done < settings.warmup:
        return done / settings.warmup, settings.decay
    if done < 0.5:
        return 1.0 - 0.3 * done / 0.5, settings.decay
    return 0.7 * max(0.0, 1.0 - (done - 0.5) / 0.5) + 0.005, 0.0


def loss_of(model, batch, device):
    inputs, targets, weights, mask = (column.to(device) for column in batch)
    hidden = model(inputs, mask)
    weights = weights.reshape(-1)
    losses = F.cross_entropy(model.logits(hidden), targets.reshape(-1), reduction="none")
    answered = (weights >= 1.0).float()
    return (losses * weights).sum() / weights.sum(), ((losses * answered).sum() / answered.sum()).item()


@torch.no_grad()
def held_out_loss(model, batch, binary, device):
    before = model.mode.binary
    model.mode.binary = binary
    model.eval()
    loss = loss_of(model, batch, device)[1]
    model.train()
    model.mode.binary = before
    return loss


def save(path, **state):
    torch.save(state, f"{path}.part")
    os.replace(f"{path}.part", path)


def streams(settings, tokenizer, step):
    """Batches after a resume are new ones, never those already seen: the seed holds the step."""
    seed = f"{settings.seed}:{step}"
    short = data.batches(tokenizer, seed, settings.rows, settings.row)
    long = data.batches(tokenizer, seed + ":long", settings.rows // 4, settings.row * 4, long=True)
    return short, long


def run(settings, total, fresh):
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    WORK.mkdir(parents=True, exist_ok=True)
    tokenizer = tokenizer_for(settings)
    model = Model(settings.shape).to(device)
    model.train()
    optimizer = Optimizer(model)
    path, tokens, step, history = WORK / f"{settings.name}.pt", 0, 0, []
    if path.exists() and not fresh:
        saved = torch.load(path, map_location=device)
        model.load_state_dict(saved["model"])
        optimizer.load(saved["optimizer"])
        tokens, step, history = saved["tokens"], saved["step"], saved["history"]
    short, long = streams(settings, tokenizer, step)
    check = data.held_out_batch(tokenizer, 99, 96, settings.row)
    model.mode.fast = settings.bf16
    started, last_save, mean = time.time(), time.time(), None
    first_tokens = tokens
    stop = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.append(True))
    while tokens < total and not stop:
        done = tokens / total
        model.mode.binary = done >= settings.twin
        factor, decay = schedule(settings, done)
        batch = next(long if step % settings.long_every == settings.long_every - 1 else short)
        loss, answer_loss = loss_of(model, batch, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_LIMIT)
        optimizer.step(settings.rate * factor, settings.embed_rate * factor, decay)
        tokens, step = tokens + batch[0].numel(), step + 1
        mean = answer_loss if mean is None else 0.95 * mean + 0.05 * answer_loss
        if step % LOG_EVERY == 0:
            speed = (tokens - first_tokens) / (time.time() - started)
            print(f"step {step} tokens {tokens} loss {mean:.4f} rate {factor:.3f} {'±1' if model.mode.binary else 'twin'} {speed:.0f} tokens/s", flush=True)
        if time.time() - last_save > SAVE_SECONDS or tokens >= total or stop:
            binary, twin = held_out_loss(model, check, True, device), held_out_loss(model, check, False, device)
            history.append({"step": step, "tokens": tokens, "loss": round(mean, 4), "heldOut": round(binary, 4), "heldOutLatent": round(twin, 4)})
            print("held out:", json.dumps(history[-1]), flush=True)
            save(path, model=model.state_dict(), optimizer=optimizer.state(), tokens=tokens, step=step, history=history, total=total, settings=settings.as_json())
            last_save = time.time()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", choices=list(CONFIGS), default="cpu")
    parser.add_argument("--tokens", type=int, help="train to this many tokens in total instead of the configuration's")
    parser.add_argument("--fresh", action="store_true", help="ignore the checkpoint")
    options = parser.parse_args()
    settings = CONFIGS[options.config]
    run(settings, options.tokens or settings.tokens, options.fresh)


if __name__ == "__main__":
    main()
