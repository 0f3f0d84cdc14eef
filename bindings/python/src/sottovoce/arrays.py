"""NumPy arrays as the library takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _native
from .errors import InputError

_TYPES: dict[_native.ElementType, np.dtype[Any]] = {
    _native.ElementType.FLOAT16: np.dtype(np.float16),
    _native.ElementType.FLOAT32: np.dtype(np.float32),
    _native.ElementType.FLOAT64: np.dtype(np.float64),
    _native.ElementType.INT32: np.dtype(np.int32),
    _native.ElementType.INT8: np.dtype(np.int8),
}
_ELEMENTS = {dtype: element for element, dtype in _TYPES.items()}


def lower(name: str, value: npt.ArrayLike, element: _native.ElementType | None) -> _native.MultiArray:
    """An input. Lists and numbers get the type that the package takes; arrays have to have it."""
    if isinstance(value, np.ndarray) or element is None:
        array = np.asarray(value)
    else:
        array = np.asarray(value, dtype=_TYPES[element])
    if array.dtype not in _ELEMENTS:
        expected = "one of Core ML's types" if element is None else str(_TYPES[element])
        raise InputError(f"input '{name}': expected {expected}, found {array.dtype}; .astype converts it")
    # `ascontiguousarray` would make an array of a single number.
    data = array.tobytes(order="C")
    return _native.MultiArray(element_type=_ELEMENTS[array.dtype], shape=list(array.shape), data=data)


def lift(array: _native.MultiArray) -> npt.NDArray[Any]:
    """An output."""
    return np.frombuffer(array.data, dtype=_TYPES[array.element_type]).reshape(array.shape)


def sound(samples: npt.ArrayLike) -> bytes:
    """Samples as the library takes them: mono floats, or 16-bit integers."""
    array = np.asarray(samples)
    if array.ndim != 1:
        raise InputError(f"sound: expected mono samples, one dimension, found a shape of {array.shape}")
    if array.dtype == np.int16:
        array = array / np.float32(32768)
    return array.astype(np.float32).tobytes()


def samples(sound: bytes) -> npt.NDArray[np.float32]:
    """Samples that the library gave."""
    return np.frombuffer(sound, dtype=np.float32)
