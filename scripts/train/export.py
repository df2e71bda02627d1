"""Write a checkpoint as models/aria-1.gguf and its record models/aria-1.json.

    python3 scripts/train/export.py --config cpu
"""
import argparse
import hashlib
import json
import os

import torch

import gguf
from quantize import pack_q1_0, pack_q8_0
from settings import CONFIGS, MODELS, WORK
from tokenizer import SPECIALS, Tokenizer

NAME = "aria-1"
NORMAL_TOKEN, CONTROL_TOKEN = 1, 3
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def metadata(shape: dict, tokenizer: Tokenizer) -> dict:
    ids = tokenizer.ids
    return {
        "general.architecture": "qwen3",
        "general.type": "model",
        "general.name": NAME,
        "general.author": "ARIA project",
        "general.version": "1",
        "general.description": "A small 1-bit chat model trained from nothing by the ARIA project: short stories, simple arithmetic, questions about ARIA.",
        "general.license": "apache-2.0",
        "general.alignment": gguf.ALIGNMENT,
        "general.file_type": gguf.MOSTLY_Q1_0,
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


def tensors(weights: dict) -> list:
    packed = []
    for name, value in weights.items():
        array = value.float().numpy()
        full = name if name.endswith(".weight") else f"{name}.weight"
        if array.ndim == 1:
            packed.append((full, array.shape, gguf.F32, array.tobytes()))
        elif name == "token_embd":
            packed.append((full, array.shape, gguf.Q8_0, pack_q8_0(array)))
        else:
            packed.append((full, array.shape, gguf.Q1_0, pack_q1_0(array)))
    return packed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", choices=list(CONFIGS), default="cpu")
    parser.add_argument("--name", default=NAME, help="file name without ending")
    options = parser.parse_args()
    saved = torch.load(WORK / f"{options.config}.pt", map_location="cpu")
    tokenizer = Tokenizer.load(WORK / f"{options.config}-tokenizer.json")
    assert len(tokenizer.tokens) == saved["settings"]["shape"]["vocab"], "tokenizer and checkpoint differ in vocabulary"
    data = gguf.write(metadata(saved["settings"]["shape"], tokenizer), tensors(saved["model"]))
    record = {
        "file": f"{options.name}.gguf",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": sum(value.numel() for value in saved["model"].values()),
        "license": "Apache-2.0",
        "training": {**saved["settings"], "scheduledTokens": saved["total"], "tokens": saved["tokens"], "steps": saved["step"]},
        "loss": saved["history"][-1] if saved["history"] else None,
    }
    MODELS.mkdir(exist_ok=True)
    path = MODELS / f"{options.name}.gguf"
    path.with_suffix(".part").write_bytes(data)
    os.replace(path.with_suffix(".part"), path)  # whoever maps the old file keeps a whole one
    path.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"{path.name}: {len(data)} bytes, sha256 {record['sha256']}")


if __name__ == "__main__":
    main()
