"""Run GGUF files in PyTorch, many prompts at once: the reference that the engine and llama.cpp are compared with."""
from pathlib import Path

import torch

import gguf
from formats import UNPACK
from model import Model, Shape, rms_norm
from quantize import GROUP
from tokenizer import Tokenizer

ACTIVATIONS = {gguf.F16: None, gguf.Q1_0: GROUP["q1_0"], gguf.TQ2_0: GROUP["tq2_0"]}
OUTPUT_ACTIVATIONS = 32  # in front of a Q8_0 output matrix


def load(path):
    """(model, tokenizer) of a file; linear layers compute as engine/SPEC.md says for their type."""
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
    # The stored weights are rounded already, so only activations are rounded here.
    model.mode.activations = ACTIVATIONS[file.tensors["blk.0.attn_q.weight"][1]]
    model.mode.output_activations = OUTPUT_ACTIVATIONS if file.tensors["token_embd.weight"][1] == gguf.Q8_0 else None
    model.requires_grad_(False)
    model.round_weights()
    return model, Tokenizer([tuple(merge.split(" ")) for merge in about["tokenizer.ggml.merges"]])


def prompt(messages) -> str:
    return "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in messages) + "<|im_start|>assistant\n"


class Cache:
    """Keys and values of one layer: [prompts, room, kv heads, head], each prompt filled from the left."""

    def __init__(self, collected, lengths, room):
        keys, values = collected
        shape = (len(lengths), room, *keys[0].shape[1:])
        self.keys, self.values = torch.zeros(shape), torch.zeros(shape)
        for index, length in enumerate(lengths):
            self.keys[index, :length], self.values[index, :length] = keys[index], values[index]

    def attention(self, filled, mask):
        """Attention of one new token per prompt, which goes to place `filled` of its row."""
        rows = torch.arange(len(filled))

        def attend(q, k, v):
            self.keys[rows, filled], self.values[rows, filled] = k, v
            count, heads, head = q.shape
            groups = k.shape[1]
            scores = torch.matmul(q.view(count, groups, -1, head), self.keys.permute(0, 2, 3, 1)) + mask
            return torch.matmul(torch.softmax(scores, dim=-1), self.values.transpose(1, 2)).reshape(count, heads * head)

        return attend


def choose(logits, temperature, generator):
    if temperature == 0:
        return logits.argmax(dim=1)
    return torch.multinomial(torch.softmax(logits / temperature, dim=1), 1, generator=generator)[:, 0]


@torch.no_grad()
def generate(model, prompts, end: int, limit=300, temperature=0.0, generator=None):
    """The tokens that follow each prompt (lists of ids), up to `end`, `limit` or the end of the context."""
    lengths = [len(ids) for ids in prompts]
    room = min(max(lengths) + limit, model.shape.context)
    collected = []
    hidden = model(torch.tensor([token for ids in prompts for token in ids]), lengths, collected)
    caches = [Cache(one, lengths, room) for one in collected]
    filled = torch.tensor(lengths)
    tokens = choose(model.logits(hidden[filled.cumsum(0) - 1]), temperature, generator)
    outputs, open_rows = [[] for _ in prompts], set(range(len(prompts)))
    places = torch.arange(room)
    for _ in range(limit):
        for row in list(open_rows):
            token = tokens[row].item()
            if token == end or filled[row] >= model.shape.context:
                open_rows.discard(row)
            else:
                outputs[row].append(token)
        if not open_rows:
            break
        at = filled.clamp(max=room - 1)
        mask = torch.zeros(len(prompts), room).masked_fill_(places[None] > at[:, None], float("-inf"))[:, None, None]
        x, cos, sin = model.token_embd[tokens], model.cos[at], model.sin[at]
        for layer, cache in zip(model.blk, caches):
            x = layer(x, cache.attention(at, mask), cos, sin)
        tokens = choose(model.logits(rms_norm(x, model.output_norm, model.shape.eps)), temperature, generator)
        filled = filled + 1
    return outputs


def answers(model, tokenizer, conversations, batch=48, **options) -> list:
    """The answer to each conversation (lists of (role, text)); those of similar length run together."""
    encoded = [tokenizer.encode(prompt(messages)) for messages in conversations]
    order = sorted(range(len(encoded)), key=lambda index: len(encoded[index]))
    texts = [""] * len(encoded)
    for start in range(0, len(order), batch):
        part = order[start:start + batch]
        for index, output in zip(part, generate(model, [encoded[i] for i in part], tokenizer.end_of_turn, **options)):
            texts[index] = tokenizer.decode(output)
    return texts
