"""Run an exported GGUF file in PyTorch: the reference that the engine and llama.cpp are compared with."""
from pathlib import Path

import numpy as np
import torch

import gguf
from model import Model, Shape
from quantize import unpack_q1_0, unpack_q8_0
from tokenizer import SPECIALS, Tokenizer

UNPACK = {
    gguf.F32: lambda data, shape: np.frombuffer(data[:4 * int(np.prod(shape))], dtype=np.float32).reshape(shape).copy(),
    gguf.Q8_0: lambda data, shape: unpack_q8_0(data[:int(np.prod(shape)) // 32 * 34], shape),
    gguf.Q1_0: lambda data, shape: unpack_q1_0(data[:int(np.prod(shape)) // 128 * 18], shape),
}


def load(path):
    file = gguf.Reader(Path(path).read_bytes())
    about = file.metadata
    shape = Shape(
        vocab=about["qwen3.vocab_size"], width=about["qwen3.embedding_length"], layers=about["qwen3.block_count"],
        heads=about["qwen3.attention.head_count"], kv_heads=about["qwen3.attention.head_count_kv"],
        head=about["qwen3.attention.key_length"], ffn=about["qwen3.feed_forward_length"],
        context=about["qwen3.context_length"], rope_base=about["qwen3.rope.freq_base"],
    )
    model = Model(shape)
    model.load_state_dict({
        (name[:-7] if name[:-7] in ("token_embd", "output_norm") or "norm" in name else name): torch.from_numpy(UNPACK[kind](data, dims))
        for name, (dims, kind, data) in file.tensors.items()
    })
    model.mode.exported = True
    model.eval()
    return model, Tokenizer([tuple(merge.split(" ")) for merge in about["tokenizer.ggml.merges"]])


def prompt(messages) -> str:
    return "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in messages) + "<|im_start|>assistant\n"


@torch.no_grad()
def generate(model, tokenizer, ids, limit=300, temperature=0.0, generator=None):
    past, output, fresh = [[] for _ in model.blk], [], list(ids)
    while len(output) < limit and len(ids) + len(output) < model.shape.context:
        start = len(ids) + len(output) - len(fresh)
        hidden = model(torch.tensor([fresh]), start=start, past=past)
        logits = model.logits(hidden[-1:])[0]
        if temperature > 0:
            token = torch.multinomial(torch.softmax(logits / temperature, -1), 1, generator=generator).item()
        else:
            token = logits.argmax().item()
        if token == tokenizer.end_of_turn:
            break
        output.append(token)
        fresh = [token]
    return output


def answer(model, tokenizer, messages, **options) -> str:
    return tokenizer.decode(generate(model, tokenizer, tokenizer.encode(prompt(messages)), **options))
