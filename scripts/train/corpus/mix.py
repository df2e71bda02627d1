"""Conversations in ChatML: which skills, how often, with which disturbances of the user's typing."""
from functools import lru_cache
import hashlib
from pathlib import Path

from . import aria, arithmetic, lists, memory, reading, smalltalk, stories, unknown
from .draw import Draw

SKILLS = {"story": stories.sample, "continue": stories.continued, "arithmetic": arithmetic.sample, "list": lists.sample, "reading": reading.sample,
          "aria": aria.sample, "talk": smalltalk.sample, "unknown": unknown.sample, "memory": memory.sample}
# Stories are long, so that a small share of conversations is almost half of the text; sums and texts are
# short and hard, so they come most often.
SHARES = {"story": 0.105, "continue": 0.04, "arithmetic": 0.31, "list": 0.135, "reading": 0.18, "aria": 0.12, "talk": 0.04, "unknown": 0.04, "memory": 0.03}
NAMES, WEIGHTS = tuple(SHARES), tuple(SHARES.values())
SYSTEM_PROMPTS = ("You are a helpful assistant.", "You are ARIA, a helpful assistant.", "You are a friendly assistant.", "Answer briefly.")
SYSTEM_SHARE = 0.06
REMEMBERING = 0.3  # of conversations of several turns: something told at the start is asked for at the end
TURNS, TURN_SHARES = (1, 2, 3, 4, 6), (0.66, 0.16, 0.09, 0.06, 0.03)


AS_WRITTEN = ("reading", "list", "memory", "continue")  # a name in small letters would be answered in small letters


def disturb(draw, text, skill):
    """People type without capitals and full stops; the model should not mind."""
    if skill not in AS_WRITTEN and draw.chance(0.12) and "`" not in text:
        text = text.lower()
    if skill != "continue" and draw.chance(0.12) and text[-1:] in ".?!":
        text = text[:-1]
    return text


def turn(draw, skill=None):
    skill = skill or draw.choices(NAMES, WEIGHTS)[0]
    return [(role, disturb(draw, text, skill) if role == "user" else text) for role, text in SKILLS[skill](draw)]


def short_turn(draw):
    return turn(draw, draw.choices(("arithmetic", "list", "aria", "talk", "unknown", "story"), (0.3, 0.1, 0.3, 0.15, 0.1, 0.05))[0])


def conversation(draw, turns=None):
    """[(role, text)] of one chat."""
    messages = [("system", draw.choice(SYSTEM_PROMPTS))] if draw.chance(SYSTEM_SHARE) else []
    turns = turns or draw.choices(TURNS, TURN_SHARES)[0]
    if turns > 1 and draw.chance(REMEMBERING):
        return messages + memory.sample(draw, turns - 1, short_turn)
    for _ in range(turns):
        messages += turn(draw)
    return messages


def render(messages):
    """[(text, is_answer)]: the exact text of the chat template, answers with their end token marked."""
    parts = []
    for role, text in messages:
        if role == "assistant":
            parts += [("<|im_start|>assistant\n", False), (text + "<|im_end|>", True), ("\n", False)]
        else:
            parts.append((f"<|im_start|>{role}\n{text}<|im_end|>\n", False))
    return parts


@lru_cache(maxsize=None)
def fingerprint() -> str:
    """SHA-256 over the sources of the corpus and its first thousand conversations: what a model was trained on."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    draw = Draw("fingerprint")
    for _ in range(1000):
        digest.update(repr(conversation(draw)).encode())
    return digest.hexdigest()
