"""Makes a tiny random-weight stateful Core ML package with coremltools, and PyTorch's logits beside it.

usage: make_fixture.py ARCHITECTURE VARIANT OUT_DIR

ARCHITECTURE  llama gemma qwen2 gemma2 mistral
VARIANT       fp16      attention spelled out, as coremltools does when Hugging Face passes an explicit scale
              sdpa      attention as the iOS 18 operation
              long      context 2048, 1,200 ids; the reference rounds rotary frequencies to f16, as the package does
              kvio      caches as inputs and outputs
              baseline  no cache
              int4 int4a int8 lut4 lut6 sparse   compressed weights; the reference computes with the compressed values
"""

import os
import sys

import coremltools.optimize.coreml as compress
import numpy as np
import torch
import torch.nn.functional as F
import transformers

from apple_recipe import Baseline, CacheAsInput, Stateful, causal_mask, convert, take_packaged_weights

CLASSES = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "gemma": "Gemma", "gemma2": "Gemma2"}
SMALLEST_COMPRESSED = 512
VOCABULARY = 320


def configuration(architecture):
    common = dict(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=256,
    )
    special = {
        "llama": dict(num_key_value_heads=2, head_dim=16, rope_theta=10000.0, tie_word_embeddings=False),
        "mistral": dict(num_key_value_heads=2, head_dim=16, sliding_window=None, tie_word_embeddings=False),
        "qwen2": dict(num_key_value_heads=2, tie_word_embeddings=True),
        "gemma": dict(num_key_value_heads=1, head_dim=32, hidden_activation="gelu_pytorch_tanh"),
        "gemma2": dict(
            num_key_value_heads=2,
            head_dim=32,
            sliding_window=None,
            query_pre_attn_scalar=32,
            layer_types=["full_attention"] * 2,
        ),
    }[architecture]
    config = getattr(transformers, CLASSES[architecture] + "Config")(**common, **special)
    config._attn_implementation = "eager" if architecture == "gemma2" else "sdpa"
    return config


def random_model(architecture, config):
    """Weights of a seeded normal distribution, rounded to f16; norms are centred on 1 (on 0 where the model adds 1)."""
    model = getattr(transformers, CLASSES[architecture] + "ForCausalLM")(config).eval()
    norms_add_one = architecture.startswith("gemma")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            spread = 0.25 if parameter.ndim > 1 else 0.1
            centre = 1.0 if parameter.ndim == 1 and "norm" in name and not norms_add_one else 0.0
            parameter.copy_((torch.randn_like(parameter) * spread + centre).half().float())
    return model


def keep_attention_whole():
    """Drops the explicit scale (it equals the default), so that coremltools keeps the iOS 18 operation."""
    original = F.scaled_dot_product_attention

    def without_scale(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
        if enable_gqa:
            groups = q.shape[1] // k.shape[1]
            k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        return original(q, k, v, attn_mask=attn_mask)

    F.scaled_dot_product_attention = without_scale


def compression(variant):
    """The coremltools function and settings of a compressed variant; None for the others."""
    limit = dict(weight_threshold=SMALLEST_COMPRESSED)
    linear, palette, prune = (
        (compress.linear_quantize_weights, compress.OpLinearQuantizerConfig),
        (compress.palettize_weights, compress.OpPalettizerConfig),
        (compress.prune_weights, compress.OpMagnitudePrunerConfig),
    )
    settings = {
        "int4": (linear, dict(mode="linear_symmetric", dtype="int4", granularity="per_block", block_size=32)),
        "int4a": (linear, dict(mode="linear", dtype="uint4", granularity="per_block", block_size=16)),
        "int8": (linear, dict(mode="linear_symmetric", dtype="int8", granularity="per_channel")),
        "lut4": (palette, dict(mode="kmeans", nbits=4, granularity="per_grouped_channel", group_size=16)),
        "lut6": (palette, dict(mode="kmeans", nbits=6, granularity="per_tensor")),
        "sparse": (prune, dict(target_sparsity=0.5)),
    }
    if variant not in settings:
        return None
    (function, operation_config), options = settings[variant]
    return function, compress.OptimizationConfig(global_config=operation_config(**options, **limit))


def example_inputs(ids, layers, heads, width):
    """Inputs to trace each kind of module with."""
    cache = torch.zeros(layers, 1, heads, 3, width)
    return {
        "baseline": (ids[:, :4].int(), causal_mask(4, 4)),
        "kvio": (ids[:, :2].int(), causal_mask(2, 5), cache, cache.clone()),
        "stateful": (torch.zeros(1, 2, dtype=torch.int32), torch.zeros(1, 1, 2, 5)),
    }


def main(architecture, variant, out):
    torch.manual_seed(7)
    long = variant == "long"
    context = 2048 if long else 64
    config = configuration(architecture)
    if long:
        config.max_position_embeddings = 4096
    if variant == "sdpa":
        keep_attention_whole()
    model = random_model(architecture, config)
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    layers, heads = config.num_hidden_layers, config.num_key_value_heads
    shape = (layers, 1, heads, context, width)
    ids = torch.randint(0, VOCABULARY, (1, 1200 if long else 9))

    kind = variant if variant in ("baseline", "kvio") else "stateful"
    module = {"baseline": Baseline, "kvio": CacheAsInput}.get(kind, lambda model: Stateful(model, shape))(model)
    package = convert(module, example_inputs(ids, layers, heads, width)[kind], shape, kind, context)
    if settings := compression(variant):
        compress_weights, how = settings
        package = compress_weights(package, config=how)
        print("compressed weights:", take_packaged_weights(package, model))

    name = f"{architecture}-{variant}"
    os.makedirs(out, exist_ok=True)
    package.save(f"{out}/{name}.mlpackage")
    count = ids.shape[1]
    with torch.no_grad():
        if long:
            rotary = model.model.rotary_emb
            rotary.inv_freq = rotary.inv_freq.half().float()
        positions = torch.arange(count)[None]
        logits = model(ids, attention_mask=causal_mask(count, count), position_ids=positions, use_cache=False).logits
    arrays = {"ids": ids.numpy().astype(np.int32)}
    if long:
        arrays["tail"] = logits[:, -64:].numpy().astype(np.float16)
    else:
        arrays["logits"] = logits.numpy().astype(np.float32)
    np.savez_compressed(f"{out}/{name}.npz", **arrays)
    print(f"{name}: largest logit {float(logits.abs().max()):.3f}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
