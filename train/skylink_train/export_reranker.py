"""Checkpoint -> models/reranker-1: one graph, int8 where it pays, tokenizer.json, model.json.

    python -m skylink_train.export_reranker --checkpoint out/reranker.pt --out ../models/reranker-1
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from .export_encoder import fold_constants
from .model_card import write_model_json
from .reranker import PROMPT_LENGTH, TEMPLATE, WORDS, Reranker


def export_float(model: Reranker, path: Path) -> None:
    example = (torch.zeros(2, 64, 28, 28), torch.zeros(2, 64, 28, 28), torch.zeros(2, PROMPT_LENGTH, dtype=torch.long))
    torch.onnx.export(
        model.eval(), example, str(path), input_names=["query", "candidate", "prompt"], output_names=["logits"],
        dynamic_axes={name: {0: "k"} for name in ("query", "candidate", "prompt", "logits")}, opset_version=17, dynamo=False,
    )
    fold_constants(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="without it: random weights")
    parser.add_argument("--card", type=Path, help="JSON with training_data, results and fusion for model.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float", action="store_true", help="keep float32 weights")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    model = Reranker()
    if args.checkpoint:
        model.load_state_dict(torch.load(args.checkpoint, map_location="cpu", weights_only=True)["reranker"])
    with tempfile.TemporaryDirectory() as scratch:
        float_path = Path(scratch) / "reranker.onnx"
        export_float(model, float_path)
        target = args.out / "reranker.onnx"
        if args.float:
            target.write_bytes(float_path.read_bytes())
        else:
            quantize_dynamic(
                str(float_path), str(target), op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8, per_channel=True
            )
    onnx.checker.check_model(onnx.load(str(args.out / "reranker.onnx")))
    (args.out / "tokenizer.json").write_text(json.dumps({"format": 1, "words": WORDS}, indent=2) + "\n")
    card = json.loads(args.card.read_text()) if args.card else {"training_data": [], "results": {}}
    card.setdefault("fusion", {"retrieval_weight": 10.0})
    write_model_json(
        args.out,
        {
            "kind": "reranker", "id": "skylink-reranker-1", "encoder_id": "skylink-encoder-1",
            "precision": "float32" if args.float else "int8 weights (dynamic), float32 attention", "licence": "Apache-2.0",
            "graph": {
                "file": "reranker.onnx", "query": "query", "candidate": "candidate", "prompt": "prompt", "logits": "logits",
                "side": 28, "channels": 64,
            },
            "prompt": {"tokenizer": "tokenizer.json", "template": TEMPLATE, "length": PROMPT_LENGTH}, **card,
        },
        ["reranker.onnx", "tokenizer.json"],
    )


if __name__ == "__main__":
    main()
