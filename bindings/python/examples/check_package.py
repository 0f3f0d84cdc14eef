"""Checks and measures a Core ML language model package after Apple's recipe on a machine without Core ML.

usage: python check_package.py MODEL.mlpackage
"""

from __future__ import annotations

import sys
import time

import numpy as np

import sottovoce

PROMPT = [1, 2, 3, 4]
TOKENS = 16


def main(path: str) -> None:
    # Everything that is not supported is a PackageError here, with the operation's name and place.
    package = sottovoce.Package(path)
    print(package.description.language_model or "no language model")
    for kind in ("inputs", "states", "outputs"):
        for feature in getattr(package.description, kind):
            print(f"{kind[:-1]} {feature.name}: {feature.text}")

    # Row i of a prompt sees the positions up to its own.
    state, rows = package.new_state(), len(PROMPT)
    mask = np.triu(np.full((1, 1, rows, rows), -np.inf, np.float16), k=1)
    logits = package.predict({"inputIds": [PROMPT], "causalMask": mask}, state)["logits"][0, -1]
    print(f"{logits.size} logits, {'all' if np.isfinite(logits).all() else 'not all'} finite")

    started = time.perf_counter()
    for _ in range(TOKENS):
        mask = np.zeros((1, 1, 1, state.length + 1), np.float16)
        logits = package.predict({"inputIds": [[logits.argmax()]], "causalMask": mask}, state)["logits"][0, -1]
    rate = TOKENS / (time.perf_counter() - started)
    print(f"{TOKENS} tokens, {rate:.1f} a second, {state.nbytes} bytes of keys and values")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: check_package.py MODEL.mlpackage")
    main(sys.argv[1])
