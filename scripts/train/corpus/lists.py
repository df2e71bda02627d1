"""Short lists: sort them, count them, find the largest, the first, the last."""
from . import words

SORT_UP = ("Sort {n}.", "Put these numbers in order: {n}.", "Sort these numbers: {n}.", "Order these numbers from small to large: {n}.", "Sort from smallest to largest: {n}.", "Arrange {n} in ascending order.",
           "Can you sort {n}?", "Please sort the list {n}.", "Bring these numbers into order: {n}.", "sort: {n}", "Write these numbers in rising order: {n}.")
SORT_DOWN = ("Sort {n} from large to small.", "Sort these numbers in descending order: {n}.", "Put these numbers in order, largest first: {n}.", "Sort from largest to smallest: {n}.",
             "Arrange {n} in descending order.", "Order from high to low: {n}.", "Write these numbers in falling order: {n}.")
SORT_WORDS = ("Sort these words: {n}.", "Sort alphabetically: {n}.", "Put these words in alphabetical order: {n}.", "Arrange these words from A to Z: {n}.", "Order these words by the alphabet: {n}.",
              "Can you sort the words {n}?", "Please bring these words into alphabetical order: {n}.", "Sort from A to Z: {n}.")
COUNT = ("How many things are in this list: {n}?", "Count these: {n}.", "Count the list {n}.", "How many words are in the list {n}?", "How many do you count: {n}?", "How long is this list: {n}?",
         "How many are there: {n}?", "Please count {n}.", "Tell me how many items there are: {n}.", "Here is a list: {n}. How many items does it have?")
COUNT_ONE = ("How often is {x} in this list: {n}?", "How many times does {x} appear in {n}?", "Count how often {x} comes in {n}.", "How many {x} are in this list: {n}?", "In the list {n}, how many times do you see {x}?",
             "Look at {n}. How often do you read {x}?")
EXTREME = ("Which is the {w} of {n}?", "What is the {w} number in {n}?", "Find the {w} number: {n}.", "Which number is the {w}: {n}?", "Tell me the {w} of these: {n}.", "Of {n}, which is the {w}?")
PLACE = ("What is the {w} word in this list: {n}?", "Which comes {w} in {n}?", "Tell me the {w} item of {n}.", "Here is a list: {n}. What is the {w} item?", "Name the {w} of these: {n}.")
COMPARE = ("Which is {w}, {a} or {b}?", "Which number is {w}, {a} or {b}?", "Is {a} or {b} {w}?", "What is {w}: {a} or {b}?", "Tell me which is {w}, {a} or {b}.")
AFTER = ("What comes after {a}?", "Which number comes after {a}?", "What is the number after {a}?", "Which number follows {a}?", "Count on from {a}.")
PARITY = ("Is {a} even or odd?", "Is {a} an even number?", "Is {a} an odd number?", "Tell me if {a} is even or odd.", "Even or odd: {a}?")
NOUNS = tuple(sorted({row[0] for row in words.ANIMAL_LIST + words.PEOPLE_LIST + words.MORE_CHARACTERS} | {row[0] for row in words.OBJECT_LIST if " " not in row[0]} | set(words.MORE_OBJECTS)))
PLACES = ("first", "second", "third")


def joined(items) -> str:
    return ", ".join(str(item) for item in items)


def numbers(draw, kind: str) -> list:
    top = draw.choices((9, 99, 999), (0.3, 0.5, 0.2))[0]
    count = draw.choices((2, 3, 4, 5, 6), (0.05, 0.35, 0.3, 0.2, 0.1))[0]
    return draw.fact(lambda: draw.sample(range(top + 1), count), lambda found: f"{kind} {joined(found)}")


def sort_numbers(draw):
    chosen, down = numbers(draw, "sort"), draw.chance(0.3)
    return draw.template(SORT_DOWN if down else SORT_UP).format(n=joined(chosen)), joined(sorted(chosen, reverse=down)) + "."


def sort_words(draw):
    by_letter = {}
    for noun in draw.things(NOUNS, draw.randint(5, 9)):
        by_letter.setdefault(noun[0], noun)
    chosen = list(by_letter.values())[:draw.randint(2, 5)]
    return draw.template(SORT_WORDS).format(n=joined(chosen)), joined(sorted(chosen)) + "."


def sorting(draw):
    question, answer = sort_numbers(draw) if draw.chance(0.7) else sort_words(draw)
    return [("user", question), ("assistant", answer)]


def some_things(draw, low: int, high: int) -> list:
    return draw.things(draw.choice((NOUNS, words.NAMES)), draw.randint(low, high))


def count_all(draw):
    chosen = some_things(draw, 2, 8)
    answer = joined(f"{index + 1} {item}" for index, item in enumerate(chosen))
    return draw.template(COUNT).format(n=joined(chosen)), f"{answer}. There {'are' if len(chosen) > 1 else 'is'} {len(chosen)}."


def count_one(draw):
    kinds = some_things(draw, 2, 3)
    chosen = [draw.choice(kinds) for _ in range(draw.randint(3, 7))]
    wanted = draw.choice(kinds)
    times = chosen.count(wanted)
    return draw.template(COUNT_ONE).format(x=wanted, n=joined(chosen)), f"{wanted} is in the list {'once' if times == 1 else f'{times} times'}."


def counting(draw):
    question, answer = count_all(draw) if draw.chance(0.65) else count_one(draw)
    return [("user", question), ("assistant", answer)]


def pick(draw):
    kind = draw.randrange(5)
    if kind == 0:
        chosen, word = numbers(draw, "extreme"), draw.choice(("largest", "smallest", "biggest"))
        found = min(chosen) if word == "smallest" else max(chosen)
        question, answer = draw.template(EXTREME).format(w=word, n=joined(chosen)), f"{found} is the {word}."
    elif kind == 1:
        chosen, word = some_things(draw, 3, 6), draw.choice(PLACES + ("last",))
        question, answer = draw.template(PLACE).format(w=word, n=joined(chosen)), f"The {word} is {chosen[-1 if word == 'last' else PLACES.index(word)]}."
    elif kind == 2:
        a, b = draw.fact(lambda: draw.sample(range(draw.choice((10, 100, 1000))), 2), lambda pair: f"compare {pair[0]} {pair[1]}")
        word = draw.choice(("bigger", "larger", "smaller"))
        low, high = sorted((a, b))
        question, answer = draw.template(COMPARE).format(w=word, a=a, b=b), f"{low} is smaller than {high}." if word == "smaller" else f"{high} is {word} than {low}."
    else:
        a = draw.fact(lambda: draw.randint(0, 999 if draw.chance(0.4) else 99), lambda number: f"about {number}")
        question, answer = (draw.template(AFTER), f"{a + 1} comes after {a}.") if kind == 3 else (draw.template(PARITY), f"{a} is {'odd' if a % 2 else 'even'}, because it ends in {a % 10}.")
        question = question.format(a=a)
    return [("user", question), ("assistant", answer)]


def sample(draw):
    return draw.choices((sorting, counting, pick), (0.4, 0.35, 0.25))[0](draw)
