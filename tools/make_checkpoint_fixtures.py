"""Tiny checkpoints in both source formats with PyTorch's logits, and a GGUF file with rows of every quantised type.

usage: make_checkpoint_fixtures.py OUT_DIR     (needs torch, transformers<5, gguf, safetensors, numpy)

OUT_DIR/ARCH-hf            Hugging Face folder (llama in two shards with an index, f16; gemma in one file, bf16)
OUT_DIR/ARCH.gguf          the same weights as llama.cpp stores them (f16 matrices, f32 norms, permuted q and k for llama)
OUT_DIR/ARCH.npz           ids, and the logits of the model in f32
OUT_DIR/llama-mixed.gguf   the llama with another type for every kind of matrix, and llama-mixed.npz for those weights
OUT_DIR/quantised-rows.gguf  per type a tensor NAME of random blocks, and NAME.expected with gguf-py's f32 values
"""
import json
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as Q
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file

SIZES = dict(vocab_size=320, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
             max_position_embeddings=128)
PARTS = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
MIXED = {"token_embd": Q.Q8_0, "output": Q.Q4_1, "attn_q": Q.Q4_0, "attn_k": Q.Q4_1, "attn_v": Q.Q5_0,
         "attn_output": Q.Q5_1, "ffn_gate": Q.BF16, "ffn_up": Q.Q8_0, "ffn_down": Q.F32}


def model(arch):
    torch.manual_seed(11)
    if arch == "llama":
        config = transformers.LlamaConfig(**SIZES, num_key_value_heads=2, head_dim=16, rope_theta=10000.0,
                                          tie_word_embeddings=False)
        net = transformers.LlamaForCausalLM(config).eval()
    else:
        config = transformers.GemmaConfig(**SIZES, num_key_value_heads=1, head_dim=32)
        net = transformers.GemmaForCausalLM(config).eval()
    stored = torch.float16 if arch == "llama" else torch.bfloat16
    with torch.no_grad():
        for name, weight in net.named_parameters():
            center = 1.0 if arch == "llama" and "norm" in name else 0.0
            weight.copy_(torch.randn_like(weight) * (0.25 if weight.ndim > 1 else 0.1) + center)
            weight.copy_(weight.to(stored).float())
    return net, stored


def save_logits(net, path):
    ids = torch.randint(0, SIZES["vocab_size"], (1, 24), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        logits = net(ids, use_cache=False).logits
    np.savez_compressed(path, ids=ids.numpy().astype(np.int32), logits=logits.numpy())


def save_folder(net, stored, folder, shards):
    folder.mkdir(parents=True, exist_ok=True)
    keys = ("model_type architectures num_hidden_layers hidden_size intermediate_size num_attention_heads "
            "num_key_value_heads head_dim vocab_size max_position_embeddings rms_norm_eps rope_theta rope_scaling "
            "hidden_act hidden_activation tie_word_embeddings attention_bias mlp_bias").split()
    config = {key: value for key, value in net.config.to_dict().items() if key in keys}
    config["architectures"] = [type(net).__name__]
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
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


def gguf_name(name):
    whole = {"model.embed_tokens.weight": "token_embd", "model.norm.weight": "output_norm", "lm_head.weight": "output"}
    if name in whole:
        return whole[name], whole[name] + ".weight"
    _, _, layer, part = name.removesuffix(".weight").split(".", 3)
    return PARTS[part], f"blk.{layer}.{PARTS[part]}.weight"


def save_gguf(net, arch, path, types):
    """Writes the file; puts the weights as the file holds them back into the model."""
    config = net.config
    writer = gguf.GGUFWriter(path, arch)
    writer.add_name(f"tiny {arch}")
    writer.add_license("apache-2.0")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_theta)
    for name, weight in net.named_parameters():
        kind, target = gguf_name(name)
        array = weight.detach().numpy()
        if array.ndim == 1:
            writer.add_tensor(target, array + (1.0 if arch == "gemma" else 0.0))
            continue
        heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}.get(kind)
        permuted = arch == "llama" and heads is not None
        if permuted:  # llama.cpp pairs neighbours where Hugging Face pairs halves
            array = array.reshape(heads, 2, -1, array.shape[-1]).swapaxes(1, 2).reshape(array.shape)
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
    for arch, shards in [("llama", 2), ("gemma", 1)]:
        net, stored = model(arch)
        save_logits(net, out / f"{arch}.npz")
        save_folder(net, stored, out / f"{arch}-hf", shards)
        save_gguf(net, arch, out / f"{arch}.gguf", {})
    net, _ = model("llama")
    save_gguf(net, "llama", out / "llama-mixed.gguf", MIXED)
    save_logits(net, out / "llama-mixed.npz")
    save_quantised_rows(out / "quantised-rows.gguf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
