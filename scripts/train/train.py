"""Train the full-precision twin, the 1-bit model and its ternary sibling, one after the other; resumes by itself.

    npm run train -- [--config smoke|cpu|gpu] [--only twin|binary|ternary] [--tokens N] [--fresh]
    npm run train -- --config smoke       also checks itself first and the exported files at the end: the whole pipeline in minutes
    npm run train -- --export [--ship]    writes the GGUF files of the checkpoints; the 1-bit one to models/
"""
import argparse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
import json
import math
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

import data
import export
import inference
from corpus import mix
from corpus.draw import Draw
from model import Model
from optimizer import Optimizer
from settings import CONFIGS, VARIANTS
from tokenizer import SPECIALS, Tokenizer, train_merges

LOG_EVERY = 20
SAVE_SECONDS = 180
CHECK_EVERY = 100  # steps between two measurements on held-out conversations
CHECK_COUNT = 120
TOKENIZER_CONVERSATIONS = 30_000
GRADIENT_LIMIT = 1.0
FILE_TOLERANCE = 0.02  # nats: the file has an 8-bit embedding and output matrix, training has not


def log(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


def tokenizer_for(settings):
    path = settings.file("tokenizer.json")
    if not path.exists():
        log("training the tokenizer")
        draw = Draw(f"tokenizer {settings.seed}")
        texts = (text for _ in range(TOKENIZER_CONVERSATIONS) for _, text in mix.conversation(draw))
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


def loss_of(model, batch, teacher=None, share=0.0):
    """(weighted sum of losses for the gradient, sum of cross-entropy of answers in nats)."""
    logits = model.logits(model(batch.inputs, batch.lengths)[batch.answers])
    losses = F.cross_entropy(logits, batch.targets, reduction="none")
    loss = (losses * batch.weights).sum()
    if teacher is not None:
        with torch.no_grad():
            wanted = torch.log_softmax(teacher.logits(teacher(batch.inputs, batch.lengths)[batch.answers]), dim=-1)
        divergence = F.kl_div(torch.log_softmax(logits, dim=-1), wanted, reduction="none", log_target=True).sum(dim=1)
        loss = (1 - share) * loss + share * (divergence * batch.weights).sum()
    return loss, losses.detach().sum().item()


@torch.no_grad()
def held_out_loss(model, batch) -> float:
    """Nats per answer token, in the arithmetic of the exported file."""
    fast, model.mode.fast = model.mode.fast, False
    model.round_weights()
    loss = loss_of(model, batch)[1] / len(batch.targets)
    model.mode.fast = fast
    return loss


def gradients(model, parts, teacher, share, each):
    """Sets the gradients of a batch; returns nats per answer token. Parts are summed in their order, so that
    the result does not depend on which worker was faster."""
    parameters = list(model.parameters())
    model.round_weights()

    def part_gradients(part):
        loss, nats = loss_of(model, part, teacher, share)
        return torch.autograd.grad(loss, parameters), nats

    weight, nats = sum(part.weights.sum().item() for part in parts), 0.0
    for found, part_nats in each(part_gradients, parts):
        nats += part_nats
        for parameter, gradient in zip(parameters, found):
            parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
    for parameter in parameters:
        parameter.grad.div_(weight)
    return nats / sum(len(part.targets) for part in parts)


def save(path, **state):
    torch.save(state, f"{path}.part")
    os.replace(f"{path}.part", path)


class Run:
    """One variant's training: its model, optimiser and how far it is."""

    def __init__(self, settings, variant, device, each=map):
        torch.manual_seed(settings.seed)
        self.settings, self.variant, self.device, self.each = settings, variant, device, each
        self.model = Model(settings.shape).to(device)
        self.model.mode.fast = settings.bf16
        self.optimizer = Optimizer(self.model)
        self.tokens, self.step, self.history = 0, 0, []
        self.path = settings.file(f"{variant}.pt")
        self.start_path = settings.file("start.pt")  # where the variants part

    def identity(self) -> dict:
        return {"settings": json.loads(json.dumps(self.settings.as_json())), "corpus": mix.fingerprint()}

    def load(self, path):
        saved = torch.load(path, map_location=self.device)
        if saved["identity"] != self.identity():
            raise SystemExit(f"{path} was made with other settings or another corpus. Keep them, move the file away, or start over with --fresh.")
        self.model.load_state_dict(saved["model"])
        self.optimizer.load(saved["optimizer"])
        self.tokens, self.step, self.history = saved["tokens"], saved["step"], saved["history"]

    def save(self, path):
        save(path, model=self.model.state_dict(), optimizer=self.optimizer.state(), tokens=self.tokens, step=self.step, history=self.history, identity=self.identity(), variant=self.variant)

    def resume(self):
        """The variant's own checkpoint, or the shared full-precision start."""
        for path in (self.path, self.start_path):
            if path.exists():
                self.load(path)
                return

    def advance(self, parts, teacher):
        done = self.tokens / self.settings.tokens
        started = done >= self.settings.start
        self.model.mode.set_format(VARIANTS[self.variant] if started else "full")
        factor, decay = schedule(self.settings, done)
        answers = gradients(self.model, parts, teacher if started else None, self.settings.distil, self.each)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), GRADIENT_LIMIT)
        self.optimizer.step(self.settings.rate * factor, self.settings.embed_rate * factor, decay, self.each)
        before = self.tokens
        self.tokens, self.step = self.tokens + sum(part.inputs.numel() for part in parts), self.step + 1
        border = self.settings.start * self.settings.tokens
        if before < border <= self.tokens:
            self.save(self.start_path)
        return answers


def teacher_for(settings, variant, device):
    """The finished twin, where the configuration distils from it."""
    if settings.distil == 0 or VARIANTS[variant] == "full":
        return None
    path = settings.file("twin.pt")
    saved = torch.load(path, map_location=device) if path.exists() else {"tokens": 0}
    if saved["tokens"] < settings.tokens:
        raise SystemExit(f"{variant} learns from the twin, and {path} is not finished. Train the twin first: --only twin")
    teacher = Model(settings.shape).to(device)
    teacher.load_state_dict(saved["model"])
    teacher.requires_grad_(False)
    teacher.mode.fast = settings.bf16
    teacher.round_weights()
    return teacher


def train(settings, variant, stop, device, each):
    tokenizer = tokenizer_for(settings)
    run = Run(settings, variant, device, each)
    run.resume()
    if run.tokens >= settings.tokens:
        log(f"{variant} is trained: {run.tokens} tokens, {json.dumps(run.history[-1])}")
        return
    teacher = teacher_for(settings, variant, device)
    check = data.held_out(tokenizer, "check", "template", CHECK_COUNT, settings.shape.context)[0].to(device)
    batches = data.batches(tokenizer, settings, run.step)
    first_tokens, started, last_save, mean = run.tokens, time.time(), time.time(), None
    while run.tokens < settings.tokens and not stop:
        answers = run.advance([part.to(device) for part in next(batches)], teacher)
        mean = answers if mean is None else 0.95 * mean + 0.05 * answers
        if run.step % LOG_EVERY == 0:
            speed = (run.tokens - first_tokens) / (time.time() - started)
            log(f"{variant} step {run.step} tokens {run.tokens} loss {mean:.4f} {run.model.mode.weights} {speed:.0f} tokens/s")
        if run.step % CHECK_EVERY == 0 or run.tokens >= settings.tokens:
            run.history.append({"step": run.step, "tokens": run.tokens, "loss": round(mean, 4), "heldOut": round(held_out_loss(run.model, check), 4)})
            log(f"{variant} {json.dumps(run.history[-1])}")
        if time.time() - last_save > SAVE_SECONDS or run.tokens >= settings.tokens or stop:
            run.save(run.path)
            last_save = time.time()


def check_files(settings):
    """The exported files, read back, have the loss that training measured: the pipeline is whole."""
    export.export_all(settings, ship=False)
    for variant in VARIANTS:
        model, tokenizer = inference.load(settings.file(f"{export.NAME}-{variant}.gguf"))
        check = data.held_out(tokenizer, "check", "template", CHECK_COUNT, settings.shape.context)[0]
        with torch.no_grad():
            loss = loss_of(model, check)[1] / len(check.targets)
        trained = json.loads(settings.file(f"{export.NAME}-{variant}.json").read_text())["history"]
        log(f"{variant}: held-out loss {trained[-1]['heldOut']} in training, {loss:.4f} from the file; {trained[-1]['tokens']} tokens")
        if not abs(loss - trained[-1]["heldOut"]) < FILE_TOLERANCE:
            raise SystemExit(f"The file of {variant} does not compute what was trained.")
        if not loss < math.log(settings.shape.vocab) / 1.5:
            raise SystemExit(f"{variant} has learned nothing.")


def forget(settings, only):
    names = [f"{only}.pt"] if only else ["tokenizer.json", "start.pt", *(f"{variant}.pt" for variant in VARIANTS)]
    for name in names:
        settings.file(name).unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", choices=list(CONFIGS), default="cpu")
    parser.add_argument("--only", choices=list(VARIANTS), help="train just this one")
    parser.add_argument("--tokens", type=int, help="another total than the configuration's")
    parser.add_argument("--fresh", action="store_true", help="ignore the checkpoints")
    parser.add_argument("--export", action="store_true", help="only write the GGUF files of what was trained so far")
    parser.add_argument("--ship", action="store_true", help="with --export: the 1-bit model becomes models/aria-1.gguf")
    options = parser.parse_args()
    settings = CONFIGS[options.config]
    if options.tokens:
        settings = replace(settings, tokens=options.tokens)
    if options.export:
        export.export_all(settings, options.ship)
        return
    settings.file("").mkdir(parents=True, exist_ok=True)
    if options.fresh:
        forget(settings, options.only)
    stop = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.append(True))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    # One thread to a product and several products at once: two threads to a product wait for each other
    # after every product, which costs most on a machine that has other work.
    torch.set_num_threads(1)
    if settings.name == "smoke":
        subprocess.run([sys.executable, str(Path(__file__).with_name("selfcheck.py"))], check=True)
        forget(settings, options.only)
    with ThreadPoolExecutor(settings.workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for variant in VARIANTS if options.only is None else [options.only]:
            if not stop:
                train(settings, variant, stop, device, pool.map if settings.workers > 1 else map)
    if settings.name == "smoke" and not stop and options.only is None:
        check_files(settings)


if __name__ == "__main__":
    main()
