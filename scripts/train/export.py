"""Write what was trained as GGUF files with their records, beside the checkpoints; --ship puts the 1-bit one into models/.

    npm run train -- --export [--config cpu] [--ship]
"""
import hashlib
import json
import os

import torch

import gguf
from formats import PACK
from settings import MODELS
from tokenizer import SPECIALS, Tokenizer

NAME = "aria-1"
NORMAL_TOKEN, CONTROL_TOKEN = 1, 3
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
# The linear layers of each file; `naive` is the twin with its weights rounded after training, which is not how it works.
KINDS = {"twin": gguf.F16, "binary": gguf.Q1_0, "ternary": gguf.TQ2_0, "naive": gguf.Q1_0}
SOURCE = {"naive": "twin"}


def metadata(shape: dict, tokenizer: Tokenizer, kind: int) -> dict:
    ids = tokenizer.ids
    return {
        "general.architecture": "qwen3",
        "general.type": "model",
        "general.name": NAME,
        "general.author": "ARIA project",
        "general.version": "2",
        "general.description": "A small 1-bit chat model trained from nothing by the ARIA project: stories, sums, lists, short texts, questions about ARIA.",
        "general.license": "apache-2.0",
        "general.alignment": gguf.ALIGNMENT,
        "general.file_type": gguf.FILE_TYPE[kind],
        "general.quantization_version": 2,
        "qwen3.block_count": shape["layers"],
        "qwen3.context_length": shape["context"],
        "qwen3.embedding_length": shape["width"],
        "qwen3.feed_forward_length": shape["ffn"],
        "qwen3.attention.head_count": shape["heads"],
        "qwen3.attention.head_count_kv": shape["kv_heads"],
        "qwen3.attention.key_length": shape["head"],
        "qwen3.attention.value_length": shape["head"],
        "qwen3.attention.layer_norm_rms_epsilon": shape["eps"],
        "qwen3.rope.freq_base": shape["rope_base"],
        "qwen3.vocab_size": shape["vocab"],
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokenizer.tokens,
        "tokenizer.ggml.token_type": [CONTROL_TOKEN if token in SPECIALS else NORMAL_TOKEN for token in tokenizer.tokens],
        "tokenizer.ggml.merges": [f"{first} {second}" for first, second in tokenizer.merges],
        "tokenizer.ggml.bos_token_id": ids["<|endoftext|>"],
        "tokenizer.ggml.eos_token_id": ids["<|im_end|>"],
        "tokenizer.ggml.padding_token_id": ids["<|endoftext|>"],
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": CHAT_TEMPLATE,
    }


def tensors(weights: dict, kind: int) -> list:
    """Norms stay fp32; the embedding, which is also the output matrix, keeps 8 bits beside small weights."""
    packed = []
    for name, value in weights.items():
        array = value.float().numpy()
        full = name if name.endswith(".weight") else f"{name}.weight"
        stored = gguf.F32 if array.ndim == 1 else gguf.Q8_0 if name == "token_embd" and kind != gguf.F16 else kind
        packed.append((full, array.shape, stored, PACK[stored](array)))
    return packed


def write(path, data: bytes):
    part = path.with_suffix(".part")
    part.write_bytes(data)
    os.replace(part, path)  # whoever maps the old file keeps a whole one


def export(settings, name: str, folder, file: str):
    """The file of one variant and its record; None when its checkpoint is missing."""
    source = settings.file(f"{SOURCE.get(name, name)}.pt")
    if not source.exists():
        return None
    saved = torch.load(source, map_location="cpu")
    tokenizer = Tokenizer.load(settings.file("tokenizer.json"))
    assert len(tokenizer.tokens) == saved["identity"]["settings"]["shape"]["vocab"], "tokenizer and checkpoint differ in vocabulary"
    data = gguf.write(metadata(saved["identity"]["settings"]["shape"], tokenizer, KINDS[name]), tensors(saved["model"], KINDS[name]))
    record = {
        "file": f"{file}.gguf", "variant": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data),
        "parameters": sum(value.numel() for value in saved["model"].values()), "license": "Apache-2.0",
        "corpus": saved["identity"]["corpus"], "training": {**saved["identity"]["settings"], "tokensSeen": saved["tokens"], "steps": saved["step"]},
        "history": saved["history"],
    }
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / f"{file}.gguf", data)
    write(folder / f"{file}.json", (json.dumps(record, indent=2) + "\n").encode())
    return record


def export_all(settings, ship: bool):
    for name in KINDS:
        record = export(settings, name, settings.file(""), f"{NAME}-{name}")
        print(f"{name}: " + (f"{record['bytes']} bytes, {record['training']['tokensSeen']} tokens, sha256 {record['sha256']}" if record else "not trained yet"))
    if ship and not export(settings, "binary", MODELS, NAME):
        raise SystemExit(f"There is no 1-bit checkpoint of the configuration {settings.name} to ship. Train it first.")
