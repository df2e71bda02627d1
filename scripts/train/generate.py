"""Print conversations of the corpus.

    python3 scripts/train/generate.py [--count 20] [--skill story] [--part train|template|fact] [--seed 1]
"""
import argparse

from corpus import mix
from corpus.draw import Draw, PARTS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--skill", choices=list(mix.SKILLS))
    parser.add_argument("--part", choices=PARTS, default="train")
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    draw = Draw(options.seed, options.part)
    for _ in range(options.count):
        for role, text in mix.turn(draw, options.skill) if options.skill else mix.conversation(draw):
            print(f"{role}: {text}")
        print()


if __name__ == "__main__":
    main()
