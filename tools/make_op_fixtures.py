"""Writes fixtures/ops/ops.json: operations of MIL on small tensors with the results that coremltools computes.

usage: make_op_fixtures.py OUT.json

The results come from the value inference of coremltools' own operation definitions (for weight compression, from what
they materialise). Where a definition has none or ignores an argument, the case gives the expression in NumPy instead.
"""

import json
import logging
import sys

import coremltools as ct
import numpy as np
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import types

logging.disable(logging.CRITICAL)

random = np.random.RandomState(20240610)
CASES = []


def floats(*shape, dtype=np.float32):
    return random.randn(*shape).astype(dtype)


def ints(low, high, *shape, dtype=np.int32):
    return random.randint(low, high, shape).astype(dtype)


def as_array(value):
    if isinstance(value, np.ndarray):
        return value
    array = np.asarray(value)
    if array.dtype == np.float64:
        return array.astype(np.float32)
    return array.astype(np.int32) if array.dtype == np.int64 else array


def describe(value):
    array = as_array(value)
    dtype = types.builtin_to_string(types.numpy_type_to_builtin_type(array.dtype))
    plain = array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
    return {"dtype": dtype, "shape": list(array.shape), "data": plain.flatten().tolist()}


def argument(value):
    if isinstance(value, str):
        return value
    return [describe(item) for item in value] if isinstance(value, tuple) else describe(value)


def computed(op, args, opset):
    results = []

    @mb.program(input_specs=[mb.TensorSpec(shape=(1,))], opset_version=opset)
    def program(unused):
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in args.items()}
        output = getattr(mb, op)(**given)
        outputs = list(output) if isinstance(output, (list, tuple)) else [output]
        if op.startswith("constexpr_"):
            value = outputs[0].op.materialized_val_inference()
            results.extend(value if isinstance(value, tuple) else [value])
        else:
            results.extend(output.val for output in outputs)
        return unused

    assert all(result is not None for result in results), f"{op}: coremltools computes no value; give one"
    return results


def case(op, what, expect=None, opset=ct.target.iOS18, **args):
    results = computed(op, args, opset) if expect is None else expect
    CASES.append({
        "op": op,
        "what": what,
        "args": {name: argument(value) for name, value in args.items()},
        "results": [describe(result) for result in results],
    })


def elementwise():
    x = floats(2, 3, 4)
    positive = np.abs(x) + np.float32(0.1)
    for op in "abs ceil cos erf exp floor identity relu round sigmoid sign sin square tanh".split():
        case(op, "f32", x=x)
        case(op, "f16", x=x.astype(np.float16))
    case("round", "halves", x=np.float32([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]))
    case("silu", "f32", expect=[x / (1 + np.exp(-x))], x=x)
    case("sqrt", "f32", x=positive)
    case("rsqrt", "epsilon", x=positive, epsilon=0.25)
    case("inverse", "default epsilon", x=positive)
    case("inverse", "epsilon", x=positive, epsilon=0.5)
    case("log", "epsilon", x=positive, epsilon=0.5)
    case("clip", "both sides", x=x, alpha=-0.5, beta=0.25)
    case("gelu", "exact", x=x, mode="EXACT")
    inner = np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x**3)
    case("gelu", "tanh", expect=[x / 2 * (1 + np.tanh(inner))], x=x, mode="TANH_APPROXIMATION")
    case("gelu", "sigmoid", expect=[x / (1 + np.exp(-1.702 * x))], x=x, mode="SIGMOID_APPROXIMATION")
    for op in "add sub mul real_div maximum minimum".split():
        case(op, "same shape", x=x, y=positive)
        case(op, "f16, one against many", x=x.astype(np.float16), y=positive[:1, :, :1].astype(np.float16))
        case(op, "outer", x=floats(3, 1), y=floats(1, 4))
        case(op, "scalar", x=np.float32(2.5), y=positive)
    numerators, divisors = np.int32([-7, -1, 0, 1, 7, 9]), np.int32([2, 3, 5, 4, -2, -3])
    for op in "add sub mul floor_div mod maximum minimum".split():
        case(op, "integers", x=numerators, y=divisors)
    for op in "floor_div mod".split():
        case(op, "floats", x=np.float32([-7, -0.5, 7, 7.5]), y=np.float32([2, 0.3, -2, 2]))
    case("real_div", "integers", expect=[np.int32([-3, 3, 1])], x=np.int32([-7, 9, 5]), y=np.int32([2, 3, 5]))
    case("pow", "f32", x=positive, y=np.float32([2, -1, 0.5, 3]))
    case("pow", "integers", x=np.int32([2, -3, 5]), y=np.int32([3, 3, 0]))
    for op in "equal not_equal greater greater_equal less less_equal".split():
        case(op, "integers", x=ints(0, 3, 3, 4), y=ints(0, 3, 4))
        case(op, "floats", x=np.float32([1, 2, 3]), y=np.float32([3, 2, 1]))
    flags = np.array([True, False, True, False])
    for op in "logical_and logical_or logical_xor".split():
        case(op, "broadcast", x=flags, y=np.array([[True], [False]]))
    case("logical_not", "vector", x=flags)
    case("select", "same shape", cond=x > 0, a=x, b=-x)
    case("select", "scalar branch", expect=[np.where(x > 0, np.float32(7), x)], cond=x > 0, a=np.float32(7), b=x)
    case("select", "integers", cond=np.array([True, False, True]), a=np.int32([1, 2, 3]), b=np.int32([-1, -2, -3]))
    case("cast", "floats to integers", x=np.float32([-1.75, -0.5, 0.5, 1.75, 300]), dtype="int32")
    case("cast", "integers to f16", x=np.int32([0, 1, 2049, -5]), dtype="fp16")
    case("cast", "f32 to f16", x=x, dtype="fp16")
    case("cast", "to booleans", x=np.float32([0, 0.5, -1]), dtype="bool")
    case("cast", "booleans to integers", x=flags, dtype="int32")
    case("cast", "narrow", x=np.int32([0, 77, 12345]), dtype="uint16")
    case("cast", "wrapping", expect=[np.int16([0, -1, -32768])], x=np.int32([65536, 65535, 32768]), dtype="int16")


def reductions():
    x = floats(2, 3, 4)
    for op in "reduce_mean reduce_sum reduce_max reduce_min reduce_sum_square".split():
        case(op, "last axis, kept", x=x, axes=[-1], keep_dims=True)
        case(op, "middle axis", x=x, axes=[1], keep_dims=False)
        case(op, "two axes", x=x.astype(np.float16), axes=[0, 2], keep_dims=True)
        case(op, "all axes", x=x)
    case("reduce_sum", "integers", x=ints(-5, 5, 3, 4), axes=[0])
    case("softmax", "last axis", x=x, axis=-1)
    case("softmax", "first axis", x=x.astype(np.float16) * 4, axis=0)
    case("cumsum", "first axis", x=x, axis=0)
    case("cumsum", "integers, backward", x=ints(-5, 5, 3, 4), axis=1, reverse=True)
    shifted = np.concatenate([np.zeros((2, 1, 4), np.float32), np.cumsum(x, axis=1)[:, :-1]], axis=1)
    case("cumsum", "exclusive", expect=[shifted], x=x, axis=1, exclusive=True)
    gamma, beta = floats(4), floats(4)
    case("layer_norm", "last axis", x=x, axes=[-1], gamma=gamma, beta=beta, epsilon=1e-3)
    case("layer_norm", "two axes", x=x, axes=[1, 2], gamma=floats(3, 4), beta=floats(3, 4), epsilon=1e-3)
    case("layer_norm", "first axis", x=x, axes=[0])
    case("l2_norm", "rank 4", x=floats(2, 2, 3, 4), epsilon=1e-2)


def products():
    x, y = floats(2, 3, 4), floats(2, 4, 5)
    case("matmul", "batched", x=x, y=y)
    case("matmul", "f16", x=x.astype(np.float16), y=y.astype(np.float16))
    case("matmul", "y transposed", x=x, y=floats(2, 5, 4), transpose_y=True)
    case("matmul", "x transposed", x=floats(2, 4, 3), y=y, transpose_x=True)
    case("matmul", "both transposed", x=floats(4, 3), y=floats(5, 4), transpose_x=True, transpose_y=True)
    case("matmul", "broadcast batch", x=floats(3, 1, 2, 4), y=floats(5, 4, 2))
    left, right = floats(40), floats(40)
    case("matmul", "vectors", expect=[left @ right], x=left, y=right)
    case("matmul", "row", x=floats(4), y=y)
    vector = floats(4)
    case("matmul", "column", expect=[x @ vector], x=x, y=vector)
    case("linear", "bias", x=x, weight=floats(5, 4), bias=floats(5))
    case("linear", "no bias", x=floats(40), weight=floats(3, 40))
    query, key, value = floats(1, 2, 3, 8), floats(1, 2, 5, 8), floats(1, 2, 5, 4)
    case("scaled_dot_product_attention", "no mask", query=query, key=key, value=value)
    case("scaled_dot_product_attention", "added mask", query=query, key=key, value=value, attn_mask=floats(3, 5))
    seen = np.array([[1, 0, 0, 1, 0], [1, 1, 1, 1, 0], [0, 0, 1, 1, 1]], bool)
    case("scaled_dot_product_attention", "boolean mask", query=query, key=key, value=value, attn_mask=seen)


def indexing():
    x = floats(3, 4, 5)
    case("gather", "axis 0", x=x, indices=np.int32([2, 0, 2]), axis=0)
    case("gather", "axis 1, matrix of indices", x=x, indices=np.int32([[3, 0], [1, 2]]), axis=1)
    case("gather", "last axis, uint16", x=x.astype(np.float16), indices=np.uint16([4]), axis=-1)
    case("gather", "one index", x=x, indices=np.int32(1), axis=1)
    case("gather", "of a shape", x=np.int32([1, 2, 3]), indices=np.int32(2), axis=0)
    case("gather", "negative", opset=ct.target.iOS16, x=x, indices=np.int32([-1, -3]), axis=0)
    case("gather", "batch", x=x, indices=ints(0, 4, 3, 2), axis=1, batch_dims=1)
    case("gather", "batch, later axis", x=x, indices=ints(0, 5, 3, 2), axis=2, batch_dims=1)
    case("gather_along_axis", "axis 1", x=x, indices=ints(0, 4, 3, 2, 5), axis=1)
    case("gather_along_axis", "last axis", x=x, indices=ints(0, 5, 3, 4, 7), axis=-1)
    case("gather_along_axis", "axis 0", x=x, indices=ints(0, 3, 6, 4, 5), axis=0)
    case("slice_by_index", "plain", x=x, begin=[1, 0, 2], end=[3, 4, 5])
    case("slice_by_index", "negative bounds", x=x, begin=[-2, 0, -4], end=[-1, 3, -1])
    case("slice_by_index", "clamped", x=x, begin=[0, 1, 0], end=[9, 9, 9])
    masks = dict(begin_mask=[True, False, True], end_mask=[True, True, False])
    case("slice_by_index", "open ends", x=x, begin=[2, 1, 2], end=[1, 1, 3], **masks)
    case("slice_by_index", "steps", x=x, begin=[0, 1, 0], end=[3, 4, 5], stride=[2, 2, 3])
    both = dict(begin_mask=[True] * 3, end_mask=[True] * 3)
    case("slice_by_index", "backward", x=x, begin=[0] * 3, end=[0] * 3, stride=[-1, 1, -2], **both)
    case("slice_by_index", "backward with bounds", x=x, begin=[2, 3, 4], end=[0, 0, 0], stride=[-1, -2, -3])
    case("slice_by_index", "squeezed", x=x, begin=[1, 0, -1], end=[0, 0, 0], end_mask=[False, True, False],
         squeeze_mask=[True, False, True])
    case("slice_by_index", "of a shape", x=np.int32([7, 8, 9]), begin=[1], end=[3])
    case("slice_by_index", "one of a shape", x=np.int32([7, 8, 9]), begin=[-1], end=[0], squeeze_mask=[True])
    case("slice_by_size", "plain", x=x, begin=[1, 0, 2], size=[1, 4, 2])
    case("slice_by_size", "the rest", x=x, begin=[0, 1, -2], size=[3, -1, -1])
    case("slice_update", "plain", x=x, update=floats(2, 4, 3), begin=[1, 0, 2], end=[3, 4, 5])
    case("slice_update", "steps", x=x, update=floats(2, 4, 2), begin=[0, 0, 0], end=[3, 4, 5], stride=[2, 1, 3])
    case("slice_update", "one layer of a cache", x=floats(2, 1, 2, 6, 3), update=floats(1, 2, 2, 3),
         begin=[1, 0, 0, 3, 0], end=[0, 0, 2, 5, 0], end_mask=[False, True, False, False, True],
         squeeze_mask=[True, False, False, False, False])


def shaping():
    x = floats(2, 3, 4)
    case("shape", "rank 3", x=x)
    case("concat", "middle axis", values=(x, floats(2, 1, 4), x), axis=1)
    case("concat", "last axis", values=(x, floats(2, 3, 2)), axis=-1)
    case("concat", "scalars", values=(np.int32(5), np.int32(6)), axis=0)
    case("concat", "shapes", values=(np.int32([1, 2]), np.int32([3])), axis=0)
    other = floats(2, 3, 4)
    woven = np.stack([x, other], axis=2).reshape(2, 6, 4)
    case("concat", "interleaved", expect=[woven], values=(x, other), axis=1, interleave=True)
    woven = np.stack([x, other], axis=3).reshape(2, 3, 8)
    case("concat", "interleaved last axis", expect=[woven], values=(x, other), axis=2, interleave=True)
    case("stack", "first axis", values=(x, other), axis=0)
    case("stack", "last axis", values=(x, other, x), axis=-1)
    case("stack", "scalars", values=(np.int32(5), np.int32(6)), axis=0)
    case("split", "equal", x=x, num_splits=2, axis=2)
    case("split", "sizes", x=x, split_sizes=[1, 2], axis=1)
    case("expand_dims", "two", x=x, axes=[0, -1])
    case("expand_dims", "scalar", x=np.int32(4), axes=[0])
    case("squeeze", "one", x=x[:, :1], axes=[1])
    case("squeeze", "all", x=x[:1, :1])
    case("reshape", "the rest", x=x, shape=[6, -1])
    case("reshape", "zeros", x=x, shape=[0, -1, 2, 2], expect=[x.reshape(1, 6, 2, 2)])
    case("reshape", "kept", x=x, shape=[0, 0, -1])
    case("transpose", "rotation", x=x, perm=[2, 0, 1])
    case("transpose", "f16, negative axes", x=x.astype(np.float16), perm=[0, -1, 1])
    case("tile", "middle", x=x, reps=[1, 3, 1])
    case("tile", "all", x=x, reps=[2, 1, 3])
    case("reverse", "one axis", x=x, axes=[1])
    case("reverse", "all axes", x=x)
    case("fill", "floats", shape=[2, 3], value=1.5)
    case("fill", "integers", shape=[4], value=np.int32(7), expect=[np.full(4, 7, np.int32)])
    case("range_1d", "up", start=0, end=5, step=2)
    case("range_1d", "down", start=5, end=0, step=-2)
    case("range_1d", "floats", start=np.float32(0.5), end=np.float32(2.0), step=np.float32(0.5))
    case("band_part", "lower triangle", x=floats(2, 4, 3), lower=-1, upper=0)
    case("band_part", "band", x=floats(4, 5), lower=1, upper=2)


def packed(bits, signed=False):
    return getattr(types, f"np_{'' if signed else 'u'}int{bits}_dtype")


def compression():
    codes = ints(-8, 8, 4, 8)
    int4, uint4, uint1 = packed(4, signed=True), packed(4), packed(1)
    scale, half = np.abs(floats(4, 2)) + np.float32(0.1), np.float16
    blockwise = "constexpr_blockwise_shift_scale"
    case(blockwise, "int4 blocks", data=codes.astype(int4), scale=scale.astype(half))
    case(blockwise, "int4 offsets", data=codes.astype(int4), scale=scale, offset=ints(-8, 8, 4, 2).astype(int4))
    case(blockwise, "uint4 offsets, two axes", data=(codes + 8).astype(uint4), scale=scale[:2],
         offset=ints(0, 16, 2, 2).astype(uint4))
    case(blockwise, "int8 rows", data=ints(-128, 128, 4, 8).astype(np.int8), scale=scale[:, :1].astype(half))
    case(blockwise, "float offsets", data=(codes + 8).astype(uint4), scale=scale, offset=floats(4, 2))
    for bits in (1, 2, 3, 4, 6, 8):
        dtype = np.uint8 if bits == 8 else packed(bits)
        indices = ints(0, 1 << bits, 4, 6).astype(dtype)
        case("constexpr_lut_to_dense", f"{bits} bits", indices=indices, lut=floats(1, 1, 1 << bits, 1).astype(half))
    indices = ints(0, 4, 4, 6).astype(packed(2))
    case("constexpr_lut_to_dense", "groups", indices=indices, lut=floats(2, 3, 4, 1))
    case("constexpr_lut_to_dense", "vectors on axis 0", indices=indices, lut=floats(1, 1, 4, 2), vector_axis=0)
    case("constexpr_lut_to_dense", "vectors on the last axis", indices=indices, lut=floats(2, 1, 4, 3), vector_axis=-1)
    case("constexpr_lut_to_dense", "int8 table", indices=indices, lut=ints(-128, 128, 1, 1, 4, 1).astype(np.int8))
    mask = ints(0, 2, 3, 7)
    count = int(mask.sum())
    mask = mask.astype(uint1)
    case("constexpr_sparse_to_dense", "f16", nonzero_data=floats(count).astype(half), mask=mask)
    case("constexpr_sparse_to_dense", "int4", nonzero_data=ints(-8, 8, count).astype(int4), mask=mask)
    nonzero = ints(0, 4, count).astype(packed(2))
    case("constexpr_lut_to_sparse", "scalars", indices_mask=mask, indices_nonzero_data=nonzero, lut=floats(1, 1, 4, 1))
    case("constexpr_lut_to_sparse", "vectors", indices_mask=mask, indices_nonzero_data=nonzero,
         lut=floats(1, 1, 4, 2).astype(half), vector_axis=0)
    case("constexpr_sparse_blockwise_shift_scale", "rows with offsets", data_mask=mask,
         nonzero_data=ints(-128, 128, count).astype(np.int8), scale=scale[:3, :1],
         offset=ints(-9, 9, 3, 1).astype(np.int8))
    older = dict(opset=ct.target.iOS16)
    data = ints(0, 256, 3, 5).astype(np.uint8)
    affine = "constexpr_affine_dequantize"
    case(affine, "scalars", quantized_data=data, zero_point=np.uint8(7), scale=half(0.25), axis=0, **older)
    case(affine, "vectors", quantized_data=data, zero_point=np.uint8([1, 2, 3]), scale=scale[:3, 0], axis=0, **older)
    case(affine, "last axis", quantized_data=data.astype(np.int8), zero_point=np.int8(-3), scale=floats(5),
         axis=-1, **older)
    for bits in (1, 2, 4, 6, 8):
        size = 15 * bits // 8 + (15 * bits % 8 > 0)
        case("constexpr_lut_to_dense", f"{bits} bits in bytes", indices=padded(ints(0, 256, size), 15 * bits),
             lut=floats(1 << bits).astype(half), shape=np.uint32([3, 5]), **older)
    bits = padded(ints(0, 256, 2), 15)
    count = int(np.unpackbits(bits).sum())
    case("constexpr_sparse_to_dense", "in bytes", nonzero_data=floats(count), mask=bits,
         shape=np.uint32([3, 5]), **older)
    case("constexpr_cast", "f16", source_val=floats(2, 3).astype(half), output_dtype="fp32", **older)


def padded(data, bits):
    """Bytes with zeros beyond the first `bits` bits."""
    flags = np.unpackbits(data.astype(np.uint8), bitorder="little")
    flags[bits:] = 0
    return np.packbits(flags, bitorder="little")


if __name__ == "__main__":
    for family in (elementwise, reductions, products, indexing, shaping, compression):
        family()
    with open(sys.argv[1], "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]\n")
    print(len(CASES), "cases of", len({case["op"] for case in CASES}), "operations")
