"""A qwen3 model (QK-norm, RMSNorm, SwiGLU, NEOX RoPE, tied output) whose linear layers are rounded as `Mode` says.

Documents lie one after the other in one flat row of tokens; each sees only itself, so there is no padding.
"""
from dataclasses import dataclass

import torch
from torch import nn
import torch.nn.functional as F

from quantize import Int8, Mode, Product, int8_output, rounded


@dataclass(frozen=True)
class Shape:
    vocab: int = 2048
    width: int = 512
    layers: int = 5
    heads: int = 8
    kv_heads: int = 2
    head: int = 64
    ffn: int = 768
    context: int = 1024
    rope_base: float = 10000.0
    eps: float = 1e-6


class Linear(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * inputs ** -0.5)


def rms_norm(values, weight, eps):
    return values * torch.rsqrt(values.pow(2).mean(-1, keepdim=True) + eps) * weight


def rope_table(shape: Shape, length: int):
    frequency = shape.rope_base ** (-torch.arange(0, shape.head, 2).float() / shape.head)
    angle = torch.arange(length).float()[:, None] * frequency[None]
    return torch.cos(angle), torch.sin(angle)


def rotate(values, cos, sin):
    """NEOX order: the first half of a head is paired with the second half. `values` [tokens, heads, head]."""
    first, second = values.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def attend(q, k, v, mask, fast):
    """One document: q [length, heads, head] against k and v [length, kv heads, head]; `mask` is added."""
    length, heads, head = q.shape
    groups = k.shape[1]
    product = torch.bfloat16 if fast else torch.float32
    q = q.to(product).view(length, groups, heads // groups, head).permute(1, 2, 0, 3).reshape(groups, -1, head)
    scores = torch.matmul(q, k.to(product).permute(1, 2, 0)).float().view(groups, heads // groups, length, -1) + mask
    mixed = torch.matmul(torch.softmax(scores, dim=-1).to(product).view(groups, -1, k.shape[0]), v.to(product).transpose(0, 1)).float()
    return mixed.view(groups, heads // groups, length, head).permute(2, 0, 1, 3).reshape(length, heads * head)


class Layer(nn.Module):
    def __init__(self, shape: Shape, mode: Mode):
        super().__init__()
        self.shape, self.mode = shape, mode
        queries, keys = shape.heads * shape.head, shape.kv_heads * shape.head
        self.attn_norm = nn.Parameter(torch.ones(shape.width))
        self.attn_q = Linear(shape.width, queries)
        self.attn_k = Linear(shape.width, keys)
        self.attn_v = Linear(shape.width, keys)
        self.attn_q_norm = nn.Parameter(torch.ones(shape.head))
        self.attn_k_norm = nn.Parameter(torch.ones(shape.head))
        self.attn_output = Linear(queries, shape.width)
        self.ffn_norm = nn.Parameter(torch.ones(shape.width))
        self.ffn_gate = Linear(shape.width, shape.ffn)
        self.ffn_up = Linear(shape.width, shape.ffn)
        self.ffn_down = Linear(shape.ffn, shape.width)

        # Layers that share their input are one product.
        self.shared = {"qkv": (self.attn_q, self.attn_k, self.attn_v), "out": (self.attn_output,), "up": (self.ffn_gate, self.ffn_up), "down": (self.ffn_down,)}

    def round_weights(self):
        self.rounded = {name: rounded([layer.weight for layer in layers], self.mode) for name, layers in self.shared.items()}

    def linear(self, name, values):
        return Product.apply(Int8.apply(values, self.mode), self.rounded[name], *(layer.weight for layer in self.shared[name]))

    def queries_keys_values(self, x, cos, sin):
        s = self.shape
        out = self.linear("qkv", rms_norm(x, self.attn_norm, s.eps))
        q, k, v = out.split([s.heads * s.head, s.kv_heads * s.head, s.kv_heads * s.head], dim=1)
        q = rms_norm(q.reshape(-1, s.heads, s.head), self.attn_q_norm, s.eps) * s.head ** -0.5
        k = rms_norm(k.reshape(-1, s.kv_heads, s.head), self.attn_k_norm, s.eps)
        return rotate(q, cos, sin), rotate(k, cos, sin), v.reshape(-1, s.kv_heads, s.head)

    def feed_forward(self, x):
        gate, up = self.linear("up", rms_norm(x, self.ffn_norm, self.shape.eps)).chunk(2, dim=1)
        return x + self.linear("down", F.silu(gate) * up)

    def forward(self, x, attention, cos, sin):
        """`attention(q, k, v)` mixes the tokens of each document."""
        mixed = attention(*self.queries_keys_values(x, cos, sin))
        return self.feed_forward(x + self.linear("out", mixed))


class Model(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape, self.mode = shape, Mode()
        self.token_embd = nn.Parameter(torch.randn(shape.vocab, shape.width) * 0.05)
        self.blk = nn.ModuleList([Layer(shape, self.mode) for _ in range(shape.layers)])
        self.output_norm = nn.Parameter(torch.ones(shape.width))
        cos, sin = rope_table(shape, shape.context)
        self.register_buffer("cos", cos[:, None], persistent=False)
        self.register_buffer("sin", sin[:, None], persistent=False)
        self.register_buffer("causal", torch.full((shape.context, shape.context), float("-inf")).triu(1), persistent=False)

    def round_weights(self):
        """Before the first forward pass, and again when weights or mode have changed."""
        for layer in self.blk:
            layer.round_weights()
        # The tied output matrix keeps 8 bits or more, so training leaves it as it is.
        self.output = self.token_embd.detach().bfloat16() if self.mode.fast else self.token_embd.detach()

    def documents(self, lengths):
        """The attention of documents of these lengths, which lie one after the other."""
        def attention(q, k, v):
            parts = zip(q.split(lengths), k.split(lengths), v.split(lengths))
            return torch.cat([attend(*part, self.causal[:n, :n], self.mode.fast) for part, n in zip(parts, lengths)])
        return attention

    def forward(self, tokens, lengths, caches=None):
        """Final hidden states [tokens, width]. `caches` collects each layer's keys and values."""
        positions = torch.cat([torch.arange(n, device=tokens.device) for n in lengths])
        cos, sin = self.cos[positions], self.sin[positions]
        attention = self.documents(lengths)

        def collecting(q, k, v):
            caches.append((k.split(lengths), v.split(lengths)))
            return attention(q, k, v)

        x = F.embedding(tokens, self.token_embd)
        for layer in self.blk:
            x = layer(x, attention if caches is None else collecting, cos, sin)
        return rms_norm(x, self.output_norm, self.shape.eps)

    def logits(self, hidden):
        return Product.apply(int8_output(hidden, self.mode).to(self.output.dtype), self.output, self.token_embd)
