"""Measures OpenVINO GenAI as `sottovoce bench` measures: random tokens, greedy, medians with the lowest and the highest.

usage: bench_openvino.py FILE.gguf [--prompt N] [--decode N] [--depth N] [--threads N] [--repeat N] [--json]

Needs the Python package openvino-genai; it is not installed from here.
"""

import argparse
import json
import os
import random
import statistics

import numpy as np
import openvino
import openvino_genai


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf")
    parser.add_argument("--prompt", type=int, default=512, help="tokens of the prompt")
    parser.add_argument("--decode", type=int, default=128, help="tokens to decode")
    parser.add_argument("--depth", type=int, default=0, help="tokens before those that are decoded, at least one")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeat", type=int, default=5, help="repeats that count; one more warms up")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on a line")
    return parser.parse_args()


def call(pipeline, ids, new_tokens):
    """Generates `new_tokens` behind `ids`. Gives the metrics of the call, whose times are in milliseconds."""
    inputs = openvino_genai.TokenizedInputs(
        openvino.Tensor(np.array([ids], np.int64)), openvino.Tensor(np.ones((1, len(ids)), np.int64))
    )
    config = openvino_genai.GenerationConfig()
    config.max_new_tokens = new_tokens
    config.ignore_eos = True
    config.do_sample = False
    metrics = pipeline.generate(inputs, config).perf_metrics
    if metrics.get_num_generated_tokens() != new_tokens:
        raise RuntimeError(f"asked for {new_tokens} tokens, got {metrics.get_num_generated_tokens()}")
    return metrics


def summary(values):
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}


def main():
    options = arguments()
    pipeline = openvino_genai.LLMPipeline(
        options.gguf, "CPU", PERFORMANCE_HINT="LATENCY", INFERENCE_NUM_THREADS=options.threads
    )
    vocabulary = len(pipeline.get_tokenizer().get_vocab())
    random.seed(1)
    prefill, decode = [], []
    for repeat in range(options.repeat + 1):
        # New ones for every repeat, so that no cache of prefixes can help.
        ids = [random.randrange(vocabulary) for _ in range(max(options.prompt, options.depth, 1))]
        first_token = call(pipeline, ids[: options.prompt], 1).get_ttft().mean
        # The first token comes from the prompt; the times between the others are those of decoding.
        each_token = call(pipeline, ids[: max(options.depth, 1)], options.decode + 1).get_tpot().mean
        if repeat > 0:
            prefill.append(options.prompt * 1e3 / first_token)
            decode.append(1e3 / each_token)
    result = {
        "engine": f"OpenVINO GenAI {openvino_genai.__version__}",
        "gguf": os.path.basename(options.gguf),
        "threads": options.threads,
        "prompt_tokens": options.prompt,
        "decode_tokens": options.decode,
        "depth": options.depth,
        "repeats": options.repeat,
        "prefill": summary(prefill),
        "decode": summary(decode),
    }
    print(f"{result['engine']}, {result['gguf']}, {options.threads} threads, medians of {options.repeat}")
    for name, length in [("prefill", options.prompt), ("decode", options.decode)]:
        figures = result[name]
        print(
            f"{name:<8}{length:>5} tokens {figures['median']:>9.1f} tokens/s  "
            f"{figures['lowest']:.1f} to {figures['highest']:.1f}"
        )
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
