"""A tiny random Qwen2-VL model: its configuration, processor, chat template and ONNX files."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from transformers import PreTrainedTokenizerFast, Qwen2VLConfig, Qwen2VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from .decoder import export, export_decoder, export_embedding
from .vision import Qwen2Vision
from .words import qwen_tokenizer

FAMILY = "qwen2_vl"

# Same output as Qwen2-VL's template: a system message unless one is given, images between vision_start and vision_end.
CHAT_TEMPLATE = (
    "{% set seen = namespace(images=0) %}{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}{% if part['type'] == 'image' or 'image' in part %}"
    "{% set seen.images = seen.images + 1 %}{% if add_vision_id %}Picture {{ seen.images }}: {% endif %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in part %}{{ part['text'] }}{% endif %}{% endfor %}"
    "{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer() -> PreTrainedTokenizerFast:
    made = PreTrainedTokenizerFast(
        tokenizer_object=qwen_tokenizer(), eos_token="<|im_end|>", pad_token="<|endoftext|>",
    )
    made.chat_template = CHAT_TEMPLATE
    return made


def image_processor() -> Qwen2VLImageProcessorPil:
    return Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=84 * 84)


def model(words: PreTrainedTokenizerFast) -> Qwen2VLForConditionalGeneration:
    ids = {name: words.convert_tokens_to_ids(token) for name, token in (
        ("image_token_id", "<|image_pad|>"), ("video_token_id", "<|video_pad|>"),
        ("vision_start_token_id", "<|vision_start|>"), ("vision_end_token_id", "<|vision_end|>"),
    )}
    config = Qwen2VLConfig(
        text_config={
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 1, "vocab_size": len(words), "max_position_embeddings": 2048,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]},
            "bos_token_id": None, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id,
        },
        vision_config={
            "depth": 2, "embed_dim": 8, "hidden_size": 16, "num_heads": 1, "mlp_ratio": 2, "patch_size": 14,
        },
        tie_word_embeddings=False, **ids,
    )
    config._attn_implementation = "eager"
    return Qwen2VLForConditionalGeneration(config).eval()


def write_onnx(net: Qwen2VLForConditionalGeneration, folder: Path, score_head: nn.Module | None) -> None:
    grid = torch.tensor([[1, 4, 6], [1, 6, 4]])
    pixels = torch.randn(48, 3 * 2 * 14 * 14)
    axes = {
        "pixel_values": {0: "num_patches"}, "grid_thw": {0: "num_images"}, "image_features": {0: "num_tokens"},
    }
    export(
        Qwen2Vision(net.model.visual), (pixels, grid), folder / "vision_encoder.onnx", ["pixel_values", "grid_thw"],
        ["image_features"], axes,
    )
    export_embedding(net.get_input_embeddings(), folder / "embed_tokens.onnx")
    head = net.lm_head if score_head is None else score_head
    export_decoder(
        net.model.language_model, head, folder / "decoder_model_merged.onnx", position_rows=3, keep=score_head is None,
        score=score_head is not None,
    )
