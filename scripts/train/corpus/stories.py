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
    "contest": ["it is good to try even when others are faster", "winning is not everything", "a clever idea beats strong arms", "a good friend cheers for you"],
    "night": ["the night is not as dark as it seems", "two are braver than one", "a little light is enough to begin", "strange sounds often have a simple reason"],
    "stranger": ["a stranger can become a friend", "one should not judge too quickly", "a warm welcome costs nothing", "good deeds come home again"],
    "learn": ["practice makes the hard things easy", "nobody is too old to learn", "a good teacher is patient", "mistakes are the way to learn"],
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
    "contest": [OPENINGS, OWNS, ["every year there was a great contest {at_P}.", "one day a contest was announced {at_P}.", "everyone {at_P} was getting ready for the great contest."],
                ['"I will win," said {an_B}, who was strong and quick.', '{an_B} laughed at {A}. "You have no chance," {bhe} said.', "{an_B} had won every contest so far."],
                ["on the morning of the contest {problem}.", "but before the contest could begin, {problem}.", "in the middle of the contest {problem}."],
                ["{B} did not know what to do, but {A} took the {o}.", '"Use your {o}!" someone called to {A}.', "{A} left the contest at once to help with {his} {o}."], SOLVE,
                ['"You have won," said {B}, and {bhe} meant it.', "{A} did not win the contest, but everyone cheered for {him}.", "{B} gave the prize to {A}. \"You earned it,\" {bhe} said."], END],
    "night": [OPENINGS, ["one night {A} could not sleep.", "late one night, a strange sound woke {A}.", "the moon was thin, and {A} lay awake."],
              ["{he} heard steps outside, slow and soft.", "something was moving behind the house.", "the sound came nearer and nearer."],
              ["{A} took {an_O} and opened the door a little.", "with {an_O} under {his} arm, {A} stepped out into the dark.", "{he} held {his} {o} tightly and looked out."],
              ["it was only {an_B}, who was cold and lost.", "there stood {an_B}, just as frightened as {A}.", "two eyes looked back. They belonged to {an_B}."],
              ['"Please help me," said {B}. {Problem}.', '"I did not mean to wake you," said {B}. "But {problem}."', "{B} told {him} that {problem}."], SOLVE, THANKS, END],
    "stranger": [OPENINGS, ["one day a stranger came, {an_B}.", "on a cold evening, {an_B} knocked at the door.", "nobody knew where {an_B} had come from."],
                 ["the neighbors whispered and closed their doors.", "everyone was afraid of {B}.", '"Go away," said the others.'],
                 ['but {A} said, "Come in and sit with me."', "only {A} smiled and said hello.", "{A} shared {his} supper with {B}."],
                 ["before leaving, {B} gave {him} {an_O}.", '"Take this {o}," said {B}. "I have nothing else to give."', "in the morning {B} was gone, but {an_O} lay on the table."],
                 ["a week later {problem}.", "soon after that, {problem}.", "then came the day when {problem}."], SOLVE,
                 ["now everyone was sorry and called {B} back.", "\"That was the gift of {B},\" {A} told the others.", "{A} thought of {B} and smiled."], END],
    "learn": [OPENINGS, ["{A} wanted to learn how to use {an_O}.", "{he} had {an_O}, but {he} did not know how to use it.", "{A} had been given {an_O}, and it would not do what {he} wanted."],
              ["the first time everything went wrong.", "{he} tried all day and failed.", "the others laughed at {him}."], MEETS,
              ['"I will show you," said {B}. "But you must be patient."', '"Slowly," said {B}. "One thing after the other."', '"Watch my hands," said {B}, "and then try it yourself."'],
              ["day after day they practiced together.", "after three weeks {he} could do it with closed eyes.", "each evening {he} was a little better."],
              ["then, one day, {problem}. the {o} {did}, and {result}.", "and it was good that {he} had learned it, because {problem}. the {o} {did}, and {result}."],
              ['"Now you can teach me," said {B} and laughed.', '"I am proud of you," said {B}.', "{A} thanked {B} with all {his} heart."], END],
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
CONTINUE = [
    "Continue this story: {s}", "Go on with this story: {s}", "Finish this story: {s}", "How does this story go on? {s}", "Please continue: {s}", "Here is the beginning of a story. {s} Go on.",
    "{s} What happens next?", "{s} And then?", "Write the rest of this story: {s}", "Complete the story: {s}", "Can you continue this? {s}", "This is how my story starts: {s} How does it end?",
    "Tell me how this goes on: {s}", "{s} Please continue the story.",
]
REQUESTS_PLACE = [" It should happen {at}.", " Let it happen {at}.", " It takes place {at}."]
REQUESTS_NONE = [
    "Tell me a story.", "Write a short story.", "Can you tell me a story?", "Tell me a bedtime story.", "I want to hear a story.", "Please tell me a story.", "A story, please.",
    "Do you know a story?", "Tell me something nice before I sleep.", "Make up a story.", "Once upon a time", "I am bored, tell me a story.", "Tell me another story.", "story",
]


def invented_character(draw):
    return (draw.fact(lambda: words.invented(draw), lambda word: word), "*", tuple(words.MORE_ADJECTIVES))


def pick_character(draw):
    """Half are animals of the old world; the others, and the invented ones, teach to copy a word that was given."""
    kind = draw.random()
    known = words.ANIMAL_LIST if kind < 0.42 else words.PEOPLE_LIST if kind < 0.65 else words.MORE_CHARACTERS
    noun, pronoun, adjectives = draw.thing(known) if kind < 0.92 else invented_character(draw)
    if pronoun == "*":
        pronoun = draw.choice(("he", "she"))
    name = words.name(draw, words.BOY_NAMES if pronoun == "he" else words.GIRL_NAMES) if draw.chance(0.45) else None
    return {"noun": noun, "pronoun": pronoun, "adjective": draw.choice(adjectives), "name": name}


def introduced(who):
    phrase = words.article(f"{who['adjective']} {who['noun']}")
    return phrase + (f" named {who['name']}" if who["name"] else "")


def requested(who, draw, named):
    noun = f"{who['adjective']} {who['noun']}" if draw.chance(0.3) else who["noun"]
    return words.article(noun) + (f" named {who['name']}" if named and who["name"] else "")


def facts(hero, friend, item, place):
    he, him, his = PAIR_PRONOUNS[hero["pronoun"]]
    bhe, bhim, _ = PAIR_PRONOUNS[friend["pronoun"]]
    noun, problem, did, result = item
    at = f"{words.PLACE_AT.get(place, 'in')} the {place}"
    return {
        "an_A": introduced(hero), "A": hero["name"] or "the " + hero["noun"], "he": he, "him": him, "his": his, "He": he.title(), "His": his.title(),
        "an_B": introduced(friend), "B": friend["name"] or "the " + friend["noun"], "bhe": bhe, "Bhe": bhe.title(), "him_B": bhim,
        "an_O": words.article(noun), "o": noun, "problem": problem, "Problem": problem[0].upper() + problem[1:], "did": did, "result": result, "at_P": at,
    }


def capitalise(text):
    return re.sub(r'(^|[.!?] |\." )([a-z])', lambda m: m.group(1) + m.group(2).upper(), text)


def told(draw, hero, friend, item, place) -> list:
    """The sentences of a story."""
    plot = draw.choice(sorted(PLOTS))
    values = facts(hero, friend, item, place)
    values["moral"] = draw.choice(MORALS[plot])
    return [capitalise(draw.choice(options).format(**values)) for options in PLOTS[plot]]


def tell(draw, *cast) -> str:
    sentences = told(draw, *cast)
    if draw.chance(0.25):
        middle = len(sentences) // 2
        return " ".join(sentences[:middle]) + "\n\n" + " ".join(sentences[middle:])
    return " ".join(sentences)


def pick_object(draw):
    kind = draw.random()
    if kind < 0.70:
        return draw.thing(words.OBJECT_LIST)
    noun = draw.thing(words.MORE_OBJECTS) if kind < 0.92 else draw.fact(lambda: words.invented(draw), lambda word: word)
    return (noun, *draw.choice(words.GENERAL_LIST))


def cast(draw):
    """(hero, friend, item, place); which hero has which item is held out too."""
    def make():
        hero, friend = pick_character(draw), pick_character(draw)
        while friend["noun"] == hero["noun"] or friend["name"] == hero["name"] and hero["name"]:
            friend = pick_character(draw)
        return hero, friend, pick_object(draw), draw.thing(words.PLACE_LIST)
    return draw.fact(make, lambda made: f"{made[0]['noun']} {made[2][0]}")


def request(draw, hero, friend, item, place):
    kind = draw.random()
    if kind < 0.45:
        text = draw.template(REQUESTS_BOTH)
    elif kind < 0.62:
        text = draw.template(REQUESTS_ONE)
        if draw.chance(0.3):
            return text.format(a=words.article(item[0]))
    elif kind < 0.75:
        text = draw.template(REQUESTS_TWO)
    elif kind < 0.88:
        text = draw.template(REQUESTS_THREE)
    else:
        return draw.template(REQUESTS_NONE)
    named = draw.chance(0.6)
    if not named:
        hero["name"] = friend["name"] = None
    text = text.format(a=requested(hero, draw, named), b=requested(friend, draw, named), o=words.article(item[0]))
    if text.endswith(".") and draw.chance(0.12):
        text += draw.template(REQUESTS_PLACE).format(at=f"{words.PLACE_AT.get(place, 'in')} the {place}")
    return text


def follow_up(draw, hero, friend, item, place):
    """A question about the story just told."""
    he = hero["pronoun"].title()
    name = hero["name"] or "the " + hero["noun"]
    return draw.choice([
        (draw.template(["Who was the story about?", "Who is the hero of the story?", "Who was the main character?", "About whom was the story?"]), f"The story was about {introduced(hero)}."),
        (draw.template([f"Where did {name} live?", "Where did the story happen?", "Where was it?"]), f"It was {words.PLACE_AT.get(place, 'in')} the {place}."),
        (draw.template([f"Who did {name} meet?", f"Who was the friend of {name}?", "Who was the friend in the story?"]), f"{he} met {introduced(friend)}."),
        (draw.template(["What was the important thing in the story?", f"What did {name} have?", "Which object was in the story?"]), f"It was {words.article(item[0])}."),
    ])


def sample(draw):
    made = cast(draw)
    question = request(draw, *made)
    messages = [("user", question), ("assistant", tell(draw, *made))]
    while draw.chance(0.15):
        question, answer = follow_up(draw, *made)
        messages += [("user", question), ("assistant", answer)]
    return messages


def continued(draw):
    """The user begins a story and the answer goes on from there."""
    sentences = told(draw, *cast(draw))
    split = draw.randint(2, max(2, len(sentences) - 3))
    return [("user", draw.template(CONTINUE).format(s=" ".join(sentences[:split]))), ("assistant", " ".join(sentences[split:]))]
