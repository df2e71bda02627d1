"""Muon for the latent weights of the linear layers, Adam for embedding and norms.

Muon (Jordan et al., 2024) makes the momentum of a matrix orthogonal, so that every direction learns
at the same pace: fewer tokens for the same loss, which is what a CPU budget lacks.
"""
import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
STEPS = 5
MATCH_ADAM = 0.2  # root mean square of an Adam update, so that one learning rate scale serves both


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    a, b, c = NEWTON_SCHULZ
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.t() if tall else x
    x = (x / (x.norm() + 1e-7)).contiguous()
    for _ in range(STEPS):
        square = x @ x.t()
        x = a * x + (b * square + c * (square @ square)) @ x
    return (x.t() if tall else x).float()


class Optimizer:
    def __init__(self, model, momentum=0.95, betas=(0.9, 0.98)):
        self.matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and name != "token_embd"]
        self.rest = [p for name, p in model.named_parameters() if p.ndim != 2 or name == "token_embd"]
        self.momentum = momentum
        self.buffers = [torch.zeros_like(p) for p in self.matrices]
        self.adam = torch.optim.Adam(self.rest, lr=1e-3, betas=betas, eps=1e-8)

    @torch.no_grad()
    def step(self, rate, embed_rate, decay):
        for weight, buffer in zip(self.matrices, self.buffers):
            gradient = weight.grad
            buffer.mul_(self.momentum).add_(gradient)
            update = orthogonal(gradient + self.momentum * buffer)
            weight.mul_(1 - rate * decay)
            weight.add_(update, alpha=-rate * MATCH_ADAM * max(weight.shape) ** 0.5)
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
