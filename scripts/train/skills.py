"""What the model should be able to do: where the questions of each skill come from, and when an answer is right."""
import re

from corpus import aria, arithmetic, lists, memory, mix, reading, smalltalk, stories, unknown
from corpus.draw import TEMPLATE, split_templates


def first_turn(messages):
    """(conversation up to the question, reference answer) of the first turn."""
    at = next(index for index, (role, _) in enumerate(messages) if role == "assistant")
    return messages[:at], messages[at][1]


def last_turn(messages):
    return messages[:-1], messages[-1][1]


def known_answers(blocks):
    """Every answer that counts as right for an answer of a block."""
    return {reply: set(replies) for _, replies in blocks for reply in replies}


ARIA_KNOWN, TALK_KNOWN = known_answers(aria.BLOCKS), known_answers(smalltalk.TALK_BLOCKS)


def same(text, reference, _):
    return text == reference


def same_number(text, reference, _):
    """The last number decides: the steps before it are only the way there."""
    return re.findall(r"-?\d+", text)[-1:] == re.findall(r"-?\d+", reference)[-1:]


def one_of(known):
    return lambda text, reference, _: text in known.get(reference, {reference})


def asked_words(question):
    """The nouns and names that a request for a story holds."""
    found = re.findall(r"\ban? (?:\w+ )*?(\w+)(?: named (\w+))?(?=,| and | with | who | has |\.|\?|$)", question)
    return {word for pair in found for word in pair if word and word not in ("story", "time")}


def tells(text, _, question):
    """A story has the characters and things that were asked for, and comes to an end."""
    return text.strip()[-1:] in ('.', '"', "!") and all(word.lower() in text.lower() for word in asked_words(question))


def named_in(sentence):
    """Who and what the opening sentences of a story introduced."""
    names = re.findall(r"\bnamed (\w+)", sentence)
    return names[:1] or re.findall(r"\b[aA]n? \w+ (\w+)", sentence)[:1]


def goes_on(text, _, question):
    """A continuation keeps the hero, repeats no sentence of the beginning, and comes to an end."""
    sentences = [part for part in re.split(r"(?<=[.!?]) ", text) if len(part) > 20]
    return text.strip()[-1:] in ('.', '"', "!") and all(name.lower() in text.lower() for name in named_in(question)) and not any(part in question for part in sentences)


def closed_talk(draw):
    """Small talk with one right answer: not "name three animals"."""
    while True:
        messages = smalltalk.sample(draw)
        if messages[1][1] in TALK_KNOWN or " is " in messages[1][1] or " says " in messages[1][1]:
            return messages


TRAINED_QUESTIONS = {question for questions, _ in aria.BLOCKS for question in split_templates(tuple(questions))[0]}


def new_wording(draw):
    """A question about ARIA; where new wordings are wanted, none that stands in the corpus as it is: short lists hold none out."""
    while True:
        messages = aria.sample(draw)
        if draw.part != TEMPLATE or messages[0][1] not in TRAINED_QUESTIONS:
            return messages


def digits(draw):
    return draw.choice((2, 3))


# name: (sampler, which turn is asked, judge)
SKILLS = {
    "story": (stories.sample, first_turn, tells),
    "continue": (stories.continued, first_turn, goes_on),
    "reading": (reading.sample, last_turn, same),
    "addition": (lambda draw: arithmetic.addition(draw, digits(draw)), first_turn, same_number),
    "subtraction": (lambda draw: arithmetic.subtraction(draw, digits(draw)), first_turn, same_number),
    "multiplication": (arithmetic.multiplication, first_turn, same_number),
    "wordProblem": (arithmetic.word_problem, first_turn, same_number),
    "sort": (lists.sorting, first_turn, same),
    "count": (lists.counting, first_turn, same_number),
    "aria": (new_wording, first_turn, one_of(ARIA_KNOWN)),
    "talk": (closed_talk, first_turn, one_of(TALK_KNOWN)),
    "memory": (lambda draw: memory.sample(draw, draw.randint(1, 4), mix.short_turn), last_turn, same),
    "unknown": (unknown.sample, first_turn, lambda text, *_: text in unknown.ANSWERS),
}
FREE = ("story", "continue")  # answers that no reference has word for word


def questions(name: str, draw, count: int) -> list:
    """`count` of (conversation, reference)."""
    sampler, turn, _ = SKILLS[name]
    return [turn(sampler(draw)) for _ in range(count)]


def is_right(name: str, text: str, conversation, reference: str) -> bool:
    return SKILLS[name][2](text, reference, conversation[-1][1])


def repetition(texts, length=4) -> float:
    """Share of runs of four words that the same text already had (seq-rep-4, Welleck et al. 2019)."""
    seen = again = 0
    for text in texts:
        words = text.split()
        runs = [tuple(words[at:at + length]) for at in range(len(words) - length + 1)]
        seen += len(runs)
        again += len(runs) - len(set(runs))
    return again / seen if seen else 0.0
