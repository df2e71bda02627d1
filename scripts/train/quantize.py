"""The number formats of the model in torch: how training computes is how engine/SPEC.md computes.

A weight is stored in groups along the input dimension, each with one fp16 scale, and the activation row in
front of it is int8 in groups of the same size (SPEC section 3): a = absmax / 127, q = round half to even of
x * (127 / absmax). Gradients pass straight through both roundings (Bengio et al. 2013).

    q1_0    +-1 in groups of 128, scale = mean |w| (XNOR-Net, BitNet)
    tq2_0   -1, 0, 1 in groups of 256, scale = mean |w|, w / scale rounded (BitNet b1.58)
    full    the full-precision twin: nothing is rounded
"""
from dataclasses import dataclass

import torch

GROUP = {"q1_0": 128, "tq2_0": 256}
FORMATS = ("full", "q1_0", "tq2_0")
WHOLE_ROW = 0  # one scale for all values of a token, as BitNet has it: for the ablation


@dataclass
class Mode:
    """How the forward pass computes; one object is shared by all layers."""
    weights: str = "full"
    activations: int | None = None  # values that share one int8 scale; None leaves them as they are
    clip: float = 1.0  # the largest share of absmax that int8 can hold; below 1 outliers are cut
    fast: bool = False  # products in bf16
    output_activations: int | None = None  # the same for the output matrix, when it is exported with 8 bits

    def set_format(self, name: str):
        """Weights and activations as the format stores them."""
        assert name in FORMATS, f"unknown format {name}, expected one of {FORMATS}"
        self.weights, self.activations = name, GROUP.get(name)


def binary(weight: torch.Tensor) -> torch.Tensor:
    """Sign x scale of each group of 128 (sign(0) = +1: Q1_0 has no zero)."""
    grouped = weight.view(weight.shape[0], -1, GROUP["q1_0"])
    scale = grouped.abs().mean(dim=2, keepdim=True).half().float()
    return torch.where(grouped >= 0, scale, -scale).view_as(weight)


def ternary_codes(weight: torch.Tensor):
    """(codes -1, 0, 1; scales) of each group of 256."""
    grouped = weight.view(weight.shape[0], -1, GROUP["tq2_0"])
    scale = grouped.abs().mean(dim=2, keepdim=True).half().float()
    return (grouped / scale.clamp(min=1e-8)).round_().clamp_(-1, 1), scale


def ternary(weight: torch.Tensor) -> torch.Tensor:
    codes, scale = ternary_codes(weight)
    return codes.mul_(scale).view_as(weight)


ROUND = {"full": lambda weight: weight, "q1_0": binary, "tq2_0": ternary}


def int8(values: torch.Tensor, group: int, clip: float = 1.0) -> torch.Tensor:
    """Activations after rounding to int8, back in fp32; `group` values share a scale."""
    grouped = values.view(-1, values.shape[-1] if group == WHOLE_ROW else group)
    largest = grouped.abs().amax(dim=1, keepdim=True).mul_(clip)
    inverse = torch.where(largest > 0, 127.0 / largest, torch.zeros_like(largest))
    return (grouped * inverse).round_().clamp_(-127, 127).mul_(largest / 127.0).view_as(values)


class Int8(torch.autograd.Function):
    """int8 with a straight-through gradient; bf16 output when products are."""

    @staticmethod
    def forward(ctx, values, mode):
        rounded = values if mode.activations is None else int8(values, mode.activations, mode.clip)
        return rounded.bfloat16() if mode.fast else rounded

    @staticmethod
    def backward(ctx, gradient):
        return gradient.float(), None


class Product(torch.autograd.Function):
    """y = x @ weight.T, where `weight` is the latents below each other, already rounded.

    Straight-through: a latent weight gets the gradient of its rounded one. In bf16, int8 codes and signs
    survive exactly; times their scales they lose under 0.4 %. Evaluation multiplies in fp32.
    """

    @staticmethod
    def forward(ctx, values, weight, *latents):
        ctx.save_for_backward(values, weight)
        ctx.rows = [latent.shape[0] for latent in latents]
        return torch.mm(values, weight.t()).float()

    @staticmethod
    def backward(ctx, gradient):
        values, weight = ctx.saved_tensors
        gradient = gradient.to(values.dtype).contiguous()
        latents = torch.mm(gradient.t(), values).float().split(ctx.rows)
        return torch.mm(gradient, weight), None, *latents


def int8_output(values, mode: Mode):
    return values if mode.output_activations is None else int8(values, mode.output_activations)


@torch.no_grad()
def rounded(latents, mode: Mode) -> torch.Tensor:
    """Weights that share their input, as the format stores them and as products take them."""
    weight = torch.cat([ROUND[mode.weights](latent) for latent in latents])
    return weight.bfloat16() if mode.fast else weight
