"""Show what the model is trained on, or write a sample of it to a file.

    python3 scripts/train/generate.py [--count 20] [--seed 1] [--skill story] [--out FILE]
"""
import argparse
import random
import sys

from corpus import mix


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skill", choices=list(mix.SKILLS))
    parser.add_argument("--out", help="file to write instead of standard output")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    out = open(options.out, "w") if options.out else sys.stdout
    for _ in range(options.count):
        messages = mix.turn(rng, options.skill) if options.skill else mix.conversation(rng)
        out.write("".join(text for text, _ in mix.render(messages)) + "\n")


if __name__ == "__main__":
    main()
