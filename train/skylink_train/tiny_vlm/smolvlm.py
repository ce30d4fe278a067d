"""A tiny random Idefics3 (SmolVLM) model: its configuration, processor, chat template and ONNX files."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor, PreTrainedTokenizerFast
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

from .decoder import export, export_decoder, export_embedding
from .vision import Idefics3Vision
from .words import smolvlm_tokenizer

IMAGE_PX, PATCH_PX, SCALE = 64, 16, 2
FAMILY = "idefics3"

# Same output as SmolVLM's template: roles capitalised, a space after the colon unless an image comes first.
CHAT_TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}"
    "{{ ':' if message['content'][0]['type'] == 'image' else ': ' }}"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}"
    "{% elif part['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)


def processor() -> Idefics3Processor:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=smolvlm_tokenizer(), bos_token="<|im_start|>", eos_token="<end_of_utterance>",
        pad_token="<|im_end|>", unk_token="<|endoftext|>",
    )
    image_processor = Idefics3ImageProcessorPil(
        size={"longest_edge": 2 * IMAGE_PX}, max_image_size={"longest_edge": IMAGE_PX},
        image_mean=[0.5, 0.5, 0.5], image_std=[0.5, 0.5, 0.5],
    )
    tokens = (IMAGE_PX // PATCH_PX // SCALE) ** 2
    return Idefics3Processor(image_processor, tokenizer, image_seq_len=tokens, chat_template=CHAT_TEMPLATE)


def model(tokenizer: PreTrainedTokenizerFast) -> Idefics3ForConditionalGeneration:
    ids = {name: tokenizer.convert_tokens_to_ids(token) for name, token in (
        ("image_token_id", "<image>"), ("pad_token_id", "<|im_end|>"), ("bos_token_id", "<|im_start|>"),
        ("eos_token_id", "<end_of_utterance>"),
    )}
    config = Idefics3Config(
        vision_config={
            "model_type": "idefics3_vision", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
            "num_attention_heads": 2, "image_size": IMAGE_PX, "patch_size": PATCH_PX, "attn_implementation": "eager",
        },
        text_config={
            "model_type": "llama", "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
            "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": len(tokenizer), "head_dim": 8,
            "max_position_embeddings": 2048, "pad_token_id": ids["pad_token_id"], "bos_token_id": ids["bos_token_id"],
            "eos_token_id": ids["eos_token_id"],
        },
        scale_factor=SCALE, image_token_id=ids["image_token_id"], pad_token_id=ids["pad_token_id"],
        tie_word_embeddings=False,
    )
    config._attn_implementation = "eager"
    return Idefics3ForConditionalGeneration(config).eval()


def write_onnx(net: Idefics3ForConditionalGeneration, folder: Path, score_head: nn.Module | None) -> None:
    pixels = torch.randn(1, 2, 3, IMAGE_PX, IMAGE_PX)
    mask = torch.ones(1, 2, IMAGE_PX, IMAGE_PX, dtype=torch.bool)
    free = {0: "batch_size", 1: "num_images", 3: "height", 4: "width"}
    axes = {
        "pixel_values": free, "pixel_attention_mask": {0: "batch_size", 1: "num_images", 2: "height", 3: "width"},
        "image_features": {0: "num_images"},
    }
    export(
        Idefics3Vision(net.model), (pixels, mask), folder / "vision_encoder.onnx",
        ["pixel_values", "pixel_attention_mask"], ["image_features"], axes,
    )
    export_embedding(net.get_input_embeddings(), folder / "embed_tokens.onnx")
    head = net.lm_head if score_head is None else score_head
    export_decoder(
        net.model.text_model, head, folder / "decoder_model_merged.onnx", position_rows=None,
        score=score_head is not None,
    )
