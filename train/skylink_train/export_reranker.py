"""Checkpoint -> models/reranker-1: one graph, int8 where it pays, tokenizer.json, model.json.

    python -m skylink_train.export_reranker --checkpoint out/reranker.pt --card out/reranker-card.json --out ../models/reranker-1

int8 are the weights of the trained part's matrix products, with reduced range: 7 bits, so that processors without VNNI do not
saturate. What compares features stays float32: it has no weights, and most of the time goes there.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from .alignment import FINE
from .correlation import GRAPH, save_correlation
from .encoder import CHANNELS
from .export_encoder import fold_constants
from .model_card import write_model_json
from .reranker import PROMPT_LENGTH, TEMPLATE, WORDS, Reranker

INPUTS = ("views", "windows", "view_of", "prompt")
SIDES = {"doubt": 1, "candidates": 4, "weight": 2}
"""Doubts settled by what the frame shows beside the patch, chosen likewise (docs/registration.md)."""
PIXELS = {
    "graph": GRAPH, "doubt": 1, "candidates": 4, "weight": 15, "reduction": 4, "smoothing_px": 3.2, "reach_px": 48,
    "headings_deg": [-4, 0, 4], "scales": [1],
}
"""Doubts settled by pixels. Weight, number of candidates and doubt are the best of those tried on frames of registered
training pairs (models/reranker-1/README.md)."""


def export_float(model: Reranker, path: Path) -> None:
    example = (
        torch.rand(2, CHANNELS, FINE, FINE), torch.rand(3, FINE, FINE, CHANNELS), torch.tensor([0, 1, 0]),
        torch.zeros(PROMPT_LENGTH, dtype=torch.long),
    )
    torch.onnx.export(
        model.eval(), example, str(path), input_names=list(INPUTS), output_names=["logits"],
        dynamic_axes={"views": {0: "h"}, "windows": {0: "k"}, "view_of": {0: "k"}, "logits": {0: "k"}},
        opset_version=17, dynamo=False,
    )
    fold_constants(path)


def quantise(source: Path, target: Path) -> None:
    """int8 weights for the matrix products of the trained part."""
    graph = onnx.load(str(source)).graph
    fixed = {initializer.name for initializer in graph.initializer}
    trained = [
        node.name
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in fixed and not node.name.startswith("/align/")
    ]
    quantize_dynamic(
        str(source), str(target), op_types_to_quantize=["MatMul"], nodes_to_quantize=trained, weight_type=QuantType.QInt8,
        per_channel=True, reduce_range=True,
    )


def largest_difference(a: Path, b: Path) -> float:
    """Of logit(yes) - logit(no), between two graphs, over lists of smooth random features."""
    rng = np.random.default_rng(0)
    sessions = [ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in (a, b)]
    worst = 0.0
    for _ in range(4):
        coarse = rng.normal(0, 1, (20, CHANNELS, 7, 7)).astype(np.float32)
        views = np.repeat(np.repeat(coarse, 4, 2), 4, 3) + rng.normal(0, 0.5, (20, CHANNELS, FINE, FINE)).astype(np.float32)
        views /= np.linalg.norm(views, axis=1, keepdims=True)
        feed = {
            "views": views[:4], "windows": np.ascontiguousarray(views.transpose(0, 2, 3, 1)),
            "view_of": np.arange(20) % 4, "prompt": rng.integers(0, len(WORDS), PROMPT_LENGTH),
        }
        first, second = (session.run(None, feed)[0] for session in sessions)
        worst = max(worst, float(np.abs((first - second) @ np.array([1.0, -1.0])).max()))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="without it: random weights")
    parser.add_argument("--card", type=Path, help="JSON with training_data, results and fusion for model.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoder-id", default="skylink-encoder-1")
    parser.add_argument("--float", action="store_true", help="keep float32 weights")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    model = Reranker()
    if args.checkpoint:
        model.load_state_dict(torch.load(args.checkpoint, map_location="cpu", weights_only=True)["reranker"])
    target = args.out / "reranker.onnx"
    with tempfile.TemporaryDirectory() as scratch:
        float_path = Path(scratch) / "reranker.onnx"
        export_float(model, float_path)
        if args.float:
            target.write_bytes(float_path.read_bytes())
        else:
            quantise(float_path, target)
            print(json.dumps({"int8 against float32, largest difference": round(largest_difference(float_path, target), 3)}))
    onnx.checker.check_model(onnx.load(str(target)))
    (args.out / "tokenizer.json").write_text(json.dumps({"format": 1, "words": WORDS}, indent=2) + "\n")
    card = json.loads(args.card.read_text()) if args.card else {"training_data": [], "results": {}}
    card.setdefault("fusion", {"retrieval_weight": 10.0})
    save_correlation(args.out)
    write_model_json(
        args.out,
        {
            "kind": "reranker", "id": "skylink-reranker-1", "encoder_id": args.encoder_id,
            "precision": "float32" if args.float else "int8 weights (dynamic), float32 comparison of features",
            "licence": "Apache-2.0",
            "graph": {
                "file": target.name, **{name: name for name in INPUTS}, "logits": "logits", "side": FINE, "channels": CHANNELS,
            },
            "prompt": {"tokenizer": "tokenizer.json", "template": TEMPLATE, "length": PROMPT_LENGTH}, "sides": SIDES, "pixels": PIXELS, **card,
        },
        [target.name, "tokenizer.json", GRAPH["file"]],
    )


if __name__ == "__main__":
    main()
