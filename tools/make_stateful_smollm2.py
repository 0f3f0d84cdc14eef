"""Makes the stateful Core ML packages of SmolLM2-135M (f16 and int4) with coremltools, after Apple's recipe.

usage: make_stateful_smollm2.py GGUF CONTEXT OUT_DIR
"""

import sys

import coremltools.optimize.coreml as compress
import torch

import smollm2
from apple_recipe import Stateful, causal_mask, convert


def main(gguf, context, out):
    context = int(context)
    model = smollm2.load_model(gguf)
    shape = smollm2.cache_shape(context)

    # What is about to be converted computes what the model computes.
    ids = torch.tensor([[1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 2]])
    with torch.no_grad():
        expected = model(ids, use_cache=False).logits
        found = Stateful(model, shape)(ids, causal_mask(ids.shape[1], ids.shape[1]))
    difference = (found - expected).abs().max().item()
    print(f"largest difference between the stateful and the plain model: {difference:.2e}")
    if difference > 1e-3:
        raise SystemExit("the stateful model does not compute what the plain one does")

    example = (torch.zeros((1, 2), dtype=torch.int32), torch.zeros((1, 1, 2, 5)))
    package = convert(Stateful(model, shape), example, shape, "stateful", context)
    package.save(f"{out}/SmolLM2-135M-Stateful-{context}.mlpackage")

    int4 = compress.OpLinearQuantizerConfig(
        mode="linear_symmetric", dtype="int4", granularity="per_block", block_size=32
    )
    package = compress.linear_quantize_weights(package, config=compress.OptimizationConfig(global_config=int4))
    package.save(f"{out}/SmolLM2-135M-Stateful-4bit-{context}.mlpackage")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
