"""The number formats of the model, once for training (torch) and once for export (numpy).

Q1_0: a group of 128 weights along the input dimension is sign x scale, where scale is the mean
absolute value rounded to fp16. Activations in front of such a weight are int8 per group of 128 with
scale = absmax / 127 and round half to even, as engine/SPEC.md computes them.
"""
import numpy as np
import torch

GROUP = 128
Q8_GROUP = 32


def sign_scale(weight: torch.Tensor) -> torch.Tensor:
    """The weight as it will be exported: +-1 x fp16 group scale (sign(0) = +1, no mean shift)."""
    grouped = weight.view(weight.shape[0], -1, GROUP)
    scale = grouped.abs().mean(dim=2, keepdim=True).half().float()
    # Where, not torch.sign: sign(0) would be 0, which Q1_0 cannot store.
    return torch.where(grouped >= 0, scale, -scale).view_as(weight)


def int8_groups(values: torch.Tensor) -> torch.Tensor:
    """Activations after rounding to int8 per group of 128, back in fp32."""
    grouped = values.view(*values.shape[:-1], -1, GROUP)
    scale = grouped.abs().amax(dim=-1, keepdim=True).div_(127.0)
    inverse = torch.where(scale > 0, 1.0 / scale, torch.zeros_like(scale))
    return (grouped * inverse).round_().mul_(scale).view_as(values)


class FakeInt8(torch.autograd.Function):
    """int8_groups with a straight-through gradient."""

    @staticmethod
    def forward(ctx, values):
        return int8_groups(values)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class BinaryLinear(torch.autograd.Function):
    """y = x @ sign_scale(w).T; the gradient passes straight through to the latent weight.

    Straight-through means the latent weight gets the gradient of the binary one. `fast` multiplies
    in bf16 (int8 codes and signs survive it, their products with scales lose under 0.4 %): twice
    the speed on CPUs with AVX512-BF16. Evaluation always multiplies in fp32.
    """

    @staticmethod
    def forward(ctx, values, latent, binary, fast):
        weight = sign_scale(latent) if binary else latent
        if fast:
            values, weight = values.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(values, weight)
        return torch.mm(values, weight.t()).float()

    @staticmethod
    def backward(ctx, gradient):
        values, weight = ctx.saved_tensors
        gradient = gradient.to(values.dtype).contiguous()
        return torch.mm(gradient, weight).float(), torch.mm(gradient.t(), values).float(), None, None


def pack_q1_0(weight: np.ndarray) -> bytes:
    """GGUF Q1_0 blocks: fp16 scale, then 128 sign bits, lowest bit first, 1 meaning +scale."""
    grouped = np.ascontiguousarray(weight, dtype=np.float32).reshape(-1, GROUP)
    # torch's mean, so that the exported scale has the bits that training used.
    scale = torch.from_numpy(grouped).abs().mean(dim=1).half().numpy()
    bits = np.packbits(grouped >= 0, axis=1, bitorder="little")
    return np.concatenate([scale.view(np.uint8).reshape(-1, 2), bits], axis=1).tobytes()


def unpack_q1_0(data: bytes, shape: tuple) -> np.ndarray:
    blocks = np.frombuffer(data, dtype=np.uint8).reshape(-1, 2 + GROUP // 8)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    bits = np.unpackbits(blocks[:, 2:], axis=1, bitorder="little").astype(np.float32)
    return ((2 * bits - 1) * scale).reshape(shape)


def pack_q8_0(weight: np.ndarray) -> bytes:
    """GGUF Q8_0 blocks: fp16 scale = absmax / 127, then 32 int8 values."""
    grouped = np.ascontiguousarray(weight, dtype=np.float32).reshape(-1, Q8_GROUP)
    scale = (np.abs(grouped).max(axis=1, keepdims=True) / np.float32(127)).astype(np.float32)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale > 0)
    codes = np.clip(np.rint(grouped * inverse), -127, 127).astype(np.int8)
    return np.concatenate([scale.astype(np.float16).view(np.uint8), codes.view(np.uint8)], axis=1).tobytes()


def unpack_q8_0(data: bytes, shape: tuple) -> np.ndarray:
    blocks = np.frombuffer(data, dtype=np.uint8).reshape(-1, 2 + Q8_GROUP)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    codes = blocks[:, 2:].copy().view(np.int8).astype(np.float32)
    return (codes * scale).reshape(shape)
