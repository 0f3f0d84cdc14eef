"""Apple's recipe for stateful language models, as small PyTorch modules that coremltools can trace and convert.

The key and value caches are two buffers of shape (layers, 1, kv_heads, context, head_dim). They become Core ML states, are
written at past..past+q of the time axis and read at 0..past+q, where past = kv - q comes from the shapes of the mask and
the ids.
"""

import coremltools as ct
import numpy as np
import torch
from transformers.cache_utils import Cache

CACHES = ("keyCache", "valueCache")


class SliceCache(Cache):
    """Writes new keys and values into one preallocated tensor per kind."""

    def __init__(self, keys, values):
        super().__init__(layers=[])
        self.keys, self.values, self.past = keys, values, 0

    def update(self, key, value, layer, cache_kwargs=None):
        begin, end = self.past, self.past + key.shape[-2]
        self.keys[layer, :, : key.shape[1], begin:end, :] = key
        self.values[layer, :, : value.shape[1], begin:end, :] = value
        return self.keys[layer, :, :, :end, :], self.values[layer, :, :, :end, :]

    def get_seq_length(self, layer=0):
        return self.past

    def get_max_cache_shape(self, *_):
        return self.keys.shape[-2]


class ConcatCache(Cache):
    """Appends new keys and values to the ones that came in, for packages whose caches are inputs and outputs."""

    def __init__(self, keys, values):
        super().__init__(layers=[])
        self.keys, self.values = keys, values
        self.new_keys, self.new_values = [], []

    def update(self, key, value, layer, cache_kwargs=None):
        key = torch.cat([self.keys[layer], key], 2)
        value = torch.cat([self.values[layer], value], 2)
        self.new_keys.append(key)
        self.new_values.append(value)
        return key, value

    def get_seq_length(self, layer=0):
        return self.keys.shape[-2]

    def get_max_cache_shape(self, *_):
        return None


class Stateful(torch.nn.Module):
    """inputIds [1,q], causalMask [1,1,q,kv] -> logits, with the caches as states."""

    def __init__(self, model, shape):
        super().__init__()
        self.m = model
        self.register_buffer("keyCache", torch.zeros(shape))
        self.register_buffer("valueCache", torch.zeros(shape))
        self.cache = SliceCache(self.keyCache, self.valueCache)

    def forward(self, inputIds, causalMask):
        self.cache.keys, self.cache.values = self.keyCache, self.valueCache
        self.cache.past = causalMask.shape[-1] - inputIds.shape[-1]
        position = torch.arange(self.cache.past, self.cache.past + inputIds.shape[-1])
        return self.m(
            inputIds,
            attention_mask=causalMask,
            past_key_values=self.cache,
            position_ids=position[None],
            cache_position=position,
            use_cache=True,
        ).logits


class CacheAsInput(torch.nn.Module):
    """inputIds, causalMask, keyCache, valueCache -> logits and the longer caches."""

    def __init__(self, model):
        super().__init__()
        self.m = model

    def forward(self, inputIds, causalMask, keyCache, valueCache):
        cache = ConcatCache(keyCache, valueCache)
        past = keyCache.shape[-2]
        position = torch.arange(past, past + inputIds.shape[-1])
        logits = self.m(
            inputIds,
            attention_mask=causalMask,
            past_key_values=cache,
            position_ids=position[None],
            cache_position=position,
            use_cache=True,
        ).logits
        return logits, torch.stack(cache.new_keys), torch.stack(cache.new_values)


class Baseline(torch.nn.Module):
    """inputIds [1,q], causalMask [1,1,q,q] -> logits; nothing is kept between calls."""

    def __init__(self, model):
        super().__init__()
        self.m = model

    def forward(self, inputIds, causalMask):
        position = torch.arange(0, inputIds.shape[-1])
        return self.m(
            inputIds, attention_mask=causalMask, position_ids=position[None], use_cache=False
        ).logits


def causal_mask(q, kv):
    """[1,1,q,kv]: 0 where row i may look (columns up to kv - q + i), -1e4 elsewhere."""
    last_visible = torch.arange(q)[:, None] + kv - q
    return torch.where(torch.arange(kv)[None] > last_visible, -1e4, 0.0)[None, None]


def convert(module, example, caches, variant, context):
    """Traces `module` and converts it for iOS 18; `caches` is the shape of one cache, with any time axis."""
    layers, _, heads, _, width = caches
    q, kv = ct.RangeDim(1, context, default=1), ct.RangeDim(1, context, default=1)
    mask_columns = q if variant == "baseline" else kv
    inputs = [
        ct.TensorType("inputIds", (1, q), dtype=np.int32),
        ct.TensorType("causalMask", (1, 1, q, mask_columns), dtype=np.float16),
    ]
    outputs, states = ["logits"], {}
    if variant == "kvio":
        past = ct.RangeDim(1, context, default=1)
        inputs += [ct.TensorType(name, (layers, 1, heads, past, width), dtype=np.float16) for name in CACHES]
        outputs += ["newKeyCache", "newValueCache"]
    elif variant == "stateful":
        kept = ct.TensorType(shape=(layers, 1, heads, context, width), dtype=np.float16)
        states["states"] = [ct.StateType(kept, name=name) for name in CACHES]
    with torch.no_grad():
        traced = torch.jit.trace(module.eval(), example, check_trace=False)
    return ct.convert(
        traced,
        inputs=inputs,
        outputs=[ct.TensorType(name, dtype=np.float16) for name in outputs],
        minimum_deployment_target=ct.target.iOS18,
        skip_model_load=True,
        **states,
    )


def take_packaged_weights(package, model):
    """Gives `model` the weights that a compressed `package` made from it holds, so that PyTorch computes with them.

    Returns the number of parameters replaced; a compressed weight without a parameter is an error.
    """
    parameters = {
        name.replace(".", "_"): parameter for name, parameter in model.named_parameters(remove_duplicate=False)
    }
    replaced = 0
    for operation in package._mil_program["main"].operations:
        if not operation.op_type.startswith("constexpr") or not operation.outputs[0].child_ops:
            continue
        value = operation.materialized_val_inference()
        name = operation.outputs[0].name
        found = [p for key, p in parameters.items() if f"_{key}_" in name and tuple(p.shape) == value.shape]
        if not found:
            raise SystemExit(f"the compressed weight {name} {value.shape} belongs to no parameter of the model")
        with torch.no_grad():
            found[0].copy_(torch.tensor(np.asarray(value, dtype=np.float32)))
        replaced += 1
    return replaced
