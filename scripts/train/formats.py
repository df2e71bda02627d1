"""The tensor types of GGUF that this project writes, packed and unpacked with numpy (engine/SPEC.md section 2)."""
import numpy as np
import torch

import gguf
from quantize import GROUP, ternary_codes

BINARY, TERNARY, Q8 = GROUP["q1_0"], GROUP["tq2_0"], 32
SHIFTS = np.array([0, 2, 4, 6], dtype=np.uint8)


def pack_f32(weight):
    return np.ascontiguousarray(weight, dtype=np.float32).tobytes()


def unpack_f32(data, shape):
    return np.frombuffer(data, dtype=np.float32, count=int(np.prod(shape))).reshape(shape).copy()


def pack_f16(weight):
    return np.ascontiguousarray(weight).astype(np.float16).tobytes()


def unpack_f16(data, shape):
    return np.frombuffer(data, dtype=np.float16, count=int(np.prod(shape))).reshape(shape).astype(np.float32)


def pack_q1_0(weight):
    """fp16 scale, then 128 sign bits, lowest bit first, 1 meaning +scale."""
    grouped = np.ascontiguousarray(weight, dtype=np.float32).reshape(-1, BINARY)
    # torch's mean, so that the exported scale has the bits that training used.
    scale = torch.from_numpy(grouped).abs().mean(dim=1).half().numpy()
    bits = np.packbits(grouped >= 0, axis=1, bitorder="little")
    return np.concatenate([scale.view(np.uint8).reshape(-1, 2), bits], axis=1).tobytes()


def unpack_q1_0(data, shape):
    blocks = blocks_of(data, shape, BINARY, 2 + BINARY // 8)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    bits = np.unpackbits(blocks[:, 2:], axis=1, bitorder="little").astype(np.float32)
    return ((2 * bits - 1) * scale).reshape(shape)


def pack_tq2_0(weight):
    """64 bytes of codes (weight / scale + 1) for two halves of 128, four codes of stride 32 in a byte; then the scale."""
    codes, scale = ternary_codes(torch.from_numpy(np.ascontiguousarray(weight, dtype=np.float32)))
    codes = (codes.numpy() + 1).astype(np.uint8).reshape(-1, 2, 4, 32)
    packed = np.bitwise_or.reduce(codes << SHIFTS[None, None, :, None], axis=2).reshape(-1, TERNARY // 4)
    return np.concatenate([packed, scale.half().numpy().reshape(-1, 1).view(np.uint8)], axis=1).tobytes()


def unpack_tq2_0(data, shape):
    blocks = blocks_of(data, shape, TERNARY, 2 + TERNARY // 4)
    scale = blocks[:, -2:].copy().view(np.float16).astype(np.float32)
    codes = blocks[:, :-2].reshape(-1, 2, 1, 32) >> SHIFTS[None, None, :, None] & 3
    return ((codes.reshape(-1, TERNARY).astype(np.float32) - 1) * scale).reshape(shape)


def pack_q8_0(weight):
    """fp16 scale = absmax / 127, then 32 int8 values."""
    grouped = np.ascontiguousarray(weight, dtype=np.float32).reshape(-1, Q8)
    scale = (np.abs(grouped).max(axis=1, keepdims=True) / np.float32(127)).astype(np.float32)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale > 0)
    codes = np.clip(np.rint(grouped * inverse), -127, 127).astype(np.int8)
    return np.concatenate([scale.astype(np.float16).view(np.uint8), codes.view(np.uint8)], axis=1).tobytes()


def unpack_q8_0(data, shape):
    blocks = blocks_of(data, shape, Q8, 2 + Q8)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    return (blocks[:, 2:].copy().view(np.int8).astype(np.float32) * scale).reshape(shape)


def blocks_of(data, shape, group, size):
    count = int(np.prod(shape)) // group
    return np.frombuffer(data, dtype=np.uint8, count=count * size).reshape(count, size)


PACK = {gguf.F32: pack_f32, gguf.F16: pack_f16, gguf.Q8_0: pack_q8_0, gguf.Q1_0: pack_q1_0, gguf.TQ2_0: pack_tq2_0}
UNPACK = {gguf.F32: unpack_f32, gguf.F16: unpack_f16, gguf.Q8_0: unpack_q8_0, gguf.Q1_0: unpack_q1_0, gguf.TQ2_0: unpack_tq2_0}
