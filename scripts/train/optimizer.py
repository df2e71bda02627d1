"""Muon for the latent weights of the linear layers, Adam for embedding and norms.

Muon (Jordan et al., 2024) makes the momentum of a matrix orthogonal, so that every direction learns
at the same pace: fewer tokens for the same loss, which is what a CPU budget lacks. It works on blocks of
at most 256 rows, which halves its price (Newton-Schulz costs rows x rows x columns).
"""
import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
STEPS = 5
BLOCK = 256
MATCH_ADAM = 0.2  # root mean square of an Adam update, so that one learning rate scale serves both


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """The nearest orthogonal matrix, roughly; at most as many rows as columns."""
    a, b, c = NEWTON_SCHULZ
    x = matrix.bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(STEPS):
        square = torch.mm(x, x.t())
        x = a * x + torch.mm(b * square + c * torch.mm(square, square), x)
    return x.float()


def update_of(momentum: torch.Tensor) -> torch.Tensor:
    """Orthogonal in blocks, each scaled so that an entry is as large as one of Adam's updates."""
    blocks = [orthogonal(block) * max(block.shape) ** 0.5 for block in momentum.split(BLOCK)]
    return torch.cat(blocks) * MATCH_ADAM


class Optimizer:
    def __init__(self, model, momentum=0.95, betas=(0.9, 0.98)):
        named = [(name, p) for name, p in model.named_parameters()]
        self.matrices = [p for name, p in named if p.ndim == 2 and name != "token_embd"]
        self.rest = [p for name, p in named if p.ndim != 2 or name == "token_embd"]
        self.momentum = momentum
        self.buffers = [torch.zeros_like(p) for p in self.matrices]
        self.adam = torch.optim.Adam(self.rest, lr=1e-3, betas=betas, eps=1e-8)

    def step(self, rate, embed_rate, decay, each=map):
        """`each` is map, or that of a pool of workers: matrices do not depend on each other."""
        def move(pair):
            weight, buffer = pair
            buffer.mul_(self.momentum).add_(weight.grad)
            update = update_of(weight.grad + self.momentum * buffer)
            weight.mul_(1 - rate * decay).add_(update, alpha=-rate)

        for _ in each(torch.no_grad()(move), zip(self.matrices, self.buffers)):
            pass
        for group in self.adam.param_groups:
            group["lr"] = embed_rate
        self.adam.step()
        for parameter in self.matrices + self.rest:
            parameter.grad = None

    def state(self):
        return {"buffers": self.buffers, "adam": self.adam.state_dict()}

    def load(self, state):
        for buffer, saved in zip(self.buffers, state["buffers"]):
            buffer.copy_(saved)
        self.adam.load_state_dict(state["adam"])
