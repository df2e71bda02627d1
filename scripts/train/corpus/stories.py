"""Short stories on demand: a plot grammar over characters, an object, the problem it solves, a place."""
import re

from . import words

PAIR_PRONOUNS = {"he": ("he", "him", "his"), "she": ("she", "her", "her")}

OPENINGS = [
    "once upon a time, {an_A} lived {at_P}.", "long ago, {an_A} lived {at_P}.", "there once was {an_A} who lived {at_P}.",
    "{an_A} lived all alone {at_P}.", "one morning, {an_A} woke up early {at_P}.", "in a time of long summers, {an_A} lived {at_P}.",
    "once there was {an_A} {at_P}.", "far away, {at_P}, lived {an_A}.",
]
OWNS = [
    "{he} had {an_O}, and {he} loved it more than anything.", "{his} greatest treasure was {an_O}.",
    "{A} owned only one thing, {an_O}.", "every day {he} carried {an_O} with {him}.",
    "{his} grandmother had given {him} {an_O}.", "{A} took good care of {his} {o}.",
]
FINDS = [
    "one day, {A} found {an_O} under a tree.", "one day, {he} saw something in the grass. It was {an_O}.",
    "on a sunny morning, {A} found {an_O} beside the path.", "after a storm, {A} found {an_O} near {his} door.",
    "while {he} was walking, {A} almost fell over {an_O}.", "one evening, {A} discovered {an_O} behind an old wall.",
]
MEETS = [
    "then {an_B} came along.", "that afternoon, {he} met {an_B}.", "soon {an_B} came down the road.",
    "just then, {an_B} arrived.", "on the way, {A} met {an_B}.", "nearby lived {an_B}.",
]
PROBLEM = [
    "that night there was trouble: {problem}.", "but then {problem}.", "suddenly, there was a problem. {Problem}.",
    "one day {problem}.", '"Help!" cried {B}. {Problem}.', "the next day {problem}, and {B} did not know what to do.",
    '"Oh no," said {B}. {Problem}.',
]
IDEA = [
    '{A} had an idea. "I will use my {o}," {he} said.', '"Do not worry," said {A}. "I have {an_O}."',
    "{A} thought for a moment and ran to get the {o}.", '"Wait," said {A}. "My {o} can help."',
    "{A} was a little afraid, but {he} took the {o} and went to help.", "then {A} remembered the {o}.",
]
SOLVE = ["the {o} {did}, and {result}.", "the {o} {did}. Soon {result}.", "the {o} {did}, and at last {result}."]
THANKS = [
    '"Thank you," said {B}. "You are a true friend."', '{B} smiled. "I will never forget this," {bhe} said.',
    '"How can I thank you?" asked {B}. "Just be my friend," said {A}.', "{B} was so happy that {bhe} danced.",
    '"Thank you, {A}," said {B}, and they laughed together.', "{B} hugged {A} and thanked {him}.",
]
END = [
    "from that day on, {A} and {B} were best friends.", "after that, they met every day {at_P}.",
    "and so {A} learned that {moral}.", "{A} went home happy, because {he} knew that {moral}.",
    "that night {A} slept well. {He} had learned that {moral}.", "and everyone {at_P} remembered that {moral}.",
]
MORALS = {
    "help": ["a good friend is worth more than gold", "helping others makes you happy too", "even a small thing can be a great help", "kindness always comes back"],
    "lost": ["honest friends are the best friends", "it is good to ask for help", "what is lost can be found with patience", "a kind heart gives back what it finds"],
    "share": ["sharing makes every joy bigger", "things are more fun together", "a treasure is better when it is shared", "saying sorry is the first step"],
    "gift": ["the best gift comes from the heart", "giving is better than getting", "a gift is big when the heart is big", "friends know what friends need"],
    "repair": ["broken things can be made whole again", "two can do what one cannot", "patience repairs almost anything", "it is never too late to try again"],
    "journey": ["one step after another leads to the goal", "you should never give up", "a long road is short with courage", "promises should be kept"],
    "brave": ["being brave means going on when you are afraid", "courage can live in a small heart", "fear gets smaller when you face it", "anyone can be a hero"],
    "wonder": ["everything is useful to someone", "asking questions makes you wise", "there is a right time for everything", "curious eyes find many treasures"],
}

PLOTS = {
    "help": [OPENINGS, OWNS, MEETS, PROBLEM, IDEA, SOLVE, THANKS, END],
    "lost": [OPENINGS, OWNS,
             ["but one day the {o} was gone.", "one windy day, {he} lost the {o}.", "one morning, {A} could not find the {o} anywhere."],
             ["{he} looked under the bed and behind the door, but it was not there.", "{he} searched all day {at_P} and found nothing.", "{A} looked everywhere and began to cry.", "{he} asked everyone, but nobody had seen it."],
             ["then {an_B} came along. \"Is this your {o}?\" {bhe} asked. \"I found it by the river.\"", "in the evening, {an_B} knocked at the door. {Bhe} had found the {o} on the road.", "at last {he} met {an_B}, who was holding the {o}. \"I was looking for the owner,\" said {B}."],
             ['"You found it!" cried {A}. "Thank you so much!"', "{A} was so happy that {he} jumped into the air.", '"Thank you for being honest," said {A}.'],
             ["that same night {problem}. the {o} {did}, and {result}.", "and it was just in time, because {problem}. the {o} {did}, and {result}."], END],
    "share": [OPENINGS, OWNS, MEETS,
              ['"May I use your {o}?" asked {B}. "No, it is mine," said {A}.', '{B} wanted to try the {o}, but {A} said no.', '"Please let me hold the {o}," said {B}. But {A} turned away.'],
              ["{B} went away sadly. {A} sat alone, and nothing was fun anymore.", "so {B} left, and {A} felt lonely.", "{A} kept the {o} and lost a friend. {He} did not feel happy."],
              ['the next day, {A} went to {B}. "I am sorry," {he} said. "Let us use it together."', "{A} thought about it all night. In the morning {he} brought the {o} to {B}.", '"I was wrong," said {A} to {B}. "The {o} is for both of us."'],
              ["together they were ready when {problem}. the {o} {did}, and {result}.", "soon it was needed, because {problem}. the {o} {did}, and {result}."], END],
    "gift": [OPENINGS, ["{his} best friend was {an_B}.", "next door lived {an_B}, and they were good friends.", "{A} had a dear friend, {an_B}."],
             ["soon it was the birthday of {B}, and {A} had no gift.", "{A} wanted to give {B} something special.", "{B} had been sad for days, and {A} wanted to help."],
             ["{he} looked in every shop, but everything cost too much.", "{he} thought and thought, but no idea came.", "{he} had only one coin in {his} pocket."],
             FINDS, ['{he} cleaned it and gave it to {B}. "This is for you," said {A}.', "{he} tied a ribbon around it and took it to {B}.", '"I found this and thought of you," {he} said to {B}.'],
             ["{B} loved it. And when {problem}, the {o} {did}, and {result}.", "it was the perfect gift. Some days later {problem}. the {o} {did}, and {result}."], END],
    "repair": [OPENINGS, OWNS, ["but one day the {o} broke.", "then, by accident, {he} dropped the {o}, and it broke.", "after many years the {o} stopped working."],
               ["{A} was very sad.", '"What shall I do now?" {he} sighed.', "{he} tried to mend it, but {he} could not do it alone."],
               MEETS, ['"Let me look," said {B}. "I think we can mend it."', '"Do not be sad," said {B}. "We will repair it together."', "{B} had good tools and a lot of patience."],
               ["they worked until the sun went down, and the {o} was as good as new.", "it took three days, but then the {o} was whole again.", "they tried once, twice, and the third time it worked."],
               ["and that was lucky, because soon {problem}. the {o} {did}, and {result}.", "that very week {problem}. the {o} {did}, and {result}."], END],
    "journey": [OPENINGS, ["one day a message came from {an_B} who lived far away: {problem}.", "{an_B} on the other side of the hills needed help, because {problem}."],
                ['"I must bring {him_B} my {o}," said {A}.', "{A} packed {an_O} and some bread and left at once.", '"My {o} can help," said {A}, and {he} set out.'],
                ["{he} walked over hills and through cold streams.", "first it rained, and then the road was steep.", "the way was long, and {his} feet hurt."],
                ['a tired voice in {his} head said, "Turn back." But {A} did not turn back.', "{he} rested under a tree, ate {his} bread, and went on.", '"One more step," {he} said again and again.'],
                ["on the third day {he} arrived.", "when the moon rose, {he} reached the house of {B}.", "at last {he} stood in front of {B}."], SOLVE, THANKS, END],
    "brave": [OPENINGS, ["{A} was afraid of almost everything.", "everybody said that {A} was not brave.", "{A} was afraid of the dark, of storms, and of loud noises."],
              OWNS, MEETS, PROBLEM, ["everyone looked at {A}. {His} knees were shaking.", "{A} wanted to run away. But {B} needed help.", '"I am afraid," whispered {A}, "but I will try."'],
              ["{he} took the {o} and stepped forward.", "{he} held the {o} tightly and counted to three.", "{he} took a deep breath and lifted the {o}."], SOLVE,
              ['"You are the bravest of us all," said {B}.', "everyone cheered for {A}.", '"You did it!" cried {B}.'], END],
    "wonder": [OPENINGS, FINDS, ['"What is this for?" {he} wondered.', "{he} turned it around and around, but did not know what it was.", '"Is it something to eat?" {he} asked. It was not.'],
               ["{he} asked the wind, but the wind only laughed.", "{he} asked a bird, but the bird flew away.", "nobody {at_P} could tell {him}."], MEETS,
               ['"Keep it," said {B}. "You will see what it is good for."', '"That is {an_O}," said {B}. "One day you will need it."', '"I know what that is," said {B}. "Keep it safe."'],
               ["and the day came when {problem}. the {o} {did}, and {result}.", "not long after, {problem}. the {o} {did}, and {result}."],
               ['"Now I understand," said {A}.', '"So that is what it is for!" cried {A}.', "{A} looked at the {o} and smiled."], END],
}

REQUESTS_BOTH = [
    "Tell me a story about {a} and {o}.", "Write a story about {a} and {o}.", "Can you tell me a story with {a} and {o}?", "I want a story about {a} who has {o}.",
    "Please tell me a short story about {a} and {o}.", "Write a short story with {a} and {o}.", "A story about {a} and {o}, please.", "Make up a story about {a} and {o}.",
    "Tell a bedtime story about {a} and {o}.", "Could you write a little story about {a} with {o}?", "Give me a story about {a} and {o}.", "story about {a} and {o}",
    "Tell me about {a} and {o}.", "Tell me a story about {o} and {a}.", "Invent a story in which {a} has {o}.",
]
REQUESTS_ONE = [
    "Tell me a story about {a}.", "Write a story about {a}.", "Can you tell me a story about {a}?", "Please tell me a short story about {a}.", "A story about {a}, please.",
    "Make up a story about {a}.", "I would like a story about {a}.", "Tell a bedtime story about {a}.", "story about {a}", "Give me a story with {a}.",
]
REQUESTS_TWO = [
    "Tell me a story about {a} and {b}.", "Write a story about {a} and {b}.", "Can you tell me a story about {a} who meets {b}?", "A short story about {a} and {b}, please.",
    "Make up a story about {a} and {b}.", "Tell me how {a} and {b} became friends.",
]
REQUESTS_THREE = [
    "Tell me a story about {a}, {b} and {o}.", "Write a story with {a}, {b} and {o}.", "A story about {a}, {b} and {o}, please.", "Can you tell a story about {a}, {b} and {o}?",
]
REQUESTS_PLACE = [" It should happen {at}.", " Let it happen {at}.", " It takes place {at}."]
REQUESTS_NONE = [
    "Tell me a story.", "Write a short story.", "Can you tell me a story?", "Tell me a bedtime story.", "I want to hear a story.", "Please tell me a story.", "A story, please.",
    "Do you know a story?", "Tell me something nice before I sleep.", "Make up a story.", "Once upon a time", "I am bored, tell me a story.", "Tell me another story.", "story",
]


def pick_character(rng):
    kind = rng.random()
    noun, pronoun, adjectives = rng.choice(words.ANIMAL_LIST if kind < 0.5 else words.PEOPLE_LIST if kind < 0.75 else words.MORE_CHARACTERS)
    if pronoun == "*":
        pronoun = rng.choice(["he", "she"])
    name = rng.choice(words.BOY_NAMES if pronoun == "he" else words.GIRL_NAMES) if rng.random() < 0.45 else None
    return {"noun": noun, "pronoun": pronoun, "adjective": rng.choice(adjectives), "name": name}


def introduced(who):
    phrase = words.article(f"{who['adjective']} {who['noun']}")
    return phrase + (f" named {who['name']}" if who["name"] else "")


def requested(who, rng, named):
    noun = f"{who['adjective']} {who['noun']}" if rng.random() < 0.3 else who["noun"]
    return words.article(noun) + (f" named {who['name']}" if named and who["name"] else "")


def facts(hero, friend, item, place):
    he, him, his = PAIR_PRONOUNS[hero["pronoun"]]
    bhe, bhim, _ = PAIR_PRONOUNS[friend["pronoun"]]
    noun, problem, did, result = item
    at = f"{words.PLACE_AT.get(place, 'in')} the {place}"
    return {
        "an_A": introduced(hero), "A": hero["name"] or "the " + hero["noun"], "he": he, "him": him, "his": his, "He": he.title(), "His": his.title(),
        "an_B": introduced(friend), "B": friend["name"] or "the " + friend["noun"], "bhe": bhe, "Bhe": bhe.title(), "him_B": bhim,
        "an_O": words.object_phrase(noun), "o": noun, "problem": problem, "Problem": problem[0].upper() + problem[1:], "did": did, "result": result, "at_P": at,
    }


def capitalise(text):
    return re.sub(r'(^|[.!?] |\." )([a-z])', lambda m: m.group(1) + m.group(2).upper(), text)


def tell(rng, hero, friend, item, place):
    plot = rng.choice(sorted(PLOTS))
    values = facts(hero, friend, item, place)
    values["moral"] = rng.choice(MORALS[plot])
    sentences = []
    for options in PLOTS[plot]:
        sentence = rng.choice(options).format(**values)
        sentences.append(capitalise(sentence))
    text = " ".join(sentences)
    if rng.random() < 0.25:
        middle = len(sentences) // 2
        text = " ".join(sentences[:middle]) + "\n\n" + " ".join(sentences[middle:])
    return text


def pick_object(rng):
    if rng.random() < 0.75:
        return rng.choice(words.OBJECT_LIST)
    return (rng.choice(words.MORE_OBJECTS), *rng.choice(words.GENERAL_LIST))


def cast(rng):
    hero, friend = pick_character(rng), pick_character(rng)
    while friend["noun"] == hero["noun"] or friend["name"] == hero["name"] and hero["name"]:
        friend = pick_character(rng)
    return hero, friend, pick_object(rng), rng.choice(words.PLACE_LIST)


def request(rng, hero, friend, item, place):
    kind = rng.random()
    if kind < 0.45:
        text = rng.choice(REQUESTS_BOTH)
    elif kind < 0.62:
        text = rng.choice(REQUESTS_ONE)
        if rng.random() < 0.3:
            return text.format(a=words.object_phrase(item[0]))
    elif kind < 0.75:
        text = rng.choice(REQUESTS_TWO)
    elif kind < 0.88:
        text = rng.choice(REQUESTS_THREE)
    else:
        return rng.choice(REQUESTS_NONE)
    named = rng.random() < 0.6
    if not named:
        hero["name"] = friend["name"] = None
    text = text.format(a=requested(hero, rng, named), b=requested(friend, rng, named), o=words.object_phrase(item[0]))
    if text.endswith(".") and rng.random() < 0.12:
        text += rng.choice(REQUESTS_PLACE).format(at=f"{words.PLACE_AT.get(place, 'in')} the {place}")
    return text


def follow_up(rng, hero, friend, item, place):
    """A question about the story just told."""
    he = hero["pronoun"].title()
    name = hero["name"] or "the " + hero["noun"]
    return rng.choice([
        (rng.choice(["Who was the story about?", "Who is the hero of the story?", "Who was the main character?"]), f"The story was about {introduced(hero)}."),
        (rng.choice([f"Where did {name} live?", "Where did the story happen?", "Where was it?"]), f"It was {words.PLACE_AT.get(place, 'in')} the {place}."),
        (rng.choice([f"Who did {name} meet?", f"Who was the friend of {name}?", "Who was the friend in the story?"]), f"{he} met {introduced(friend)}."),
        (rng.choice(["What was the important thing in the story?", f"What did {name} have?", "Which object was in the story?"]), f"It was {words.object_phrase(item[0])}."),
    ])


def sample(rng):
    hero, friend, item, place = cast(rng)
    question = request(rng, hero, friend, item, place)
    messages = [("user", question), ("assistant", tell(rng, hero, friend, item, place))]
    while rng.random() < 0.15:
        question, answer = follow_up(rng, hero, friend, item, place)
        messages += [("user", question), ("assistant", answer)]
    return messages
