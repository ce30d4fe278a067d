"""Writes tiny random vision-language models in the Hugging Face ONNX layout, each with what transformers computes.

    python -m skylink_train.tiny_vlm --out ../test/fixtures/vlm

The weights are random: they show that the agent reads the layout and computes the same numbers, and nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import shutil
from pathlib import Path

import torch
from torch import nn

from . import qwen2_vl, smolvlm
from .quantise import write_fp16, write_int8, write_q4
from .reference import reference


def liven(net: nn.Module, seed: int, gain: float = 1.6) -> None:
    """Weights large enough that different pictures give clearly different answers: the usual 0.02 gives none."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in net.parameters():
            if weight.dim() < 2:
                continue
            weight.normal_(0, gain / math.sqrt(weight[0].numel()), generator=generator)


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")


def write_tokenizer(tokenizer: object, folder: Path, chat_template: str, where: str) -> None:
    """tokenizer.json, tokenizer_config.json and the chat template in one of the three places where folders have it."""
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 2048, "clean_up_tokenization_spaces": False,
        **{name: str(value) for name, value in tokenizer.special_tokens_map.items() if isinstance(value, str)},
    }
    if where == "tokenizer_config.json":
        config["chat_template"] = chat_template
    elif where == "chat_template.json":
        write_json(folder / where, {"chat_template": chat_template})
    else:
        (folder / where).write_text(chat_template)
    write_json(folder / "tokenizer_config.json", config)


def write_configs(net: nn.Module, image_processor: object, folder: Path) -> None:
    write_json(folder / "config.json", net.config.to_dict())
    write_json(folder / "generation_config.json", net.generation_config.to_dict())
    write_json(folder / "preprocessor_config.json", json.loads(image_processor.to_json_string()))


def fresh(out: Path, name: str) -> Path:
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "onnx").mkdir(parents=True)
    return folder


def write_smolvlm(out: Path, name: str, *, score: bool) -> None:
    """With `score` a model whose decoder ends in one number instead of a vocabulary, and a model.json that says how to
    use it: images are not split."""
    folder = fresh(out, name)
    processor = smolvlm.processor()
    net = smolvlm.model(processor.tokenizer)
    liven(net, seed=20, gain=2.4)
    head = nn.Linear(net.config.text_config.hidden_size, 1) if score else None
    if head is not None:
        liven(head, seed=12, gain=12)
    write_configs(net, processor.image_processor, folder)
    write_json(
        folder / "processor_config.json",
        {"processor_class": "Idefics3Processor", "image_seq_len": processor.image_seq_len},
    )
    where = "tokenizer_config.json" if score else "chat_template.jinja"
    write_tokenizer(processor.tokenizer, folder, smolvlm.CHAT_TEMPLATE, where)
    smolvlm.write_onnx(net, folder / "onnx", head)
    if not score:
        write_int8(folder / "onnx")
        write_q4(folder / "onnx", cache_branch=True)
    write_json(folder / "reference.json", reference(net, processor, smolvlm.FAMILY, head, not score, folder))
    if score:
        write_card(folder, {"id": "tiny-smolvlm-score", "image_splitting": False, "fusion": {"retrieval_weight": 2.0}})


def write_qwen(out: Path, name: str) -> None:
    folder = fresh(out, name)
    tokenizer = qwen2_vl.tokenizer()
    net = qwen2_vl.model(tokenizer)
    liven(net, seed=26, gain=2.4)
    write_configs(net, qwen2_vl.image_processor(), folder)
    write_tokenizer(tokenizer, folder, qwen2_vl.CHAT_TEMPLATE, "chat_template.json")
    qwen2_vl.write_onnx(net, folder / "onnx", None)
    write_int8(folder / "onnx", rename={"grid_thw": "image_grid_thw"})  # as Qwen2.5-VL's exports name it
    write_q4(folder / "onnx")
    write_fp16(folder / "onnx")
    write_json(folder / "reference.json", reference(net, tokenizer, qwen2_vl.FAMILY, None, True, folder))


def write_card(folder: Path, card: dict) -> None:
    files = sorted(path for path in (folder / "onnx").iterdir())
    write_json(
        folder / "model.json",
        {
            "format": 1, "kind": "reranker-hf", "licence": "Apache-2.0", "precision": "fp32",
            "training_data": ["none: random weights"], "results": {}, **card,
            "files": {
                f"onnx/{path.name}": {
                    "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                }
                for path in files
            },
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    write_smolvlm(args.out, "smolvlm", score=False)
    write_smolvlm(args.out, "smolvlm-score", score=True)
    write_qwen(args.out, "qwen2-vl")


main()
