"""Writes what Hugging Face transformers computes in f32 for SmolLM2-135M over real text and short questions.

usage: make_smollm2_reference.py GGUF TEXT_DIR OUT.npz [PACKAGE]

Without PACKAGE the weights are the GGUF's, dequantised and rounded to f16, as an f16 package of our own holds them. With
one that make_stateful_smollm2.py made, the weights are that package's, and rotary frequencies are rounded to f16, as
coremltools stores them. See fixtures/README.md for the arrays.
"""

import pathlib
import sys

import coremltools as ct
import numpy as np
import torch
from coremltools.converters.mil.frontend.milproto import load as milproto

import smollm2
from apple_recipe import take_packaged_weights

WINDOW = 512
ANSWER = 8
# (window, position) of the rows whose logits are kept in full: the ends of the four texts, and one early row.
FULL_ROWS = [(0, 3), (0, 511), (1, 511), (2, 511), (3, 511)]


def load(gguf, package_path):
    model = smollm2.load_model(gguf)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())
    if package_path:
        package = ct.models.MLModel(package_path, skip_model_load=True)
        specification = package.get_spec()
        package._mil_program = milproto.load(
            specification, specification.specificationVersion, package.weights_dir
        )
        replaced = take_packaged_weights(package, model)
        print(f"{replaced} compressed weights taken from {package_path}")
        rotary = model.model.rotary_emb
        rotary.inv_freq = rotary.inv_freq.half().float()
    return model


def two_best(logits):
    best = logits.topk(2, dim=-1)
    return best.indices[..., 0], best.values[..., 0] - best.values[..., 1]


def answer(model, prompt):
    """The first greedy tokens after `prompt` and the margin of each over the runner-up."""
    ids, tokens, margins = list(prompt), [], []
    for _ in range(ANSWER):
        logits = model(torch.tensor([ids]), use_cache=False).logits[0, -1]
        token, margin = two_best(logits)
        ids.append(token.item())
        tokens.append(token.item())
        margins.append(margin.item())
    return tokens, margins


@torch.no_grad()
def main(gguf, text_dir, out, package=None):
    model = load(gguf, package)
    tokenizer = smollm2.load_tokenizer(gguf)
    text_dir = pathlib.Path(text_dir)

    windows = []
    for name in ("classics", "licence", "notes", "story"):
        ids = tokenizer.encode((text_dir / f"{name}.txt").read_text("utf-8")).ids
        print(f"{name}: {len(ids)} tokens")
        if len(ids) < WINDOW:
            raise SystemExit(f"{name}.txt has fewer than {WINDOW} tokens")
        windows.append(ids[:WINDOW])
    ids = torch.tensor(windows)
    logits = torch.stack([model(window[None], use_cache=False).logits[0] for window in ids])
    top1, margin = two_best(logits)
    log_probability = torch.log_softmax(logits.double(), -1)[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
    print(f"perplexity: {torch.exp(-log_probability.mean()).item():.4f}")

    questions = (text_dir / "questions.txt").read_text("utf-8").splitlines()
    prompts = [tokenizer.encode(smollm2.chat_prompt(gguf, question)).ids for question in questions]
    answers = [answer(model, prompt) for prompt in prompts]
    for question, (tokens, margins) in zip(questions, answers):
        print(f"{question} {tokenizer.decode(tokens)!r} smallest margin {min(margins):.3f}")

    np.savez_compressed(
        out,
        ids=ids.numpy().astype(np.int32),
        top1=top1.numpy().astype(np.int32),
        margin=margin.numpy().astype(np.float32),
        next_log_probability=log_probability.numpy().astype(np.float32),
        logit_rows=np.array(FULL_ROWS, np.int32),
        logits=np.stack([logits[row].numpy() for row in FULL_ROWS]).astype(np.float16),
        question_ids=np.concatenate(prompts).astype(np.int32),
        question_lengths=np.array([len(prompt) for prompt in prompts], np.int32),
        answer_ids=np.array([tokens for tokens, _ in answers], np.int32),
        answer_margin=np.array([margins for _, margins in answers], np.float32),
    )


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
