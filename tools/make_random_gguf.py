"""Writes a GGUF file of random weights in the shape of a known model, to measure the speed of llama.cpp with.

usage: make_random_gguf.py SHAPE OUT.gguf     (needs gguf, numpy)

SHAPE  gemma-2b llama-3.2-1b llama-3.2-3b llama-3.1-8b: the shapes of `sottovoce convert --random-weights`

Matrices have the types that `llama-quantize MODEL OUT Q4_0` gives them: Q6_K for the one that makes the logits (the token
embedding where it is tied), Q4_0 for all others. Codes are random bytes, with scales that give each matrix the standard
deviation 1/sqrt(row length). There is no tokenizer, so that the file can be measured but not talked to.
"""

import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Q

LLAMA_3 = dict(architecture="llama", layers=16, hidden=2048, intermediate=8192, heads=32, kv_heads=8, head_dim=64,
               vocabulary=128256, context=131072, rope_theta=500000.0, norm_epsilon=1e-5, tied=True)
SHAPES = {
    "gemma-2b": dict(architecture="gemma", layers=18, hidden=2048, intermediate=16384, heads=8, kv_heads=1, head_dim=256,
                     vocabulary=256000, context=8192, rope_theta=10000.0, norm_epsilon=1e-6, tied=True),
    "llama-3.2-1b": LLAMA_3,
    "llama-3.2-3b": LLAMA_3 | dict(layers=28, hidden=3072, heads=24, head_dim=128),
    "llama-3.1-8b": LLAMA_3 | dict(layers=32, hidden=4096, intermediate=14336, head_dim=128, tied=False),
}
# Layouts of ggml's block_q4_0 and block_q6_K.
BLOCKS = {
    Q.Q4_0: np.dtype([("scale", "<f2"), ("codes", "u1", 16)]),
    Q.Q6_K: np.dtype([("codes", "u1", 192), ("factors", "i1", 16), ("scale", "<f2")]),
}
# Standard deviations of codes that are uniform over 2^bits whole numbers.
DEVIATIONS = {Q.Q4_0: np.sqrt((2**8 - 1) / 12), Q.Q6_K: np.sqrt((2**12 - 1) / 12)}

random = np.random.default_rng(1)


def tensors(shape):
    """Names, shapes and types."""
    hidden, wide = shape["hidden"], shape["intermediate"]
    query, key = shape["heads"] * shape["head_dim"], shape["kv_heads"] * shape["head_dim"]
    yield "token_embd.weight", (shape["vocabulary"], hidden), Q.Q6_K if shape["tied"] else Q.Q4_0
    for layer in range(shape["layers"]):
        yield f"blk.{layer}.attn_norm.weight", (hidden,), Q.F32
        yield f"blk.{layer}.attn_q.weight", (query, hidden), Q.Q4_0
        yield f"blk.{layer}.attn_k.weight", (key, hidden), Q.Q4_0
        yield f"blk.{layer}.attn_v.weight", (key, hidden), Q.Q4_0
        yield f"blk.{layer}.attn_output.weight", (hidden, query), Q.Q4_0
        yield f"blk.{layer}.ffn_norm.weight", (hidden,), Q.F32
        yield f"blk.{layer}.ffn_gate.weight", (wide, hidden), Q.Q4_0
        yield f"blk.{layer}.ffn_up.weight", (wide, hidden), Q.Q4_0
        yield f"blk.{layer}.ffn_down.weight", (hidden, wide), Q.Q4_0
    yield "output_norm.weight", (hidden,), Q.F32
    if not shape["tied"]:
        yield "output.weight", (shape["vocabulary"], hidden), Q.Q6_K


def weights(dimensions, kind):
    """Blocks with random codes; factors of norms scatter around 1, with the 1 that GGUF adds for Gemma inside."""
    if kind == Q.F32:
        return random.normal(1, 0.1, dimensions).astype(np.float32)
    rows, columns = dimensions
    blocks = np.frombuffer(random.bytes(rows * row_bytes(columns, kind)), BLOCKS[kind]).copy()
    blocks["scale"] = 1 / (DEVIATIONS[kind] * np.sqrt(columns))
    if kind == Q.Q6_K:
        blocks["factors"] = 1
    return blocks.view(np.uint8).reshape(rows, -1)


def row_bytes(columns, kind):
    return columns // gguf.GGML_QUANT_SIZES[kind][0] * BLOCKS[kind].itemsize


def metadata(writer, shape):
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(shape["vocabulary"])
    writer.add_context_length(shape["context"])
    writer.add_embedding_length(shape["hidden"])
    writer.add_feed_forward_length(shape["intermediate"])
    writer.add_block_count(shape["layers"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv_heads"])
    writer.add_key_length(shape["head_dim"])
    writer.add_value_length(shape["head_dim"])
    writer.add_rope_dimension_count(shape["head_dim"])
    writer.add_rope_freq_base(shape["rope_theta"])
    writer.add_layer_norm_rms_eps(shape["norm_epsilon"])


def main(name, out):
    shape = SHAPES[name]
    writer = gguf.GGUFWriter(out, shape["architecture"])
    writer.add_name(f"{name}, random weights")
    metadata(writer, shape)
    for tensor, dimensions, kind in tensors(shape):
        if kind == Q.F32:
            writer.add_tensor_info(tensor, dimensions, np.dtype(np.float32), 4 * dimensions[0])
        else:
            rows, columns = dimensions
            width = row_bytes(columns, kind)
            writer.add_tensor_info(tensor, (rows, width), np.dtype(np.uint8), rows * width, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    # One matrix at a time, so that no more than one is in memory.
    for _, dimensions, kind in tensors(shape):
        writer.write_tensor_data(weights(dimensions, kind))
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SHAPES:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
