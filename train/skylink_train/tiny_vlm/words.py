"""Byte-level BPE tokenizers trained on the few words of the re-ranker's prompt."""

from __future__ import annotations

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

CORPUS = [
    "Image 1 is a drone camera view turned north up from 120 m above ground and 112 m across at 50 cm a pixel.",
    "The heading may be off by 005 degrees, the height by 05 percent, the camera was tilted 00 degrees.",
    "The map imagery is 014 months older and the month is 07.",
    "Image 2 is a place on the map, north up, at the same scale.",
    "Do both images show the same place? Answer yes or no.",
    "yes no Yes No YES NO yes no Yes No YES NO yes no Yes No",
    "Yes", "No", "yes", "no", "Yes", "No",
    "You are a helpful assistant. user User assistant Assistant: system",
] * 8

# What Qwen2's pre-tokenizer splits at: contractions, words with the space before them, single digits, punctuation.
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def smolvlm_specials(rows: int, cols: int) -> list[str]:
    places = [f"<row_{row + 1}_col_{col + 1}>" for row in range(rows) for col in range(cols)]
    return [
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<fake_token_around_image>", "<image>", "<end_of_utterance>",
        "<global-img>", *places,
    ]


QWEN_SPECIALS = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
]


def train_bpe(split: pre_tokenizers.PreTokenizer, specials: list[str], merges: int, nfc: bool) -> Tokenizer:
    """A byte-level BPE tokenizer with `merges` merges; the special tokens have the first ids."""
    tokenizer = Tokenizer(models.BPE())
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=len(specials) + len(alphabet) + merges, special_tokens=specials, initial_alphabet=sorted(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def smolvlm_tokenizer() -> Tokenizer:
    split = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])
    return train_bpe(split, smolvlm_specials(6, 6), 72, nfc=False)


def qwen_tokenizer() -> Tokenizer:
    split = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN_SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    return train_bpe(split, QWEN_SPECIALS, 72, nfc=True)
