"""The training configurations and where their files go."""
from dataclasses import asdict, dataclass, field
from pathlib import Path

from model import Shape

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".cache" / "train"
MODELS = ROOT / "models"


@dataclass(frozen=True)
class Settings:
    name: str
    shape: Shape = field(default_factory=Shape)
    tokens: int = 8_000_000
    row: int = 256  # tokens per packed row
    rows: int = 16  # rows per step
    long_every: int = 10  # each tenth step has the same number of tokens in rows four times as long
    rate: float = 0.01
    embed_rate: float = 0.003
    decay: float = 0.1
    warmup: float = 0.01  # share of all tokens with rising rate
    twin: float = 0.15  # share of all tokens in full precision before the signs take over
    seed: int = 1
    threads: int = 2
    bf16: bool = True

    def as_json(self) -> dict:
        return asdict(self)


CPU_SHAPE = Shape(vocab=2048, width=384, layers=5, heads=6, kv_heads=2, head=64, ffn=1024)
CONFIGS = {
    "smoke": Settings("smoke", Shape(vocab=2048, width=128, layers=2, heads=2, kv_heads=2, head=64, ffn=256), tokens=120_000, rows=8),
    "cpu": Settings("cpu", CPU_SHAPE, tokens=9_700_000),
    "gpu": Settings("gpu", Shape(vocab=2048, width=512, layers=8, heads=8, kv_heads=2, head=64, ffn=1536), tokens=300_000_000, rows=64, threads=8),
}
