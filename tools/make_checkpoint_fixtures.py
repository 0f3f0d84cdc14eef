"""Tiny checkpoints in both source formats with PyTorch's logits, and a GGUF file with rows of every quantised type.

usage: make_checkpoint_fixtures.py OUT_DIR     (needs torch, transformers<5, gguf, safetensors, numpy)

OUT_DIR/NAME-hf            Hugging Face folder (llama in two shards with an index; f16, gemma bf16)
OUT_DIR/NAME.gguf          the same weights as llama.cpp stores them (f16 matrices, f32 vectors, q and k permuted for some)
OUT_DIR/NAME.npz           ids, and the logits of the model in f32
OUT_DIR/llama-mixed.gguf   the llama with another type for every kind of matrix, and llama-mixed.npz for those weights
OUT_DIR/quantised-rows.gguf  per type a tensor NAME of random blocks, and NAME.expected with gguf-py's f32 values
"""
import copy
import json
import math
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers as tf
from gguf import GGMLQuantizationType as Q
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file

SIZES = dict(vocab_size=320, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
             max_position_embeddings=128)
SMALL = SIZES | dict(vocab_size=96, hidden_size=32, num_key_value_heads=2)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
LONG_ROPE = dict(type="longrope", short_factor=[1.0, 1.1, 1.25, 1.5, 1.75, 2.0],
                 long_factor=[1.25, 1.75, 2.5, 4.0, 6.0, 8.0])
# Name, the architecture in llama.cpp (None: no GGUF file, as it knows no such window), configuration.
MODELS = {
    "llama": ("llama", tf.LlamaConfig(**SIZES, num_key_value_heads=2, head_dim=16, tie_word_embeddings=False)),
    "gemma": ("gemma", tf.GemmaConfig(**SIZES, num_key_value_heads=1, head_dim=32)),
    "llama3": ("llama", tf.LlamaConfig(**SMALL, head_dim=16, tie_word_embeddings=True, rope_scaling=LLAMA3)),
    "llama-biases": ("llama", tf.LlamaConfig(**SMALL, head_dim=16, attention_bias=True, mlp_bias=True,
                                             rope_scaling=dict(rope_type="linear", factor=4.0))),
    "smollm3": ("smollm3", tf.SmolLM3Config(**SMALL | dict(num_hidden_layers=4), pad_token_id=0, bos_token_id=1,
                                            eos_token_id=2)),
    "mistral": ("llama", tf.MistralConfig(**SMALL, head_dim=16, sliding_window=16)),
    "qwen2": ("qwen2", tf.Qwen2Config(**SMALL)),
    "qwen3": ("qwen3", tf.Qwen3Config(**SMALL, head_dim=16)),
    "phi3": ("phi3", tf.Phi3Config(**SMALL | dict(hidden_size=64), original_max_position_embeddings=16,
                                   partial_rotary_factor=0.75, rope_scaling=LONG_ROPE, pad_token_id=0)),
    "qwen2-window": (None, tf.Qwen2Config(**SMALL, use_sliding_window=True, sliding_window=8, max_window_layers=1)),
    "phi3-window": (None, tf.Phi3Config(**SMALL, sliding_window=8, pad_token_id=0)),
    "gemma2": ("gemma2", tf.Gemma2Config(**SMALL, head_dim=16, sliding_window=8, query_pre_attn_scalar=16,
                                         attn_logit_softcapping=5.0, final_logit_softcapping=6.0)),
    "gemma3": ("gemma3", tf.Gemma3TextConfig(**SMALL | dict(num_hidden_layers=7), head_dim=16, sliding_window=8,
                                             query_pre_attn_scalar=16,
                                             rope_scaling=dict(rope_type="linear", factor=8.0))),
}
PARTS = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.qkv_proj": "attn_qkv", "self_attn.q_norm": "attn_q_norm",
         "self_attn.k_norm": "attn_k_norm", "self_attn.o_proj": "attn_output",
         "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
POST_NORMS = PARTS | {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
                      "post_feedforward_layernorm": "post_ffw_norm"}
MIXED = {"token_embd": Q.Q8_0, "output": Q.Q4_1, "attn_q": Q.Q4_0, "attn_k": Q.Q4_1, "attn_v": Q.Q5_0,
         "attn_output": Q.Q5_1, "ffn_gate": Q.BF16, "ffn_up": Q.Q8_0, "ffn_down": Q.F32}


def model(name):
    torch.manual_seed(11)
    arch, config = MODELS[name]
    # "sdpa", the default, would leave out the soft cap of Gemma 2.
    net = tf.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    gemma = config.model_type.startswith("gemma")
    stored = torch.bfloat16 if gemma else torch.float16
    with torch.no_grad():
        for name, weight in net.named_parameters():
            center = 1.0 if "norm" in name and not gemma else 0.0
            spread = 0.25 if weight.ndim > 1 else 0.5 if name.endswith("bias") else 0.1
            weight.copy_(torch.randn_like(weight) * spread + center)
            weight.copy_(weight.to(stored).float())
    return net, stored


def logits(net, ids):
    with torch.no_grad():
        return net(ids, use_cache=False).logits.numpy()


def save_logits(net, path):
    ids = torch.randint(0, net.config.vocab_size, (1, 24), generator=torch.Generator().manual_seed(5))
    arrays = dict(ids=ids.numpy().astype(np.int32), logits=logits(net, ids))
    if net.config.model_type == "phi3" and net.config.rope_scaling:  # up to its first context it turns by other frequencies
        arrays["short_logits"] = logits(net, ids[:, :net.config.original_max_position_embeddings])
    np.savez_compressed(path, **arrays)


def save_folder(net, stored, folder, shards):
    folder.mkdir(parents=True, exist_ok=True)
    config = copy.deepcopy(net.config)
    config.architectures, config.dtype = [type(net).__name__], stored
    config.save_pretrained(folder)
    tensors = {name: weight.detach().to(stored).contiguous() for name, weight in net.named_parameters()}
    names = sorted(tensors)
    if shards == 1:
        save_file(tensors, folder / "model.safetensors")
        return
    index = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = names[shard::shards]
        save_file({name: tensors[name] for name in part}, folder / file)
        index.update({name: file for name in part})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}, indent=2) + "\n")


def gguf_name(name, parts):
    name, suffix = name.rsplit(".", 1)
    whole = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    if name in whole:
        return whole[name], f"{whole[name]}.{suffix}"
    _, _, layer, part = name.split(".", 3)
    return parts[part], f"blk.{layer}.{parts[part]}.{suffix}"


def add_rope(writer, config, head_dim):
    """What llama.cpp's converter makes of scaled frequencies."""
    scaling = getattr(config, "rope_scaling", None) or {}
    dims = int(head_dim * getattr(config, "partial_rotary_factor", 1.0))
    writer.add_rope_dimension_count(dims)
    writer.add_rope_freq_base(config.rope_theta)
    kind = scaling.get("rope_type", scaling.get("type"))
    if kind == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(scaling["factor"])
    elif kind == "llama3":
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        divisors = []
        for pair in range(dims // 2):
            turns = scaling["original_max_position_embeddings"] * config.rope_theta ** (-2 * pair / dims) / math.tau
            share = min(max((turns - low) / (high - low), 0.0), 1.0)
            divisors.append(1.0 / ((1.0 - share) / scaling["factor"] + share))
        writer.add_tensor("rope_freqs.weight", np.array(divisors, np.float32))
    elif kind == "longrope":
        original = config.original_max_position_embeddings
        stretched = config.max_position_embeddings / original
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(stretched) / math.log(original)))
        for length in ["long", "short"]:
            writer.add_tensor(f"rope_factors_{length}.weight", np.array(scaling[f"{length}_factor"], np.float32))


def save_gguf(net, arch, path, types):
    """Writes the file; puts the weights as the file holds them back into the model."""
    config = net.config
    head_dim = getattr(config, "head_dim", config.hidden_size // config.num_attention_heads)
    writer = gguf.GGUFWriter(path, arch)
    writer.add_name(f"tiny {arch}")
    writer.add_license("apache-2.0")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    if hasattr(config, "head_dim"):
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if arch in ["phi3", "gemma2", "gemma3"]:
        writer.add_sliding_window(config.sliding_window or 0)
    if arch == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    add_rope(writer, config, head_dim)
    for name, weight in net.named_parameters():
        kind, target = gguf_name(name, POST_NORMS if arch in ["gemma2", "gemma3"] else PARTS)
        array = weight.detach().numpy()
        heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}.get(kind)
        permuted = arch in ["llama", "smollm3"] and heads is not None
        if permuted:  # llama.cpp pairs neighbours where Hugging Face pairs halves
            array = array.reshape(heads, 2, -1, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)
        if array.ndim == 1:
            writer.add_tensor(target, np.ascontiguousarray(array) + (1.0 if arch.startswith("gemma") else 0.0))
            continue
        ty = types.get(kind, Q.F16)
        data = quantize(np.ascontiguousarray(array), ty)
        held = dequantize(data, ty).astype(np.float32)
        writer.add_tensor(target, data, raw_dtype=ty)
        if permuted:
            held = held.reshape(heads, -1, 2, held.shape[-1]).swapaxes(1, 2).reshape(held.shape)
        with torch.no_grad():
            weight.copy_(torch.tensor(held))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def save_quantised_rows(path):
    """Random bytes with sane scales: every code, scale and minimum of the K types occurs, as gguf-py cannot make them."""
    rng = np.random.default_rng(3)
    writer = gguf.GGUFWriter(path, "llama")
    half_fields = {Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0], Q.Q4_K: [0, 2],
                   Q.Q5_K: [0, 2], Q.Q6_K: [208]}
    for ty in [Q.F32, Q.F16, Q.BF16, *half_fields]:
        length, size = gguf.GGML_QUANT_SIZES[ty]
        blocks = 2 * 512 // length
        if ty in half_fields:
            data = rng.integers(0, 256, (blocks, size), dtype=np.uint8)
            for offset in half_fields[ty]:
                field = (rng.standard_normal(blocks) * 0.1).astype(np.float16)
                data[:, offset:offset + 2] = field.view(np.uint8).reshape(blocks, 2)
            data = data.reshape(2, -1)
        else:
            data = quantize(rng.standard_normal((2, 512)).astype(np.float32), ty)
        writer.add_tensor(ty.name, data, raw_dtype=ty)
        writer.add_tensor(f"{ty.name}.expected", dequantize(data, ty).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    for name, (arch, _) in MODELS.items():
        net, stored = model(name)
        save_logits(net, out / f"{name}.npz")
        save_folder(net, stored, out / f"{name}-hf", 2 if name == "llama" else 1)
        if arch is not None:
            save_gguf(net, arch, out / f"{name}.gguf", {})
    net, _ = model("llama")
    save_gguf(net, "llama", out / "llama-mixed.gguf", MIXED)
    save_logits(net, out / "llama-mixed.npz")
    save_quantised_rows(out / "quantised-rows.gguf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
