"""The training configurations and where their files go."""
from dataclasses import asdict, dataclass, field
import os
from pathlib import Path

from model import Shape

ROOT = Path(__file__).resolve().parents[2]
WORK = Path(os.environ.get("ARIA_TRAIN_DIR", ROOT / ".cache" / "train"))
MODELS = ROOT / "models"

# What is trained, in this order; each is the same run except for the weights.
VARIANTS = {"twin": "full", "binary": "q1_0", "ternary": "tq2_0"}


@dataclass(frozen=True)
class Settings:
    name: str
    shape: Shape = field(default_factory=Shape)
    tokens: int = 8_000_000
    batch: int = 4096  # tokens per step
    micro: int = 1024  # tokens that one worker takes at a time, at least a whole context
    long_every: int = 10  # each tenth step has conversations that fill the whole context
    rate: float = 0.01
    embed_rate: float = 0.003
    decay: float = 0.1
    warmup: float = 0.01  # share of all tokens with rising rate
    start: float = 0.12  # share of all tokens in full precision, before the weights are rounded
    distil: float = 0.0  # share of the loss that is the divergence from the twin; 0 trains without one
    seed: int = 1
    workers: int = 2  # threads, each with its own part of a batch: only the sum of gradients waits for the slower
    bf16: bool = True

    def as_json(self) -> dict:
        return asdict(self)

    def file(self, name: str) -> Path:
        """Where this configuration keeps its tokenizer and checkpoints."""
        return WORK / self.name / name


CONFIGS = {
    "smoke": Settings("smoke", Shape(vocab=1024, width=256, layers=2, heads=4, kv_heads=2, head=64, ffn=256), tokens=150_000, batch=2048, distil=0.5),
    "cpu": Settings("cpu", tokens=10_000_000, distil=0.5),
    "gpu": Settings("gpu", Shape(vocab=2048, width=768, layers=8, heads=12, kv_heads=4, head=64, ffn=1536), tokens=300_000_000, batch=65_536, micro=16_384, workers=1, distil=0.5),
}
