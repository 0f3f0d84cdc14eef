"""Asks coremltools whether it accepts packages: the specification loads, and its front end reads the program back, which
infers the type of every value anew and compares it with the one that the package declares.

usage: check_package.py PACKAGE...
"""

import logging
import sys

import coremltools as ct
from coremltools.converters.mil.frontend.milproto import load as milproto

logging.disable(logging.WARNING)


def operations(block):
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from operations(inner)


def check(path):
    specification = ct.utils.load_spec(path)
    model = ct.models.MLModel(path, skip_model_load=True)
    program = milproto.load(specification, specification.specificationVersion, model.weights_dir)
    count = sum(1 for function in program.functions.values() for _ in operations(function))
    if not count:
        raise ValueError("no operations")
    print(f"{path}: accepted, specification {specification.specificationVersion}, {count} operations")


def main(paths):
    if not paths:
        raise SystemExit(__doc__)
    refused = 0
    for path in paths:
        try:
            check(path)
        except Exception as error:  # coremltools raises whatever its layers raise
            print(f"{path}: REFUSED: {type(error).__name__}: {error}")
            refused += 1
    if refused:
        raise SystemExit(f"{refused} of {len(paths)} packages refused")


if __name__ == "__main__":
    main(sys.argv[1:])
