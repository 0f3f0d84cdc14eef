"""Makes tiny language model packages whose interfaces are spelled as public converters spell them, and PyTorch's logits.

usage: make_interface_fixtures.py OUT_DIR [NAME ...]

NAME       what is unlike Apple's recipe
mask2d     input_ids; attention_mask i32 [1,kv] of ones, as transformers takes it; the program hides the future itself
positions  input_ids, position_ids [1,q], causal_mask f32; one state per layer and kind; the output is called `scores`
fullmask   input_ids, causal_mask [1,1,q,context], current_pos [1]; one state for keys and values (layers, then layers)
onetoken   the same with one token a call, position_ids [1] and logits in two halves, as ANEMLL makes them
chunk8     the same with exactly eight tokens a call
padded     inputIds and attentionMask i32 [1,context], the whole sequence padded to one length, as swift-transformers takes it

All hold the same Llama of random weights (two layers, context 64).
"""

import os
import sys

import coremltools as ct
import numpy as np
import torch
from transformers.cache_utils import Cache

from apple_recipe import SliceCache, causal_mask
from make_fixture import VOCABULARY, configuration, random_model

NAMES = ("mask2d", "positions", "fullmask", "onetoken", "chunk8", "padded")
CONTEXT = 64
MASKED = -1e4


class LayerStates(Cache):
    """One state of shape (1, kv_heads, context, head_dim) per layer and kind."""

    def __init__(self, owner, past):
        super().__init__(layers=[])
        self.owner, self.past = owner, past

    def update(self, key, value, layer, cache_kwargs=None):
        end = self.past + key.shape[-2]
        keys, values = (getattr(self.owner, f"{kind}_cache_{layer}") for kind in "kv")
        keys[:, :, self.past : end, :] = key
        values[:, :, self.past : end, :] = value
        return keys[:, :, :end, :], values[:, :, :end, :]

    def get_seq_length(self, layer=0):
        return self.past


class JointState(Cache):
    """One state of shape (2 * layers, kv_heads, context, head_dim), written where an input says, and read whole."""

    def __init__(self, state, position):
        super().__init__(layers=[])
        self.state, self.position = state, position

    def update(self, key, value, layer, cache_kwargs=None):
        layers, end = self.state.shape[0] // 2, self.position + key.shape[-2]
        self.state[layer : layer + 1, :, self.position : end, :] = key
        self.state[layers + layer : layers + layer + 1, :, self.position : end, :] = value
        return self.state[layer : layer + 1], self.state[layers + layer : layers + layer + 1]

    def get_seq_length(self, layer=0):
        return 0


def logits_of(model, ids, mask, positions, cache=None):
    return model(
        ids,
        attention_mask=mask,
        position_ids=positions,
        past_key_values=cache,
        cache_position=positions[0],
        use_cache=cache is not None,
    ).logits


def mask_from_flags(flags, past, count):
    """[1,1,count,kv] from ones where there is a token: row i sees those up to past + i."""
    rows, columns = torch.arange(past, past + count)[:, None], torch.arange(flags.shape[-1])[None]
    return torch.logical_or(columns > rows, flags == 0).float()[None, None] * MASKED


class Mask2d(torch.nn.Module):
    def __init__(self, model, layers, heads, width):
        super().__init__()
        self.m = model
        for name in ("keyCache", "valueCache"):
            self.register_buffer(name, torch.zeros(layers, 1, heads, CONTEXT, width))

    def forward(self, input_ids, attention_mask):
        count = input_ids.shape[-1]
        past = attention_mask.shape[-1] - count
        cache = SliceCache(self.keyCache, self.valueCache)
        cache.past = past
        positions = torch.arange(past, past + count)[None]
        return logits_of(self.m, input_ids, mask_from_flags(attention_mask, past, count), positions, cache)


class Positions(torch.nn.Module):
    def __init__(self, model, layers, heads, width):
        super().__init__()
        self.m = model
        for layer in range(layers):
            for kind in "kv":
                self.register_buffer(f"{kind}_cache_{layer}", torch.zeros(1, heads, CONTEXT, width))

    def forward(self, input_ids, position_ids, causal_mask):
        cache = LayerStates(self, causal_mask.shape[-1] - input_ids.shape[-1])
        return logits_of(self.m, input_ids, causal_mask, position_ids, cache)


class FullMask(torch.nn.Module):
    def __init__(self, model, layers, heads, width):
        super().__init__()
        self.m = model
        self.register_buffer("kv_cache", torch.zeros(2 * layers, heads, CONTEXT, width))

    def forward(self, input_ids, causal_mask, current_pos):
        positions = current_pos + torch.arange(input_ids.shape[-1])[None]
        return logits_of(self.m, input_ids, causal_mask, positions, JointState(self.kv_cache, current_pos))


class FixedCount(FullMask):
    def forward(self, input_ids, position_ids, causal_mask, current_pos):
        cache = JointState(self.kv_cache, current_pos)
        return torch.split(logits_of(self.m, input_ids, causal_mask, position_ids[None], cache), VOCABULARY // 2, -1)


class Padded(torch.nn.Module):
    def __init__(self, model, *_):
        super().__init__()
        self.m = model

    def forward(self, inputIds, attentionMask):
        count = inputIds.shape[-1]
        return logits_of(self.m, inputIds, mask_from_flags(attentionMask, 0, count), torch.arange(count)[None])


def interface(name, q, kv):
    """The module, its inputs as (name, shape, type) for calls of `q` tokens that end at position `kv`, and its outputs."""
    int32, half, single = np.int32, np.float16, np.float32

    def fixed_count(count):
        inputs = [
            ("input_ids", (1, count), int32),
            ("position_ids", (count,), int32),
            ("causal_mask", (1, 1, count, CONTEXT), half),
            ("current_pos", (1,), int32),
        ]
        return FixedCount, inputs, ["logits1", "logits2"]

    return {
        "mask2d": (Mask2d, [("input_ids", (1, q), int32), ("attention_mask", (1, kv), int32)], ["logits"]),
        "positions": (
            Positions,
            [("input_ids", (1, q), int32), ("position_ids", (1, q), int32), ("causal_mask", (1, 1, q, kv), single)],
            ["scores"],
        ),
        "fullmask": (
            FullMask,
            [("input_ids", (1, q), int32), ("causal_mask", (1, 1, q, CONTEXT), half), ("current_pos", (1,), int32)],
            ["logits"],
        ),
        "onetoken": fixed_count(1),
        "chunk8": fixed_count(8),
        "padded": (
            Padded,
            [("inputIds", (1, CONTEXT), int32), ("attentionMask", (1, CONTEXT), int32)],
            ["logits"],
        ),
    }[name]


def make(name, model, out):
    config = model.config
    flexible = ct.RangeDim(1, CONTEXT, default=1), ct.RangeDim(1, CONTEXT, default=1)
    module_class, inputs, outputs = interface(name, *flexible)
    module = module_class(model, config.num_hidden_layers, config.num_key_value_heads, config.head_dim).eval()
    states = [
        ct.StateType(ct.TensorType(shape=tuple(buffer.shape), dtype=np.float16), name=key)
        for key, buffer in module.named_buffers()
        if "cache" in key.lower()
    ]
    integer = {np.int32: torch.int32}
    examples = [torch.zeros(shape, dtype=integer.get(dtype)) for _, shape, dtype in interface(name, 2, 5)[1]]
    with torch.no_grad():
        traced = torch.jit.trace(module, tuple(examples), check_trace=False)
    package = ct.convert(
        traced,
        inputs=[ct.TensorType(key, shape, dtype=dtype) for key, shape, dtype in inputs],
        outputs=[ct.TensorType(key, dtype=np.float16) for key in outputs],
        minimum_deployment_target=ct.target.iOS18,
        skip_model_load=True,
        **({"states": states} if states else {}),
    )
    package.save(f"{out}/{name}.mlpackage")


def write_answers(model, out):
    """The prompt, PyTorch's logits for it, and the likeliest tokens that follow."""
    torch.manual_seed(7)
    prompt = torch.randint(0, VOCABULARY, (1, 9))

    def logits(ids):
        count = ids.shape[-1]
        with torch.no_grad():
            return logits_of(model, ids, causal_mask(count, count), torch.arange(count)[None])

    ids, margins = prompt, []
    for _ in range(8):
        best = logits(ids)[0, -1].topk(2)
        margins.append(float(best.values[0] - best.values[1]))
        ids = torch.cat([ids, best.indices[None, :1]], -1)
    given = logits(prompt)
    arrays = {"ids": prompt, "answer": ids[:, prompt.shape[-1] :]}
    arrays = {name: array.numpy().astype(np.int32) for name, array in arrays.items()}
    np.savez_compressed(f"{out}/logits.npz", **arrays, logits=given.numpy())
    print(f"largest logit {float(given.abs().max()):.3f}, smallest margin of the answer {min(margins):.3f}")


def main(out, names):
    torch.manual_seed(7)
    config = configuration("llama")
    config.intermediate_size, config.tie_word_embeddings = 64, True
    os.makedirs(out, exist_ok=True)
    model = random_model("llama", config)
    write_answers(model, out)
    for name in names or NAMES:
        make(name, model, out)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2:])
