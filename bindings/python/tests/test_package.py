"""Packages on arrays: load, check, predict, measure."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import FIXTURES, causal_mask, reference

import sottovoce

COREMLTOOLS = FIXTURES / "coremltools"
STATEFUL = ["llama-fp16", "llama-sdpa", "llama-int4", "llama-int4a", "llama-int8", "llama-lut4", "llama-lut6", "llama-sparse",
            "gemma-fp16", "gemma-int4"]
# What crates/testkit/src/compare.rs allows in exact mode, as a share of the largest logit.
EXACT = 6 / 2048


def package(name: str, exact: bool = True) -> sottovoce.Package:
    return sottovoce.Package(COREMLTOOLS / f"{name}.mlpackage", exact=exact)


@pytest.mark.parametrize("name", STATEFUL)
def test_logits_are_those_of_pytorch(name: str) -> None:
    expected, runner = reference(name), package(name)
    ids, logits = expected["ids"].astype(np.int32), expected["logits"]
    limit = EXACT * np.abs(logits).max()
    whole = runner.predict({"inputIds": ids, "causalMask": causal_mask(0, ids.shape[1])})["logits"]
    assert whole.dtype == np.float32 and whole.shape == logits.shape
    assert np.abs(whole - logits).max() <= limit

    state = runner.new_state()
    for past, token in enumerate(ids[0]):
        assert state.length == past
        row = runner.predict({"inputIds": [[token]], "causalMask": causal_mask(past, 1)}, state)["logits"]
        assert np.abs(row[0, 0] - logits[0, past]).max() <= limit


def test_states_fork_and_go_back() -> None:
    runner, expected = package("llama-int4"), reference("llama-int4")
    ids = expected["ids"].astype(np.int32)
    state = runner.new_state()
    runner.predict({"inputIds": ids[:, :4], "causalMask": causal_mask(0, 4)}, state)
    fork = state.fork()
    step = {"inputIds": ids[:, 4:5], "causalMask": causal_mask(4, 1)}
    first = runner.predict(step, state)["logits"]
    assert (state.length, fork.length) == (5, 4)
    state.rewind(4)
    assert np.array_equal(runner.predict(step, state)["logits"], first)
    assert np.array_equal(runner.predict(step, fork)["logits"], first)
    assert state.nbytes > 0


def test_outputs_have_the_declared_type_unless_all_is_exact() -> None:
    runner = package("llama-fp16", exact=False)
    logits = runner.predict({"inputIds": [[1, 2]], "causalMask": causal_mask(0, 2)})["logits"]
    assert logits.dtype == np.float16


def test_a_package_says_what_it_takes() -> None:
    description = sottovoce.inspect(COREMLTOOLS / "llama-int4.mlpackage")
    assert [feature.name for feature in description.inputs] == ["inputIds", "causalMask"]
    assert [feature.name for feature in description.states] == ["keyCache", "valueCache"]
    ids = description.inputs[0]
    assert ids.element_type == sottovoce.ElementType.INT32
    assert isinstance(ids.allowed, sottovoce.AllowedShapes.RANGES)
    assert ids.allowed.ranges[1] == sottovoce.SizeRange(least=1, most=64)
    assert description.language_model is not None and "stateful" in description.language_model
    runner = package("llama-int4")
    assert runner.description == description
    assert runner.backend == sottovoce.Backend.CPU and runner.threads >= 1 and runner.notes == []


def test_what_does_not_fit_is_named() -> None:
    runner = package("llama-int4")
    ids, mask = [[1, 2]], causal_mask(0, 2)
    with pytest.raises(sottovoce.InputError, match="causalMask"):
        runner.predict({"inputIds": ids})
    with pytest.raises(sottovoce.InputError, match="input_ids"):
        runner.predict({"input_ids": ids, "causalMask": mask})
    with pytest.raises(sottovoce.InputError, match="inputIds.*expected int32, found int64"):
        runner.predict({"inputIds": np.array(ids), "causalMask": mask})
    with pytest.raises(sottovoce.InputError, match="causalMask"):
        runner.predict({"inputIds": ids, "causalMask": mask.astype(np.float32)})
    with pytest.raises(sottovoce.InputError, match="vocabulary"):
        runner.predict({"inputIds": [[1, 1_000_000]], "causalMask": mask})
    with pytest.raises(sottovoce.InputError, match="row 0"):
        runner.predict({"inputIds": ids, "causalMask": np.full((1, 1, 2, 2), -np.inf, np.float16)})
    # The mistake seen in the wild: a mask of one column in every step, which would write each token over the first.
    state = runner.new_state()
    runner.predict({"inputIds": ids, "causalMask": mask}, state)
    with pytest.raises(sottovoce.InputError, match="position 0.*holds 2"):
        runner.predict({"inputIds": [[3]], "causalMask": np.zeros((1, 1, 1, 1), np.float16)}, state)
    assert state.length == 2
    with pytest.raises(sottovoce.InputError, match="another model"):
        package("gemma-int4").predict({"inputIds": ids, "causalMask": mask}, state)
    assert issubclass(sottovoce.InputError, ValueError)


def damaged(tmp_path: Path) -> Path:
    copy = tmp_path / "damaged.mlpackage"
    shutil.copytree(COREMLTOOLS / "llama-int4.mlpackage", copy)
    return copy


def test_damaged_packages_are_errors(tmp_path: Path) -> None:
    with pytest.raises(sottovoce.PackageError, match="nowhere"):
        sottovoce.Package(tmp_path / "nowhere.mlpackage")
    copy = damaged(tmp_path)
    weights = copy / "Data/com.apple.CoreML/weights/weight.bin"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(sottovoce.PackageError, match="weight.bin"):
        sottovoce.Package(copy)
    weights.unlink()
    with pytest.raises(sottovoce.PackageError, match="weight.bin"):
        sottovoce.Package(copy)
    program = copy / "Data/com.apple.CoreML/model.mlmodel"
    program.write_bytes(program.read_bytes()[:-100])
    with pytest.raises(sottovoce.PackageError, match="model.mlmodel"):
        sottovoce.inspect(copy)
    (copy / "Manifest.json").write_text("{")
    with pytest.raises(sottovoce.PackageError, match="Manifest.json"):
        sottovoce.inspect(copy)


def test_the_interpreter_computes_the_same() -> None:
    expected = reference("llama-int4")
    ids, logits = expected["ids"].astype(np.int32), expected["logits"]
    runner = sottovoce.Package(
        COREMLTOOLS / "llama-int4.mlpackage", backend=sottovoce.Backend.REFERENCE, exact=True
    )
    assert runner.backend == sottovoce.Backend.REFERENCE
    whole = runner.predict({"inputIds": ids, "causalMask": causal_mask(0, ids.shape[1])})["logits"]
    assert np.abs(whole - logits).max() <= EXACT * np.abs(logits).max()


def test_a_function_that_is_not_there() -> None:
    with pytest.raises(sottovoce.PackageError, match="prefill"):
        sottovoce.inspect(COREMLTOOLS / "llama-int4.mlpackage", function="prefill")
