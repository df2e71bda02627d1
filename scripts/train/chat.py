"""Talk to a GGUF file in PyTorch.

    python3 scripts/train/chat.py [--model models/aria-1.gguf] [--temperature 0.7] ["a prompt"]
"""
import argparse

import torch

from inference import answers, load
from settings import MODELS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompt", nargs="?", help="ask once; without it, a chat")
    parser.add_argument("--model", default=str(MODELS / "aria-1.gguf"))
    parser.add_argument("--temperature", type=float, default=0.0)
    options = parser.parse_args()
    model, tokenizer = load(options.model)
    generator = torch.Generator().manual_seed(1)
    messages = []
    while True:
        try:
            question = options.prompt or input("> ")
        except (EOFError, KeyboardInterrupt):
            return
        messages.append(("user", question))
        reply = answers(model, tokenizer, [messages], temperature=options.temperature, generator=generator)[0]
        print(reply)
        if options.prompt:
            return
        messages.append(("assistant", reply))


if __name__ == "__main__":
    main()
