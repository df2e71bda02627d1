"""What the user said about himself some turns ago: the name above all."""
from . import reading, words

TELL = {
    "name": ("My name is {x}.", "I am {x}.", "Hello, I am {x}.", "Hi, my name is {x}.", "I'm {x}", "You can call me {x}.", "Hello! My name is {x}.", "Hey, {x} here.", "My friends call me {x}.", "Please call me {x}.", "Hi, I'm {x}."),
    "color": ("My favorite color is {x}.", "I like {x} best of all colors.", "{x} is my favorite color.", "The color I like most is {x}.", "I love the color {x}."),
    "pet": ("I have a {y} named {x}.", "My {y} is called {x}.", "The name of my {y} is {x}.", "At home I have a {y}, {x}.", "I live with my {y} {x}."),
    "home": ("I live in {x}.", "I am from {x}.", "My home is in {x}.", "I come from {x}.", "I was born in {x} and live there."),
    "food": ("I like {x}.", "My favorite food is {x}.", "I love {x}.", "I eat {x} every day.", "The food I like most is {x}."),
    "number": ("My lucky number is {x}.", "Remember the number {x}.", "Please remember {x} for me.", "Keep the number {x} in mind.", "{x} is my lucky number."),
}
ASK = {
    "name": ("What is my name?", "Do you know my name?", "Who am I?", "Do you remember my name?", "What was my name?", "Can you tell me my name?", "Tell me my name.", "What did I say my name was?", "How am I called?"),
    "color": ("What is my favorite color?", "Which color do I like best?", "Do you remember my favorite color?", "What color do I like?", "Tell me my favorite color."),
    "pet": ("What is my {y} called?", "What is the name of my {y}?", "Do you remember the name of my {y}?", "How is my {y} called?", "Tell me the name of my {y}."),
    "home": ("Where do I live?", "Where am I from?", "Do you remember where I live?", "In which city do I live?", "Tell me where I live."),
    "food": ("What do I like to eat?", "What is my favorite food?", "Which food do I like?", "Do you remember what I like to eat?", "Tell me my favorite food."),
    "number": ("What is my lucky number?", "Which number did I tell you?", "What number should you remember?", "Do you remember my number?", "Tell me my number."),
}
ANSWER = {"name": "Your name is {x}.", "color": "Your favorite color is {x}.", "pet": "Your {y} is called {x}.", "home": "You live in {x}.", "food": "You like {x}.", "number": "The number is {x}."}
REPLY = {
    "name": ("Nice to meet you, {x}! How can I help you?", "Hello, {x}! What can I do for you?", "Hello, {x}! It is nice to meet you."),
    "color": ("{X} is a nice color.", "I will remember that you like {x}."), "pet": ("{x} is a nice name for a {y}.", "I would like to meet {x}."),
    "home": ("I hope life in {x} is good.", "I will remember that you live in {x}."), "food": ("I cannot eat, but {x} must be good.", "I will remember that you like {x}."),
    "number": ("I will remember the number {x}.", "All right, the number is {x}."),
}
NOT_TOLD = {"name": "You have not told me your name yet.", "color": "You have not told me your favorite color yet.", "home": "You have not told me where you live.", "food": "You have not told me what you like to eat.",
            "number": "You have not told me a number."}
VALUES = {"color": reading.COLORS, "home": reading.CITIES, "food": reading.FOODS, "number": tuple(range(2, 1000))}
SMALL_LETTERS = 0.08  # some people type without capitals
KINDS, WEIGHTS = tuple(TELL), (0.5, 0.1, 0.12, 0.1, 0.08, 0.1)


def new_kind(draw) -> str:
    return draw.choices(KINDS, WEIGHTS)[0]


def tell(draw, kind: str):
    """(what was told, the turn that tells it)."""
    x = words.name(draw) if kind in ("name", "pet") else draw.thing(VALUES[kind])
    told = {"kind": kind, "x": x, "X": str(x).capitalize(), "y": draw.choice(reading.PETS)}
    said = draw.template(TELL[kind]).format(**told)
    said = said.lower() if draw.chance(SMALL_LETTERS) else said[0].upper() + said[1:]
    return told, [("user", said), ("assistant", draw.choice(REPLY[kind]).format(**told))]


def ask(draw, told):
    return [("user", draw.template(ASK[told["kind"]]).format(**told)), ("assistant", ANSWER[told["kind"]].format(**told))]


def ask_untold(draw, told_kinds=()):
    kind = draw.choice([kind for kind in NOT_TOLD if kind not in told_kinds])
    return [("user", draw.template(ASK[kind])), ("assistant", NOT_TOLD[kind])]


def sample(draw, turns_between=0, other_turn=None):
    """Something told, other turns, and the question for it; now and then a question for what was never told."""
    if draw.chance(0.12):
        return ask_untold(draw)
    facts, messages = [], []
    for kind in dict.fromkeys(new_kind(draw) for _ in range(draw.choices((1, 2), (0.8, 0.2))[0])):
        told, turn = tell(draw, kind)
        facts.append(told)
        messages += turn
    for _ in range(turns_between):
        messages += other_turn(draw)
    if draw.chance(0.1):
        return messages + ask_untold(draw, [fact["kind"] for fact in facts])
    return messages + ask(draw, draw.choice(facts))
