"""Writes models/registrar-1: the correlation graph and the calibrated constants of registration.

    python -m skylink_train.export_registrar --checkpoint out/encoder.pt --out ../models/registrar-1 [--calibration FILE]

The graph has no weights: it slides the query's features over the map's. What is learned is in model.json: beta and the
covariance come from the encoder's loss and the calibration, the acceptance weights from `bench` measurements.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from .correlation import GRAPH, save_correlation
from .model_card import write_model_json

REFINE = {
    "smoothing_px": 2, "reach_px": 14, "headings_deg": [-2.5, 0, 2.5], "scales": [0.97, 1, 1.03],
    "beta_pixels": 200, "beta_features": 110, "min_lead": 3.5, "covariance": {"floor_px": 0.7, "scale": 1},
}
"""Refinement by pixels. The betas are the most likely ones (the truth's probability under the softmax) and min_lead is the
lead above which the refined place beats the features', both on frames of registered training pairs (README.md)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--calibration", type=Path, help="JSON with beta, covariance, acceptance, training_data, results")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    save_correlation(args.out)
    beta = 33.0
    if args.checkpoint:
        state = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
        beta = float(state["loss"]["log_registration_beta"].exp())
    card = {
        "beta": round(beta, 3),
        "covariance": {"floor_px": 2.0, "scale": 1.0},
        "refine": REFINE,
        "acceptance": {"bias": -12.0, "weights": {"peak": 20.0, "peak_to_second": 20.0}, "threshold": 0.9},
        "training_data": [],
        "results": {},
    }
    if args.calibration:
        card.update(json.loads(args.calibration.read_text()))
    write_model_json(
        args.out,
        {
            "kind": "registrar", "id": "skylink-registrar-1", "encoder_id": "skylink-encoder-1", "precision": "float32",
            "licence": "Apache-2.0",
            "graph": GRAPH, **card,
        },
        [GRAPH["file"]],
    )


if __name__ == "__main__":
    main()
