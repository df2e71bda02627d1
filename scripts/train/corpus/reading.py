"""Questions about a short text that the user gives: everything in it is made up, so that it must be read."""
from . import words

CITIES = tuple("Paris London Berlin Rome Tokyo Madrid Vienna Cairo Sydney Toronto Oslo Prague Lisbon Dublin Delhi Boston Lima Athens Hamburg Geneva Turin Porto Bergen Cork Krakow Riga Graz Basel Malaga Utrecht".split())
COLORS = tuple("red blue green yellow white black brown pink grey orange purple golden silver".split())
FOODS = tuple("apples pears soup bread cheese cake pancakes rice honey nuts cherries carrots tomatoes noodles plums berries cookies melons beans potatoes grapes pie jam salad".split())
JOBS = tuple("baker teacher doctor sailor farmer painter gardener nurse pilot writer tailor carpenter singer cook judge miller dancer poet smith librarian".split())
PETS = tuple("cat dog rabbit parrot hamster turtle pony goat goldfish mouse canary frog duck hen lizard crow".split())
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEATHER = tuple("sunny rainy windy foggy snowy cloudy stormy warm cold icy".split())
GAMES = tuple("chess football tennis cards dominoes golf hockey darts checkers volleyball".split())
THINGS = tuple(sorted(row[0] for row in words.OBJECT_LIST if " " not in row[0]))
PLACES = tuple(words.PLACE_LIST)

# One kind of fact: ways to say it, ways to ask for it, the answer, and what {x} and {y} are.
# {n} is the person; {x} is what is asked for.
KINDS = {
    "home": (("{n} lives in {x}.", "{n}'s home is in {x}.", "The house of {n} is in {x}.", "{n} has lived in {x} for years."),
             ("Where does {n} live?", "In which city does {n} live?", "Where is {n}'s home?", "Tell me where {n} lives.", "What city is {n} from?"), "{n} lives in {x}.", CITIES, None),
    "color": (("{n} has {ax} {y}.", "The {y} of {n} is {x}.", "{n} owns {ax} {y}.", "{n} got {ax} {y}."),
              ("What color is {n}'s {y}?", "Which color does {n}'s {y} have?", "What is the color of the {y} of {n}?", "Tell me the color of {n}'s {y}."), "{n}'s {y} is {x}.", COLORS, THINGS),
    "thing": (("{n} carries {ax} everywhere.", "{n} bought {ax} at the market.", "{n} found {ax} on the road.", "{n} keeps {ax} in a box."),
              None, None, THINGS, None),
    "food": (("{n} likes {x}.", "{n} loves to eat {x}.", "{n}'s favorite food is {x}.", "{n} eats {x} every day."),
             ("What does {n} like to eat?", "What does {n} eat?", "Which food does {n} like?", "What is {n}'s favorite food?", "Tell me what {n} eats."), "{n} likes {x}.", FOODS, None),
    "job": (("{n} is a {x}.", "{n} works as a {x}.", "{n} has been a {x} for many years.", "By day {n} works as a {x}."),
            ("What is {n}'s job?", "What does {n} work as?", "What work does {n} do?", "Which job does {n} have?", "Tell me the job of {n}."), "{n} is a {x}.", JOBS, None),
    "age": (("{n} is {x} years old.", "{n} turned {x} today.", "Last week {n} became {x} years old.", "{n}'s age is {x}."),
            ("How old is {n}?", "What is {n}'s age?", "What age is {n}?", "Tell me how old {n} is.", "How many years old is {n}?"), "{n} is {x} years old.", tuple(range(3, 100)), None),
    "pet": (("{n} has a {y} named {x}.", "{n}'s {y} is called {x}.", "The name of {n}'s {y} is {x}.", "{n} lives with a {y} called {x}."),
            ("What is the name of {n}'s {y}?", "How is {n}'s {y} called?", "What is {n}'s {y} called?", "Which name does {n}'s {y} have?"), "{n}'s {y} is called {x}.", "name", PETS),
    "day": (("On {x} {n} goes to the {y}.", "{n} visits the {y} on {x}.", "Every {x} {n} walks to the {y}.", "{n} will be at the {y} on {x}."),
            ("When does {n} go to the {y}?", "On which day does {n} go to the {y}?", "What day does {n} visit the {y}?", "Tell me when {n} goes to the {y}."), "{n} goes to the {y} on {x}.", DAYS, PLACES),
    "place": (("{n} hid the {y} in the {x}.", "{n} left the {y} in the {x}.", "{n} forgot the {y} in the {x}.", "{n} put the {y} in the {x}."),
              ("Where is {n}'s {y}?", "Where is the {y} of {n}?", "Where can {n} find the {y}?", "In which place is the {y} of {n}?", "Tell me where {n}'s {y} is."), "The {y} is in the {x}.",
              tuple("kitchen garden attic cellar barn box drawer cupboard bag basket forest library school tower boat cave shed hall".split()), THINGS),
    "gift": (("{n} gave {x} {ay}.", "{n} brought {ay} to {x}.", "{n} handed {ay} to {x}.", "{n} sent {x} {ay}."),
             ("Who got the {y} from {n}?", "To whom did {n} give the {y}?", "Who has the {y} of {n} now?", "Who received {ay} from {n}?", "Tell me who got the {y}."), "{x} got the {y}.", "name", THINGS),
    "count": (("{n} bought {x} {y}.", "{n} has {x} {y}.", "In {n}'s bag there are {x} {y}.", "{n} counted {x} {y}."),
              ("How many {y} does {n} have?", "How many {y} are there?", "What is the number of {n}'s {y}?", "Tell me how many {y} {n} has."), "{n} has {x} {y}.",
              tuple(range(2, 60)), tuple("apples nuts coins books eggs stones flowers shells balls cards candles keys".split())),
    "game": (("{n} plays {x}.", "{n} likes to play {x}.", "In the evening {n} plays {x}.", "{n} is good at {x}."),
             ("What does {n} play?", "Which game does {n} play?", "What game does {n} like?", "What is {n} good at?", "Tell me what {n} plays."), "{n} plays {x}.", GAMES, None),
    "friend": (("{n}'s best friend is {x}.", "{n} and {x} are best friends.", "The best friend of {n} is {x}.", "{n} spends every day with the best friend, {x}."),
               ("Who is {n}'s best friend?", "What is the name of {n}'s best friend?", "Who is the best friend of {n}?", "Tell me the best friend of {n}."), "{n}'s best friend is {x}.", "name", None),
}
WHO = {"home": "Who lives in {x}?", "food": "Who likes {x}?", "job": "Who is a {x}?", "thing": "Who has the {x}?", "game": "Who plays {x}?", "age": "Who is {x} years old?"}
WHO_ANSWER = {"home": "{n} lives in {x}.", "food": "{n} likes {x}.", "job": "{n} is a {x}.", "thing": "{n} has the {x}.", "game": "{n} plays {x}.", "age": "{n} is {x} years old."}
SCENES = ("It is a {w} day in {d}.", "It was a {w} morning.", "The weather is {w} today.", "It was {d}, and the streets were quiet.", "Many people were out on that {w} day.", "The train was late again.",
          "Nobody had slept well that night.", "The bells rang at noon.", "Everyone talked about the feast.", "The shops were closed.")
ASKING = ("{t} {q}", "{t}\n{q}", "{t}\n\n{q}", "Read this text: {t} {q}", "Text: {t}\nQuestion: {q}", "Here is a short text. {t} {q}", "Read and answer. {t} {q}", "{t} Now tell me: {q}", "Listen: {t} {q}",
          "I will tell you something. {t} {q}", "\"{t}\" {q}", "{q} Here is the text: {t}", "Answer from the text. {t}\n{q}", "From this text: {t} {q}")
NOT_THERE = "The text does not say that."
FOLLOW = ("{q}", "And {q2}", "Next question: {q}", "One more: {q}", "Also, {q2}", "Thanks. {q}", "Good. {q}")


def statement(draw, kind: str, person: str, taken: set):
    """One fact about a person: its values and its sentence."""
    says, _, _, first, second = KINDS[kind]

    def value(options):
        chosen = words.name(draw) if options == "name" else draw.thing(options)
        return value(options) if chosen in taken else chosen

    fact = {"kind": kind, "n": person, "x": value(first), "y": value(second) if second else None}
    taken.update((fact["x"], fact["y"]))
    fact.update(ax=words.article(str(fact["x"])), ay=words.article(fact["y"]) if second else None)
    fact["says"] = draw.template(says).format(**fact)
    return fact


def make_text(draw):
    """(sentences joined, facts): one to three people with different kinds of facts."""
    people, taken = [], set()
    while len(people) < draw.choices((1, 2, 3), (0.3, 0.5, 0.2))[0]:
        person = words.name(draw)
        if person not in taken:
            taken.add(person)
            people.append(person)
    facts = []
    for _ in range(draw.choices((1, 2, 3, 4, 5), (0.1, 0.25, 0.3, 0.2, 0.15))[0]):
        person = draw.choice(people)
        kind = draw.choice(tuple(KINDS))
        if not any(fact["kind"] == kind and (fact["n"] == person or kind in ("thing", "count")) for fact in facts):
            facts.append(statement(draw, kind, person, taken))
    sentences = [fact["says"] for fact in facts]
    if draw.chance(0.3):
        sentences.insert(draw.randint(0, len(sentences)), draw.template(SCENES).format(w=draw.choice(WEATHER), d=draw.choice(("May", "June", "winter", "spring", "autumn"))))
    return " ".join(sentences), facts


def missing(draw, facts):
    """A question about a person of the text that the text does not answer."""
    person = draw.choice(facts)["n"]
    told = {fact["kind"] for fact in facts if fact["n"] == person}
    kind = draw.choice([kind for kind in ("home", "food", "job", "age", "game", "friend") if kind not in told])
    return draw.template(KINDS[kind][1]).format(n=person), NOT_THERE


def question(draw, facts):
    if draw.chance(0.12):
        return missing(draw, facts)
    fact = draw.choice(facts)
    kind = fact["kind"]
    if KINDS[kind][1] is None or kind in WHO and draw.chance(0.3):
        return WHO[kind].format(**fact), WHO_ANSWER[kind].format(**fact)
    return draw.template(KINDS[kind][1]).format(**fact), KINDS[kind][2].format(**fact)


def lower_first(text: str, names) -> str:
    return text if text.split("'")[0].split(" ")[0] in names else text[0].lower() + text[1:]


def sample(draw):
    text, facts = draw.fact(lambda: make_text(draw), lambda made: made[0])
    asked, answer = question(draw, facts)
    messages = [("user", draw.template(ASKING).format(t=text, q=asked)), ("assistant", answer)]
    while draw.chance(0.25):
        asked, answer = question(draw, facts)
        follow = draw.template(FOLLOW).format(q=asked, q2=lower_first(asked, {fact["n"] for fact in facts}))
        messages += [("user", follow), ("assistant", answer)]
    return messages
