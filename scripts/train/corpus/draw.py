"""Random choices that keep the parts of the corpus apart.

`train` is what training sees. `template` asks for known things in wordings that training never saw, and
`fact` asks in known wordings for things (numbers, names, nouns, texts) that training never saw. Whoever
only memorised answers well in `train` and badly in the other two.
"""
from functools import lru_cache
import random
import zlib

TRAIN, TEMPLATE, FACT = "train", "template", "fact"
PARTS = (TRAIN, TEMPLATE, FACT)
TEMPLATES_MIN = 4  # a shorter list of wordings keeps all of them for training
TEMPLATES_OUT_OF = 8
FACTS_OUT_OF = 16
NEW_SHARE = 0.7  # of things in the held-out part
TRIES_MAX = 10_000


def digest(text: str) -> int:
    # crc32 alone is linear, so that words that differ in one letter would fall together.
    return zlib.crc32(b"aria" + text.encode()) * 2654435761 % (1 << 32) >> 8


def fact_held_out(key: str) -> bool:
    return digest(key) % FACTS_OUT_OF == 0


@lru_cache(maxsize=None)
def split_templates(options: tuple) -> tuple:
    """(training, held out): one wording in eight, chosen by hash, and at least one of a long enough list."""
    if len(options) < TEMPLATES_MIN:
        return options, ()
    ranked = sorted(set(options), key=lambda option: (digest(option), option))
    held_out = set(ranked[:max(1, len(ranked) // TEMPLATES_OUT_OF)])
    return tuple(o for o in options if o not in held_out), tuple(o for o in ranked if o in held_out)


@lru_cache(maxsize=None)
def split_facts(options: tuple) -> tuple:
    """(training, held out) of a list of things, one in sixteen by hash, at least one of a long enough list."""
    ranked = sorted(set(options), key=lambda option: (digest(str(option)), str(option)))
    held_out = set(ranked[:len(ranked) // FACTS_OUT_OF])
    return tuple(o for o in options if o not in held_out), tuple(o for o in ranked if o in held_out)


class Draw(random.Random):
    """A seeded source of choices for one part of the corpus."""

    def __new__(cls, seed, part=TRAIN):
        return super().__new__(cls, seed)

    def __init__(self, seed, part=TRAIN):
        super().__init__(seed)
        self.part = part

    def chance(self, share: float) -> bool:
        return self.random() < share

    def template(self, options) -> str:
        """One wording of several."""
        known, held_out = split_templates(tuple(options))
        return self.choice(held_out or known) if self.part == TEMPLATE else self.choice(known)

    def thing(self, options):
        """One thing of a list; in the held-out part mostly one that training never saw."""
        known, held_out = split_facts(tuple(options))
        return self.choice(held_out) if self.part == FACT and held_out and self.chance(NEW_SHARE) else self.choice(known)

    def things(self, options, count: int) -> list:
        """`count` different things of a list; in the held-out part one of them is mostly held out."""
        first = self.thing(options)
        rest = [option for option in split_facts(tuple(options))[0] if option != first]
        chosen = [first] + self.sample(rest, count - 1)
        self.shuffle(chosen)
        return chosen

    def fact(self, make, key):
        """A made-up thing whose key belongs to this part; `make` draws one, `key` writes it as text."""
        for _ in range(TRIES_MAX):
            value = make()
            if fact_held_out(key(value)) == (self.part == FACT):
                return value
        raise RuntimeError(f"{TRIES_MAX} draws brought nothing for the part {self.part}: the key never changes?")
