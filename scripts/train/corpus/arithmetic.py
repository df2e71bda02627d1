"""Sums a person might ask in a chat: the answer shows its steps, which a small model can follow."""

ADD = ["What is {a} + {b}?", "{a} + {b}", "{a}+{b}", "What is {a} plus {b}?", "How much is {a} plus {b}?", "How much is {a} + {b}?", "Add {a} and {b}.", "Calculate {a} + {b}.",
       "What do you get when you add {a} and {b}?", "{a} + {b} = ?", "{a}+{b}=", "What is the sum of {a} and {b}?", "Can you add {a} and {b}?", "{a} plus {b}", "Compute {a} + {b}."]
SUBTRACT = ["What is {a} - {b}?", "{a} - {b}", "{a}-{b}", "What is {a} minus {b}?", "How much is {a} minus {b}?", "How much is {a} - {b}?", "Subtract {b} from {a}.", "Calculate {a} - {b}.",
            "Take {b} away from {a}.", "{a} - {b} = ?", "{a}-{b}=", "What is the difference between {a} and {b}?", "{a} minus {b}", "Compute {a} - {b}."]
MULTIPLY = ["What is {a} x {b}?", "{a} x {b}", "{a} * {b}", "{a}*{b}", "What is {a} times {b}?", "How much is {a} times {b}?", "How much is {a} x {b}?", "Multiply {a} by {b}.", "What is {a} * {b}?",
            "Calculate {a} x {b}.", "{a} * {b} = ?", "{a} times {b}", "Can you multiply {a} and {b}?", "Compute {a} * {b}."]
GAIN = ["If I have {a} {things} and get {b} more, how many do I have?", "I have {a} {things}. I find {b} more. How many {things} do I have now?",
        "There are {a} {things} in one box and {b} in another. How many are there in total?", "Mia has {a} {things} and Ben gives her {b}. How many {things} does Mia have?"]
LOSE = ["If I have {a} {things} and give away {b}, how many are left?", "I have {a} {things}. I lose {b}. How many {things} are left?", "There were {a} {things}, and {b} were eaten. How many are left?",
        "Tom has {a} {things} and gives Anna {b}. How many does Tom have left?"]
THINGS = "apples nuts coins books eggs pears cookies stones flowers stars tokens shells balls cards".split()


def add_steps(a, b):
    if a < 10 and b < 10 or a % 10 == 0 and b % 10 == 0:
        return f"{a} + {b} = {a + b}."
    tens, ones = a // 10 * 10 + b // 10 * 10, a % 10 + b % 10
    first = f"{a // 10 * 10} + {b // 10 * 10} = {tens}"
    return f"{first} and {a % 10} + {b % 10} = {ones}, so {a} + {b} = {a + b}."


def subtract_steps(a, b):
    if a < b:
        return f"{b} is more than {a}. {b} - {a} = {b - a}, so {a} - {b} = -{b - a}." if b < 20 else f"{subtract_steps(b, a)[:-1]}, and {a} - {b} = -{b - a}."
    if a < 20 and b < 10 or b % 10 == 0 or b < 10 and a % 10 >= b:
        return f"{a} - {b} = {a - b}."
    if b < 10:
        return f"{a} - {a % 10} = {a - a % 10} and {a - a % 10} - {b - a % 10} = {a - b}, so {a} - {b} = {a - b}."
    middle = a - b // 10 * 10
    return f"{a} - {b // 10 * 10} = {middle} and {middle} - {b % 10} = {a - b}, so {a} - {b} = {a - b}."


def operands(rng):
    kind = rng.random()
    if kind < 0.3:
        return rng.randint(0, 10), rng.randint(0, 10)
    if kind < 0.4:
        return rng.randint(10, 99), rng.randint(0, 9)
    return rng.randint(10, 99), rng.randint(10, 99)


def solve(rng):
    """(question, answer, value) of one exercise."""
    kind = rng.random()
    if kind < 0.30:
        a, b = operands(rng)
        if rng.random() < 0.5:
            a, b = b, a
        return rng.choice(ADD).format(a=a, b=b), add_steps(a, b), a + b
    if kind < 0.68:
        a, b = operands(rng)
        if a < b and rng.random() < 0.9:
            a, b = b, a
        return rng.choice(SUBTRACT).format(a=a, b=b), subtract_steps(a, b), a - b
    if kind < 0.90:
        a, b = rng.randint(0, 12), rng.randint(0, 12)
        return rng.choice(MULTIPLY).format(a=a, b=b), f"{a} x {b} = {a * b}.", a * b
    things = rng.choice(THINGS)
    a, b = rng.randint(2, 30), rng.randint(2, 12)
    if rng.random() < 0.5:
        return rng.choice(GAIN).format(a=a, b=b, things=things), f"{add_steps(a, b)} The answer is {a + b} {things}.", a + b
    a, b = max(a, b) + 1, min(a, b)
    one = things[:-1] if a - b == 1 else things
    return rng.choice(LOSE).format(a=a, b=b, things=things), f"{subtract_steps(a, b)} The answer is {a - b} {one}.", a - b


NUMBER_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def about_numbers(rng):
    """(question, answer) on order and parity."""
    a, b = rng.randint(0, 99), rng.randint(0, 99)
    kind = rng.randrange(5)
    if kind == 0 and a != b:
        return rng.choice(["Which is bigger, {a} or {b}?", "Which number is bigger, {a} or {b}?", "What is more, {a} or {b}?"]).format(a=a, b=b), f"{max(a, b)} is bigger than {min(a, b)}."
    if kind == 1 and a != b:
        return rng.choice(["Which is smaller, {a} or {b}?", "Which number is smaller, {a} or {b}?", "What is less, {a} or {b}?"]).format(a=a, b=b), f"{min(a, b)} is smaller than {max(a, b)}."
    if kind == 2:
        return rng.choice([f"What comes after {a}?", f"Which number comes after {a}?", f"What is the number after {a}?"]), f"{a + 1} comes after {a}."
    if kind == 3:
        return rng.choice([f"Is {a} even or odd?", f"Is {a} an even number?", f"Is {a} an odd number?"]), f"{a} is {'odd' if a % 2 else 'even'}, because it ends in {a % 10}."
    numbers = sorted(rng.sample(range(10), 3)) if rng.random() < 0.3 else sorted(rng.sample(range(100), 3))
    mixed = rng.sample(numbers, 3)
    return rng.choice(["Sort {n}.", "Put these numbers in order: {n}.", "Sort these numbers: {n}."]).format(n=", ".join(map(str, mixed))), ", ".join(map(str, numbers)) + "."


def in_words(rng):
    a, b = rng.randint(0, 6), rng.randint(0, 6)
    a, b = max(a, b), min(a, b)
    sign, value, form = rng.choice([("plus", a + b, "+"), ("minus", a - b, "-")])
    return f"What is {NUMBER_WORDS[a]} {sign} {NUMBER_WORDS[b]}?", f"{a} {form} {b} = {value}. That is {NUMBER_WORDS[value]}."


def sample(rng):
    kind = rng.random()
    if kind < 0.12:
        question, answer = about_numbers(rng) if kind < 0.09 else in_words(rng)
    else:
        question, answer, _ = solve(rng)
    return [("user", question), ("assistant", answer)]
