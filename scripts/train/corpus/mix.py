"""Conversations in ChatML: which skills, how often, with which disturbances of the user's typing."""
import random

from . import aria, arithmetic, smalltalk, stories, unknown

SKILLS = {"story": stories.sample, "arithmetic": arithmetic.sample, "aria": aria.sample, "talk": smalltalk.sample, "unknown": unknown.sample}
# Stories are long, so that a smaller share of conversations is still most of the tokens; sums are
# short and hard, so they come most often.
SHARES = {"story": 0.16, "arithmetic": 0.50, "aria": 0.20, "talk": 0.09, "unknown": 0.05}
SYSTEM_PROMPTS = ["You are a helpful assistant.", "You are ARIA, a helpful assistant.", "You are a friendly assistant.", "Answer briefly."]
SYSTEM_SHARE = 0.08


def disturb(rng, text):
    """People type without capitals and full stops; the model should not mind."""
    if rng.random() < 0.12:
        text = text.lower()
    if rng.random() < 0.15 and text[-1:] in ".?!":
        text = text[:-1]
    return text


def turn(rng, skill=None):
    skill = skill or rng.choices(list(SHARES), list(SHARES.values()))[0]
    return [(role, disturb(rng, text) if role == "user" else text) for role, text in SKILLS[skill](rng)]


def conversation(rng, turns=None):
    messages = [("system", rng.choice(SYSTEM_PROMPTS))] if rng.random() < SYSTEM_SHARE else []
    for _ in range(turns or rng.choices([1, 2, 3], [0.7, 0.2, 0.1])[0]):
        messages += turn(rng)
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


def stream(seed):
    rng = random.Random(seed)
    while True:
        yield conversation(rng)
