"""A qwen3 model (QK-norm, RMSNorm, SwiGLU, NEOX RoPE, tied output) with binary linear layers."""
from dataclasses import dataclass

import torch
from torch import nn
import torch.nn.functional as F

from quantize import BinaryLinear, FakeInt8


@dataclass(frozen=True)
class Shape:
    vocab: int = 2048
    width: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    head: int = 64
    ffn: int = 768
    context: int = 1024
    rope_base: float = 10000.0
    eps: float = 1e-6


@dataclass
class Mode:
    """How the forward pass computes; one object shared by all layers."""
    binary: bool = True  # +-1 weights and int8 activations; False is the full-precision twin
    exported: bool = False  # the weights already are +-1 x scale: no need to find signs again
    fast: bool = False  # bf16 products


class Linear(nn.Module):
    def __init__(self, inputs: int, outputs: int, mode: Mode):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * inputs ** -0.5)
        self.mode = mode

    def forward(self, values):
        return BinaryLinear.apply(values, self.weight, self.mode.binary and not self.mode.exported, self.mode.fast)


def rms_norm(values, weight, eps):
    return values * torch.rsqrt(values.pow(2).mean(-1, keepdim=True) + eps) * weight


def rope_table(shape: Shape, length: int):
    frequency = shape.rope_base ** (-torch.arange(0, shape.head, 2).float() / shape.head)
    angle = torch.arange(length).float()[:, None] * frequency[None]
    return torch.cos(angle), torch.sin(angle)


def rotate(values, cos, sin):
    """NEOX order: the first half of a head is paired with the second half."""
    first, second = values.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def shared_by_queries(values, heads):
    """Each key-value head repeated for its group of query heads."""
    batch, groups, length, head = values.shape
    return values[:, :, None].expand(batch, groups, heads // groups, length, head).reshape(batch, heads, length, head)


class Layer(nn.Module):
    def __init__(self, shape: Shape, mode: Mode):
        super().__init__()
        self.shape, self.mode = shape, mode
        queries, keys = shape.heads * shape.head, shape.kv_heads * shape.head
        self.attn_norm = nn.Parameter(torch.ones(shape.width))
        self.attn_q = Linear(shape.width, queries, mode)
        self.attn_k = Linear(shape.width, keys, mode)
        self.attn_v = Linear(shape.width, keys, mode)
        self.attn_q_norm = nn.Parameter(torch.ones(shape.head))
        self.attn_k_norm = nn.Parameter(torch.ones(shape.head))
        self.attn_output = Linear(queries, shape.width, mode)
        self.ffn_norm = nn.Parameter(torch.ones(shape.width))
        self.ffn_gate = Linear(shape.width, shape.ffn, mode)
        self.ffn_up = Linear(shape.width, shape.ffn, mode)
        self.ffn_down = Linear(shape.ffn, shape.width, mode)

    def act(self, values):
        return FakeInt8.apply(values) if self.mode.binary else values

    def attention(self, x, batch, length, cos, sin, mask, past=None):
        s = self.shape
        h = self.act(rms_norm(x, self.attn_norm, s.eps))
        q = self.attn_q(h).view(batch, length, s.heads, s.head)
        k = self.attn_k(h).view(batch, length, s.kv_heads, s.head)
        v = self.attn_v(h).view(batch, length, s.kv_heads, s.head).transpose(1, 2)
        q = rotate(rms_norm(q, self.attn_q_norm, s.eps).transpose(1, 2), cos, sin)
        k = rotate(rms_norm(k, self.attn_k_norm, s.eps).transpose(1, 2), cos, sin)
        if past is not None:
            if past:
                k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
            past[:] = [k, v]
        k, v = shared_by_queries(k, s.heads), shared_by_queries(v, s.heads)
        product = torch.bfloat16 if self.mode.fast else torch.float32
        scores = torch.matmul((q * s.head ** -0.5).to(product), k.to(product).transpose(2, 3)).float()
        if mask is not None:
            scores = scores + mask
        mixed = torch.matmul(torch.softmax(scores, dim=-1).to(product), v.to(product)).float()
        return self.attn_output(self.act(mixed.transpose(1, 2).reshape(batch * length, -1)))

    def forward(self, x, batch, length, cos, sin, mask, past=None):
        x = x + self.attention(x, batch, length, cos, sin, mask, past)
        h = self.act(rms_norm(x, self.ffn_norm, self.shape.eps))
        hidden = F.silu(self.ffn_gate(h)) * self.ffn_up(h)
        return x + self.ffn_down(self.act(hidden))


class Model(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape, self.mode = shape, Mode()
        self.token_embd = nn.Parameter(torch.randn(shape.vocab, shape.width) * 0.05)
        self.blk = nn.ModuleList([Layer(shape, self.mode) for _ in range(shape.layers)])
        self.output_norm = nn.Parameter(torch.ones(shape.width))
        cos, sin = rope_table(shape, shape.context)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def forward(self, tokens, mask=None, start=0, past=None):
        """Final hidden states [batch * length, width]; `mask` is added to attention scores."""
        batch, length = tokens.shape
        x = self.token_embd[tokens.reshape(-1)] if not self.training else F.embedding(tokens.reshape(-1), self.token_embd)
        cos, sin = self.cos[start:start + length], self.sin[start:start + length]
        if mask is None and length > 1:
            mask = torch.full((length, start + length), float("-inf")).triu(1 + start)
        for index, layer in enumerate(self.blk):
            x = layer(x, batch, length, cos, sin, mask, None if past is None else past[index])
        return rms_norm(x, self.output_norm, self.shape.eps)

    def logits(self, hidden):
        # Binary=False here: the tied output matrix stays at 8 bits or more.
        return BinaryLinear.apply(hidden, self.token_embd, False, self.mode.fast)
