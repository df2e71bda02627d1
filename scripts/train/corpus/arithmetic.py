"""Sums a person might ask in a chat. The answer works column by column, ones first, as it is taught in
school: each step is a fact of one digit, which a small model can learn.
"""
from . import words

ADD = ("What is {a} + {b}?", "{a} + {b}", "{a}+{b}", "What is {a} plus {b}?", "How much is {a} plus {b}?", "How much is {a} + {b}?", "Add {a} and {b}.", "Calculate {a} + {b}.",
       "What do you get when you add {a} and {b}?", "{a} + {b} = ?", "{a}+{b}=", "What is the sum of {a} and {b}?", "Can you add {a} and {b}?", "{a} plus {b}", "Compute {a} + {b}.",
       "Please add {a} to {b}.", "{a} and {b} together make what?", "Work out {a} + {b}.", "Solve {a} + {b}.", "I need {a} plus {b}.", "What does {a} plus {b} make?", "Tell me {a} + {b}.")
SUBTRACT = ("What is {a} - {b}?", "{a} - {b}", "{a}-{b}", "What is {a} minus {b}?", "How much is {a} minus {b}?", "How much is {a} - {b}?", "Subtract {b} from {a}.", "Calculate {a} - {b}.",
            "Take {b} away from {a}.", "{a} - {b} = ?", "{a}-{b}=", "What is the difference between {a} and {b}?", "{a} minus {b}", "Compute {a} - {b}.", "Work out {a} - {b}.",
            "Solve {a} - {b}.", "I need {a} minus {b}.", "What remains when you take {b} from {a}?", "Tell me {a} - {b}.", "What is left of {a} after taking away {b}?")
MULTIPLY = ("What is {a} x {b}?", "{a} x {b}", "{a} * {b}", "{a}*{b}", "What is {a} times {b}?", "How much is {a} times {b}?", "How much is {a} x {b}?", "Multiply {a} by {b}.", "What is {a} * {b}?",
            "Calculate {a} x {b}.", "{a} * {b} = ?", "{a} times {b}", "Can you multiply {a} and {b}?", "Compute {a} * {b}.", "Work out {a} x {b}.", "Tell me {a} times {b}.")
GAIN = ("If I have {a} {things} and get {b} more, how many do I have?", "I have {a} {things}. I find {b} more. How many {things} do I have now?",
        "There are {a} {things} in one box and {b} in another. How many are there in total?", "{n} has {a} {things} and {m} gives {b} more. How many {things} does {n} have?",
        "{n} picked {a} {things} and {m} picked {b}. How many {things} do they have together?", "A shop had {a} {things} and bought {b} more. How many {things} are there now?",
        "On Monday {n} counted {a} {things}, on Tuesday {b} more. How many is that?", "There were {a} {things} in the basket. {n} put in {b} more. How many are in it now?")
LOSE = ("If I have {a} {things} and give away {b}, how many are left?", "I have {a} {things}. I lose {b}. How many {things} are left?", "There were {a} {things}, and {b} were taken. How many are left?",
        "{n} has {a} {things} and gives {m} {b}. How many does {n} have left?", "A shop had {a} {things} and sold {b}. How many {things} are left?",
        "{n} had {a} {things} but {b} were lost. How many remain?", "There were {a} {things} in the basket. {n} took out {b}. How many are still in it?", "{n} needs {a} {things} and has {b}. How many are missing?")
THINGS = tuple("apples nuts coins books eggs pears cookies stones flowers stars tokens shells balls cards pencils buttons keys boxes plums cups chairs tickets letters candles seeds feathers".split())
NUMBER_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def add_steps(a: int, b: int) -> str:
    if a < 10 and b < 10:
        return f"{a} + {b} = {a + b}."
    steps, carry, x, y = [], 0, a, b
    while x or y:
        total = x % 10 + y % 10 + carry
        steps.append(f"{x % 10} + {y % 10}" + (" + 1" if carry else "") + f" = {total}")
        carry, x, y = total // 10, x // 10, y // 10
    return ", ".join(steps) + f", so {a} + {b} = {a + b}."


def subtract_steps(a: int, b: int) -> str:
    if a < b:
        return f"{b} is more than {a}. {subtract_steps(b, a)[:-1]}, and {a} - {b} = -{b - a}."
    if a < 20 and b < 10:
        return f"{a} - {b} = {a - b}."
    steps, borrow, x, y = [], 0, a, b
    while x or y:
        top = x % 10 - borrow
        borrow = int(top < y % 10)
        steps.append(f"{top + 10 * borrow} - {y % 10} = {top + 10 * borrow - y % 10}")
        x, y = x // 10, y // 10
    return ", ".join(steps) + f", so {a} - {b} = {a - b}."


def operand(draw, digits: int) -> int:
    return draw.randint(10 ** (digits - 1) if digits > 1 else 0, 10 ** digits - 1)


def operands(draw, digits: int):
    """Two numbers, the larger with `digits` digits; half of the time both."""
    other = digits if draw.chance(0.6) else draw.randint(1, digits)
    pair = [operand(draw, digits), operand(draw, other)]
    draw.shuffle(pair)
    return pair


def pair_of(draw, operation: str, make):
    """Both numbers; the pair is what is held out, in every wording."""
    return draw.fact(make, lambda pair: f"{pair[0]} {operation} {pair[1]}")


def addition(draw, digits: int):
    a, b = pair_of(draw, "+", lambda: operands(draw, digits))
    return [("user", draw.template(ADD).format(a=a, b=b)), ("assistant", add_steps(a, b))]


def subtraction(draw, digits: int):
    below_zero = draw.chance(0.08)
    a, b = pair_of(draw, "-", lambda: sorted(operands(draw, digits), reverse=not below_zero))
    return [("user", draw.template(SUBTRACT).format(a=a, b=b)), ("assistant", subtract_steps(a, b))]


def multiplication(draw):
    a, b = pair_of(draw, "x", lambda: (draw.randint(0, 12), draw.randint(0, 12)))
    return [("user", draw.template(MULTIPLY).format(a=a, b=b)), ("assistant", f"{a} x {b} = {a * b}.")]


def counted(number: int, things: str) -> str:
    return f"{number} {things}" if number != 1 else f"1 {'box' if things == 'boxes' else things[:-1]}"


def word_problem(draw):
    gains, things = draw.chance(0.5), draw.choice(THINGS)
    a, b = pair_of(draw, "+" if gains else "-", lambda: sorted((draw.randint(2, 99), draw.randint(2, 60)), reverse=True))
    text = draw.template(GAIN if gains else LOSE).format(a=a, b=b, things=things, n=words.name(draw, words.GIRL_NAMES), m=words.name(draw, words.BOY_NAMES))
    steps, value = (add_steps(a, b), a + b) if gains else (subtract_steps(a, b), a - b)
    return [("user", text), ("assistant", f"{steps} The answer is {counted(value, things)}.")]


def in_words(draw):
    a, b = sorted((draw.randint(0, 6), draw.randint(0, 6)), reverse=True)
    word, sign, value = draw.choice((("plus", "+", a + b), ("minus", "-", a - b)))
    form = draw.template(("What is {a} {word} {b}?", "How much is {a} {word} {b}?", "{a} {word} {b}", "Tell me {a} {word} {b}.", "What does {a} {word} {b} make?"))
    return [("user", form.format(a=NUMBER_WORDS[a], word=word, b=NUMBER_WORDS[b])), ("assistant", f"{a} {sign} {b} = {value}. That is {NUMBER_WORDS[value]}.")]


def sample(draw):
    kind = draw.random()
    if kind < 0.36:
        return addition(draw, draw.choices((1, 2, 3), (0.15, 0.4, 0.45))[0])
    if kind < 0.74:
        return subtraction(draw, draw.choices((1, 2, 3), (0.12, 0.4, 0.48))[0])
    if kind < 0.86:
        return multiplication(draw)
    return word_problem(draw) if kind < 0.97 else in_words(draw)
