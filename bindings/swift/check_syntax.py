"""Parses every Swift file that is written here with tree-sitter, which needs no Mac. It finds what is no Swift; it knows no
types. What UniFFI generates uses attributes that the grammar does not know.

usage: python check_syntax.py       (pip install tree-sitter tree-sitter-swift)
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_swift
from tree_sitter import Language, Node, Parser

HERE = Path(__file__).resolve().parent


def problems(node: Node) -> Iterator[Node]:
    """What the parser could not make sense of, and what it missed."""
    if node.is_error or node.is_missing:
        yield node
    elif node.has_error:
        for child in node.children:
            yield from problems(child)


def main() -> None:
    parser = Parser(Language(tree_sitter_swift.language()))
    files = sorted(path for path in HERE.rglob("*.swift") if not {".build", "Generated"} & set(path.parts))
    found = 0
    for file in files:
        tree = parser.parse(file.read_bytes())
        for node in problems(tree.root_node):
            line, column = node.start_point
            text = (node.text or b"").decode()[:60]
            print(f"{file.relative_to(HERE)}:{line + 1}:{column + 1}: {text!r}")
            found += 1
    print(f"{len(files)} files, {found} problems")
    sys.exit(1 if found or not files else 0)


if __name__ == "__main__":
    main()
