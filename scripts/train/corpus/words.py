"""The things and beings of the model's small world."""

# noun, adjectives that fit it
ANIMALS = """fox:clever,red,quick,young|rabbit:small,shy,white,gentle|bear:big,brown,sleepy,kind|owl:wise,old,quiet,grey
mouse:tiny,brave,grey,curious|hedgehog:small,careful,round,friendly|squirrel:quick,red,busy,cheerful|frog:green,small,cheerful,noisy
turtle:slow,patient,old,calm|cat:black,curious,soft,proud|dog:loyal,brown,happy,friendly|wolf:lonely,grey,young,quiet
deer:shy,gentle,young,graceful|duck:yellow,small,noisy,cheerful|goose:white,proud,noisy,old|badger:old,grumpy,kind,strong
otter:playful,quick,young,happy|beaver:busy,strong,patient,clever|crow:black,clever,old,curious|robin:little,red,cheerful,brave
sparrow:tiny,brown,brave,quick|penguin:small,round,cheerful,young|seal:grey,playful,young,shy|whale:big,blue,old,gentle
dolphin:quick,playful,friendly,clever|crab:small,red,careful,grumpy|horse:brown,strong,gentle,young|pony:little,white,stubborn,kind
donkey:grey,patient,stubborn,old|cow:calm,brown,kind,old|goat:white,hungry,stubborn,curious|sheep:white,soft,shy,calm
lamb:little,white,curious,young|pig:pink,round,happy,hungry|hen:busy,brown,careful,proud|rooster:proud,red,noisy,brave
monkey:clever,playful,quick,young|elephant:big,grey,gentle,young|lion:proud,strong,brave,sleepy|tiger:striped,quiet,young,strong
giraffe:tall,gentle,young,shy|zebra:striped,quick,young,friendly|camel:patient,old,proud,calm|kangaroo:quick,strong,young,happy
koala:sleepy,soft,grey,calm|panda:round,sleepy,gentle,young|parrot:green,noisy,clever,cheerful|snail:slow,small,patient,careful
ant:tiny,busy,strong,brave|bee:busy,small,golden,happy|butterfly:blue,light,young,gentle|spider:small,patient,clever,quiet
dragon:small,green,gentle,young|robot:small,silver,kind,curious|kitten:tiny,white,curious,playful|puppy:small,brown,playful,happy"""

# noun, pronoun (or * for either), adjectives
PEOPLE = """girl:she:brave,curious,kind,clever|boy:he:brave,curious,kind,clever|farmer:*:hard-working,kind,old,tired
baker:*:cheerful,kind,busy,old|sailor:*:brave,old,lonely,cheerful|king:he:proud,old,kind,sad|queen:she:wise,proud,kind,old
princess:she:brave,clever,young,kind|prince:he:shy,young,brave,kind|teacher:*:patient,kind,wise,young|gardener:*:patient,quiet,kind,old
painter:*:quiet,young,poor,cheerful|fisherman:he:old,patient,poor,quiet|shepherd:*:young,quiet,careful,brave|knight:*:brave,tired,young,honest
wizard:he:old,clever,forgetful,kind|witch:she:kind,old,clever,funny|clockmaker:*:old,careful,patient,clever|doctor:*:kind,busy,wise,calm
grandmother:she:kind,wise,old,cheerful|grandfather:he:kind,wise,old,cheerful|giant:he:gentle,big,lonely,shy|pirate:*:old,funny,loud,brave
miller:*:strong,honest,old,busy|tailor:*:careful,clever,poor,young|woodcutter:*:strong,honest,kind,old|child:*:small,curious,brave,happy"""

BOY_NAMES = "Adam Aron Basil Boris Carl Dan David Edgar Elias Erik Frank Fred Georg Henry Ian Ivan Jacob John Jonas Karl Lars Liam Mark Martin Mateo Nico Nils Oliver Otis Paul Peter Quinn Ralph Robin Simon Theodor Victor Walter Will Zane Finn Oscar Ben Leo Max Tom Theo Sam Hugo Milo Jack Otto Felix Noah Emil Gus Pip Rolf Arlo Toby Ned Kai Luca Omar Ravi".split()
GIRL_NAMES = "Agnes Alice Amy Astrid Bella Bianca Carla Celia Cora Dora Edith Elsa Emma Eva Flora Freya Greta Hanna Ida Iris Jane Jenny Julia Kate Kira Lara Laura Lea Lotte Lucy Maria Marta Nadia Naomi Pia Rita Sara Stella Tilda Vera Wendy Mia Lily Rosa Anna Ella Nora Ivy Clara Luna Ruby Zoe Ada Maya Lena Hazel Poppy Daisy Tess Willa Nina Sofia Olive June Amira Yuki".split()

# noun : a problem it solves : what it does then : the result
OBJECTS = """lantern:the path was so dark that nobody could see it:glowed with a warm yellow light:everyone could see the path again
candle:the lights in the house went out:burned with a small steady flame:nobody was afraid of the dark anymore
umbrella:a heavy rain began to fall:opened like a big flower:everyone stayed dry under it
kite:a friend was lost on the far hill and could not find the way home:flew high above the trees:the lost friend saw it and followed it home
key:the old wooden door was locked:turned in the lock with a soft click:the door swung open
map:the road split into three and no one knew the way:showed every river and every hill:they chose the right road
boat:the bridge over the river was broken:floated gently over the water:everyone reached the other side
bell:a thick fog covered the harbor:rang loud and clear:the ships found their way to the shore
drum:everyone in the village was asleep and the river was rising:went boom, boom, boom:the whole village woke up in time
flute:the baby could not fall asleep:played a soft and slow song:the baby closed its eyes and smiled
violin:the winter party had no music:sang sweetly under the stars:everyone began to dance
blanket:the night was very cold:was thick and soft:they slept warm until the morning
scarf:a cold wind blew over the hills:was long enough for two:they walked home warm together
basket:there were more apples than anyone could carry:held every single apple:nothing was left behind
rope:a little goat had fallen into a deep hole:was long and strong:they pulled the goat out safely
ladder:a kitten was stuck on the high roof:reached all the way to the top:the kitten came down safely
bucket:a small fire started near the barn:carried water from the well again and again:the fire went out
spoon:there was a big pot of soup and nothing to stir it with:stirred the soup round and round:the soup was ready at last
teapot:a tired traveler came in from the snow:poured hot sweet tea:the traveler felt warm again
clock:nobody knew when to leave for the feast:ticked and struck four:they arrived just in time
compass:the clouds hid the sun and the stars:pointed straight to the north:they found the way home
telescope:something strange was moving far out on the sea:made far things look near:they saw that it was only a friendly whale
mirror:the sun did not reach the dark valley:caught the sunlight and sent it down:the valley was bright for the first time
shovel:deep snow blocked the door:cleared the snow bit by bit:they could go outside again
broom:the kitchen was full of dust and leaves:swept back and forth:the floor was as clean as new
hammer:the fence had fallen down in the storm:knocked the nails in one by one:the fence stood strong again
needle:the sail of the ship was torn:went in and out of the cloth:the sail was whole again
wagon:the harvest was too heavy to carry:rolled along on its four wheels:all the pumpkins came home
sled:the sick rabbit could not walk through the snow:slid quickly down the white hill:the rabbit reached the doctor in time
whistle:one of the lambs had lost the flock:gave a high bright sound:the lamb came running back
book:nobody knew how to cure the sick tree:told about every plant in the world:they learned what the tree needed
letter:two old friends had not spoken for a year:told how sorry the writer was:the two friends hugged and laughed
seed:the garden was empty and grey:grew a little every day:a tall sunflower stood in the garden
stone:the nut was too hard to open:was heavy and smooth:the shell cracked and everyone ate
feather:the letter had to be written but there was no pen:wrote with fine blue ink:the letter was sent that evening
coin:the old wishing well had been silent for years:fell into the water with a splash:the well began to sing
ring:the queen was sad because her finger was bare:shone like a tiny star:the queen smiled again
crown:the village had to choose a new leader for the day:sparkled in the sun:everyone cheered for the new leader
hat:the sun was burning hot:made a cool round shadow:nobody felt too hot anymore
coat:snow began to fall on the mountain:was thick and warm:nobody shivered that night
apple:a hungry stranger sat beside the road:was red and sweet:the stranger was hungry no more
cake:it was a birthday and nobody had remembered:smelled of honey and butter:the birthday was happy after all
bread:the winter was long and the cupboard was empty:was fresh and warm:there was enough for everyone
honey jar:the little bear had a sore throat:was full of golden honey:the sore throat was gone by morning
balloon:the toy was stuck high up in a tree:rose up and up on its string:the toy came down with it
ball:the children had nothing to do on a long grey day:bounced high over the grass:everyone played until sunset
puppet:a little child was crying at the fair:danced and made a funny bow:the child began to laugh
paintbrush:the old wall looked grey and sad:filled the wall with bright colors:people came from far away to see it
guitar:the travelers were tired and homesick:played an old song from home:everyone felt better
lamp:the child was afraid of the shadows in the room:shone softly all night:the shadows were gone
net:the ball had fallen into the lake:reached over the water:they got the ball back
raft:the flood had made an island of the hill:carried them slowly over the water:all of them reached dry land
bicycle:the medicine had to reach the next village before night:rolled fast along the road:the medicine came in time
tent:a storm came up far away from any house:stood firm in the wind:they were dry and safe inside
box:the tiny bird had no nest for the night:was lined with soft straw:the bird slept safely
pebble:the table in the inn wobbled and spilled the soup:fitted under the short leg:the table stood still
button:the snowman could not see:was round and black:the snowman had an eye and seemed to smile
star:the night was long and everyone felt alone:twinkled just for them:they did not feel alone anymore
shell:the old sailor missed the sea:held the sound of the waves:the sailor closed his eyes and smiled
magnet:the keys had fallen into a deep crack:pulled them up with a click:the keys were back in the pocket
wheel:the cart had broken down on the road:turned round and round without a squeak:the cart rolled on
chair:the old grandmother was tired of standing:was strong and comfortable:she could sit in the sun
bridge:the stream was too wide to jump over:stood strong over the water:friends on both sides could meet
flower:the sick child had been in bed for a week:smelled of spring:the child sat up and smiled
camera:nobody believed that a deer had come to the school:took a clear picture:everyone could see the deer
trumpet:the king's messenger could not be heard in the crowd:sounded bright and loud:the crowd became quiet
jar:the last drops of water were leaking from the old cup:held every drop:there was water for the whole way"""

# More beings and things, which the stories use in general ways: they teach the model to copy a word it was given.
MORE_ANIMALS = """octopus shark lizard swan eagle hamster raccoon moose jellyfish lobster walrus hippo rhino gorilla cheetah leopard panther jaguar llama alpaca
ferret weasel mole bat beetle ladybug cricket grasshopper dragonfly moth worm caterpillar peacock pigeon raven hawk falcon ostrich flamingo pelican turkey crocodile
snake toad salamander chameleon salmon trout goldfish seahorse starfish buffalo bison yak reindeer antelope chipmunk skunk porcupine lemur sloth armadillo unicorn phoenix""".split()
MORE_PEOPLE = """astronaut elf fairy troll mermaid ghost ninja scientist chef dancer singer soldier nurse judge monk hunter blacksmith poet student artist explorer captain
magician clown postman carpenter librarian musician writer cowboy detective engineer inventor pilot policeman firefighter butcher weaver juggler viking merchant beekeeper""".split()
MORE_OBJECTS = """sword pumpkin watch pencil pillow carrot mushroom rocket train car truck piano harp banjo cup plate bowl fork knife pot kettle oven door window fence gate table bench
bed sofa carpet curtain flag banner candlestick vase painting statue toy doll robot computer phone radio battery screw nail saw axe rake wheelbarrow tractor barrel bottle bag backpack
suitcase wallet purse necklace bracelet glove mitten sock shoe sweater shirt jacket cape mask helmet shield bow arrow anchor sailboat submarine airplane parachute skateboard swing slide marble dice
puzzle diamond ruby pearl crystal egg nest acorn walnut cherry pear plum lemon orange melon strawberry potato tomato onion cookie muffin pie candy lollipop pancake sandwich cheese snowball icicle
snowflake leaf branch log rock brick scroll notebook poem song secret dream wish cloud rainbow moonbeam sunbeam shadow""".split()
MORE_ADJECTIVES = "small old young brave clever kind curious shy happy lonely friendly gentle quiet cheerful patient proud little wise".split()
# problem : what the thing does then : the result
GENERAL_USES = """everyone in the village was sad:made everyone smile:nobody was sad anymore
the others did not believe in themselves:gave them new courage:they tried again and won
two neighbors had a long quarrel:reminded them of old times:they shook hands
a stranger had no present for the feast:was the perfect present:the feast was a great success
the day was long and dull:turned the day into an adventure:everyone laughed until evening
an old friend was ill and alone:made the friend feel much better:the friend was soon well again
the village fair had no first prize:became the first prize:everyone wanted to win it
a little child was lost and afraid:calmed the child at once:they found the way home together
nobody wanted to play with the newcomer:made a good beginning:everyone played together
the king asked for the most wonderful thing in the land:was shown to the king:the king smiled and was content
the night watch was long and cold:kept them busy until sunrise:the night passed quickly
there was only one left for two:was shared by both:both of them were content"""

PLACES = """forest|meadow|garden|village|harbor|mountain|valley|desert|island|old mill|castle|orchard|lighthouse|farm|riverbank
beach|snowy hill|quiet lake|market|library|school|deep cave|windy cliff|little town|old bridge|swamp|bamboo grove|cornfield|jungle|frozen pond"""

PLACE_AT = {"mountain": "on", "island": "on", "farm": "on", "riverbank": "on", "beach": "on", "snowy hill": "on", "quiet lake": "by",
            "windy cliff": "on", "old bridge": "by", "frozen pond": "by", "market": "at", "harbor": "at", "old mill": "at", "lighthouse": "at", "school": "at"}


def rows(text):
    return [entry.strip().split(":") for line in text.strip().split("\n") for entry in line.split("|")]


MORE_CHARACTERS = [(noun, "he" if noun in ("policeman", "postman", "cowboy") else "she" if noun == "mermaid" else "*", tuple(MORE_ADJECTIVES)) for noun in MORE_ANIMALS + MORE_PEOPLE]
ANIMAL_PRONOUNS = {"hen": "she", "cow": "she", "rooster": "he"}
ANIMAL_LIST = [(noun, ANIMAL_PRONOUNS.get(noun, "*"), tuple(adjectives.split(","))) for noun, adjectives in rows(ANIMALS)]
PEOPLE_LIST = [(noun, pronoun, tuple(adjectives.split(","))) for noun, pronoun, adjectives in rows(PEOPLE)]
OBJECT_LIST = [tuple(row) for row in (line.split(":") for line in OBJECTS.strip().split("\n"))]
GENERAL_LIST = [tuple(line.split(":")) for line in GENERAL_USES.split("\n")]
PLACE_LIST = [row[0] for row in rows(PLACES)]


NAMES = BOY_NAMES + GIRL_NAMES
STARTS = "b bl br c ch cl d dr f fl g gl gr h j k l m n p pl pr qu r s sh sl sn sp st t th tr v w wh z".split()
MIDDLES = "a e i o u ai ea ee oo ou".split()
ENDS = "b bble ck dle ff g ggle l ll m mp n nd ng nk p pple r rk rt s sk ss st t ttle x zz".split()


def invented(draw) -> str:
    """A word that nobody knows: it can only be copied, letter by letter."""
    return "".join(draw.choice(STARTS) + draw.choice(MIDDLES) for _ in range(draw.choice((0, 1, 1)))) + draw.choice(STARTS) + draw.choice(MIDDLES) + draw.choice(ENDS)


INVENTED_NAME_SHARE = 0.12


def name(draw, names=None) -> str:
    """A first name; now and then an invented one, so that names are copied and not guessed."""
    if draw.chance(INVENTED_NAME_SHARE):
        return draw.fact(lambda: invented(draw), lambda word: word).capitalize()
    return draw.thing(names or NAMES)


def article(noun: str) -> str:
    vowel = noun[0] in "aeiou" and not noun.startswith("uni") or noun.startswith(("honest", "hour"))
    return f"{'an' if vowel else 'a'} {noun}"
