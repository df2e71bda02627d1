"""Talk to the exported model in PyTorch.

    python3 scripts/train/chat.py [--model models/aria-1.gguf] [--temperature 0.7] [PROMPT ...]
"""
import argparse

import torch

from inference import answer, load
from settings import MODELS


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=str(MODELS / "aria-1.gguf"))
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("prompts", nargs="*", help="each is answered by itself; none starts a conversation")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load(options.model)
    settings = {"temperature": options.temperature, "generator": torch.Generator().manual_seed(options.seed)}
    for question in options.prompts:
        print(f"> {question}\n{answer(model, tokenizer, [('user', question)], **settings)}\n")
    messages = []
    while not options.prompts:
        try:
            messages.append(("user", input("> ")))
        except EOFError:
            break
        messages.append(("assistant", answer(model, tokenizer, messages, **settings)))
        print(messages[-1][1])


if __name__ == "__main__":
    main()
