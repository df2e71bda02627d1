"""Questions from outside the small world, and the honest answer to them."""
from . import words


ANSWERS = [
    "I do not know. I am a small model. Ask me for a story, a sum, or about ARIA.",
    "I am sorry, I do not know that. I can tell stories, do simple arithmetic, and explain ARIA.",
    "I do not know the answer to that.",
    "That is outside my small world, so I do not know. Would you like a story instead?",
]
COUNTRIES = "France Germany Italy Spain Japan China India Brazil Canada Mexico Egypt Kenya Peru Norway Sweden Poland Turkey Greece Australia Russia Portugal Austria Chile Cuba Vietnam Korea Ireland Finland Nepal Ghana Iceland Hungary Belgium Denmark Thailand Morocco Jordan Bolivia Iran Iraq Ukraine Romania Kuwait Malta Samoa Togo Chad".split()
PEOPLE = "Einstein,Napoleon,Shakespeare,Mozart,Cleopatra,Newton,Picasso,Beethoven,Darwin,Caesar,Gandhi,Columbus,Galileo,Plato,Aristotle,Marie Curie,the president,the prime minister,Alan Turing,Van Gogh".split(",")
TOPICS = """quantum physics,the stock market,photosynthesis,black holes,the French Revolution,football,cooking,politics,medicine,chemistry,tax law,history,philosophy,cars,movies,music theory,gravity,
evolution,dinosaurs,volcanoes,the moon landing,the Roman Empire,electricity,DNA,cancer,vitamins,chess,tennis,fashion,religion,economics,climate change,airplanes,satellites,bitcoin,Python,JavaScript,databases,calculus,algebra,gardening,perfume,robots in factories,steam engines,bridges,bacteria,magnets,rainbows,earthquakes,coffee,tea,wine,ballet,opera,jazz,poetry,sculpture,sailing,rugby,boxing,yoga,sleep,allergies,bees in winter,coral reefs,deserts,glaciers,comets,Mars,Saturn,telescopes,radar,lasers,batteries,glass,steel,paper,printing,banks,insurance,elections,parliament,the United Nations""".replace("\n", "").split(",")
CITIES = "Paris London Berlin Rome Tokyo Madrid Vienna Moscow Cairo Sydney Toronto Oslo Prague Lisbon Dublin Delhi Boston Chicago Lima Athens Hamburg Geneva Bergen Krakow Utrecht Porto Havana Seoul Nairobi Dallas".split()
DISHES = "pizza,lasagna,sushi,curry,pancakes,a chocolate cake,pasta,soup,bread,tacos,rice,salad,an omelette,cheese".split(",")
FORMS = [
    ("What is the capital of {x}?", COUNTRIES), ("capital of {x}", COUNTRIES), ("How many people live in {x}?", COUNTRIES), ("Where is {x}?", COUNTRIES), ("What language do they speak in {x}?", COUNTRIES),
    ("Who was {x}?", PEOPLE), ("Who is {x}?", PEOPLE), ("When was {x} born?", PEOPLE), ("What did {x} do?", PEOPLE), ("Tell me about the life of {x}.", PEOPLE),
    ("Explain {x}.", TOPICS), ("What is {x}?", TOPICS), ("How does {x} work?", TOPICS), ("Write an essay about {x}.", TOPICS), ("What do you think about {x}?", TOPICS), ("Teach me {x}.", TOPICS),
    ("What is the weather in {x}?", CITIES), ("What is the weather like in {x} today?", CITIES), ("How far is {x} from here?", CITIES), ("Find me a hotel in {x}.", CITIES), ("How do I get to {x}?", CITIES), ("What time is it in {x}?", CITIES),
    ("How do I cook {x}?", DISHES), ("Give me a recipe for {x}.", DISHES), ("How do I make {x}?", DISHES), ("How many calories are in {x}?", DISHES),
    ("Who is the king of {x}?", COUNTRIES), ("How big is {x}?", COUNTRIES + CITIES), ("Which river flows through {x}?", CITIES), ("Is {x} healthy?", DISHES), ("Did {x} have children?", PEOPLE), ("Which book did {x} write?", PEOPLE),
    ("Can you teach me {x}?", TOPICS), ("Tell me about {x}.", TOPICS + COUNTRIES + CITIES + PEOPLE), ("What do you know about {x}?", TOPICS + COUNTRIES + PEOPLE), ("Why is {x} important?", TOPICS), ("Who invented {x}?", TOPICS[:18]),
    ("Who won the game yesterday?", [""]), ("What is in the news?", [""]), ("What time is it?", [""]), ("What day is it today?", [""]), ("What is the meaning of life?", [""]), ("Who will win the election?", [""]),
    ("What is the price of bitcoin?", [""]), ("Write a Python program.", [""]), ("Translate this into French.", [""]), ("What is the square root of 2?", [""]), ("Solve this equation.", [""]), ("Which stock should I buy?", [""]),
    ("How do I lose weight?", [""]), ("What medicine should I take?", [""]), ("Do aliens exist?", [""]), ("How tall is the highest mountain?", [""]), ("How deep is the ocean?", [""]), ("How far away is the moon?", [""]),
    ("Who invented the telephone?", [""]), ("When did the war end?", [""]), ("What is the speed of light?", [""]), ("Book me a flight.", [""]), ("Send an email.", [""]), ("Search the internet.", [""]), ("Open a website.", [""]), ("Draw a picture.", [""]),
]


WORDINGS = tuple(form for form, _ in FORMS)
TOPIC = dict(FORMS)


def sample(draw):
    form = draw.template(WORDINGS)
    topic = draw.thing(tuple(TOPIC[form]))
    if TOPIC[form] is PEOPLE and draw.chance(0.2):
        topic = f"{words.name(draw)} {words.invented(draw).capitalize()}"
    return [("user", form.format(x=topic)), ("assistant", draw.choice(ANSWERS))]
