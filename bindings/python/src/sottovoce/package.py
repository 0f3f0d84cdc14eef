"""Core ML packages on arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from . import _native
from .arrays import lift, lower
from .errors import translated


def inspect(path: str | os.PathLike[str], function: str | None = None) -> _native.PackageDescription:
    """What a package says about itself: inputs, outputs and states with their types and shapes. Reads no weights."""
    with translated():
        return _native.inspect(os.fspath(path), function)


class State:
    """What a package remembers between calls: keys and values, for a language model."""

    def __init__(self, native: _native.PackageState) -> None:
        self._native = native

    @property
    def length(self) -> int:
        """Positions in it; 0 for packages that append to none."""
        return self._native.length()

    @property
    def nbytes(self) -> int:
        """Bytes that it takes when it is full."""
        return self._native.bytes()

    def rewind(self, length: int) -> None:
        """Forgets all positions from `length` on."""
        with translated():
            self._native.rewind(length)

    def fork(self) -> State:
        """A copy that goes its own way."""
        return State(self._native.fork())


class Package:
    """A package that is ready to predict. It may be shared between threads, a state belongs to one.

    Everything in the package that is not supported is a `PackageError` here, with its name and place.

    :param path: The `.mlpackage` folder.
    :param function: Function to run; by default the package's default function.
    :param backend: What runs it; the CPU by default, or the interpreter for packages that have no plan there.
    :param exact: Compute everything in 32-bit floats.
    :param threads: As many as the machine allows by default.
    :param compute_units: Hardware to use. What is not there falls back to the CPU, and `notes` says so.
    :param packed_cache: Keep packed weights in a file beside the package, which makes later loads much faster.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        function: str | None = None,
        backend: _native.Backend | None = None,
        exact: bool = False,
        threads: int | None = None,
        compute_units: _native.ComputeUnits | None = None,
        packed_cache: bool = False,
    ) -> None:
        options = _native.LoadOptions(
            backend=backend,
            compute_units=compute_units,
            exact=exact,
            threads=threads,
            function=function,
            packed_cache=packed_cache,
        )
        with translated():
            self._take(_native.Package.load(os.fspath(path), options))

    def _take(self, native: _native.Package) -> None:
        self._native = native
        self._description = native.description()
        self._elements = {feature.name: feature.element_type for feature in self._description.inputs}

    @classmethod
    def _of(cls, native: _native.Package) -> Package:
        package = cls.__new__(cls)
        package._take(native)
        return package

    @property
    def description(self) -> _native.PackageDescription:
        """What it says about itself."""
        return self._description

    @property
    def backend(self) -> _native.Backend:
        """What runs it."""
        return self._native.backend()

    @property
    def threads(self) -> int:
        """Threads in use."""
        return self._native.threads()

    @property
    def notes(self) -> list[str]:
        """What was asked for and is not there, in sentences."""
        return self._native.notes()

    def new_state(self) -> State:
        """A state with nothing in it."""
        return State(self._native.new_state())

    def predict(self, inputs: Mapping[str, npt.ArrayLike], state: State | None = None) -> dict[str, npt.NDArray[Any]]:
        """Runs the package on arrays by name, and returns its outputs in the package's order.

        Names, types, shapes and how sizes fit together are checked before anything is computed; an `InputError` says
        what was expected. The call writes to `state`, from where the last one ended; without one to a new one.
        """
        arrays = {name: lower(name, value, self._elements.get(name)) for name, value in inputs.items()}
        with translated():
            outputs = self._native.predict(arrays, None if state is None else state._native)
        return {feature.name: lift(outputs[feature.name]) for feature in self._description.outputs}

    def __repr__(self) -> str:
        inputs = ", ".join(f"{feature.name}: {feature.text}" for feature in self._description.inputs)
        return f"Package({self._description.path!r}, inputs=({inputs}))"
