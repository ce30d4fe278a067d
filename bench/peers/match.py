"""Runs the peers over a job that bench/registration.ts wrote, and prints one line of JSON for each match.

    python match.py JOB_DIR

job.json: {"pairs": [{id, query, mask, window, heading_sigma_deg, scale_sigma}],
           "map": null | {"image", "queries": [{id, query, mask}]}}; files are PNG, relative to the folder.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from matchers import GradientOrientation, LocalFeatures, Match

MODELS = ("similarity", "homography")
MAP_FEATURES_A_MPX = {"sift": None, "orb": 4000, "akaze": None}
"""Features of the whole map; None = all there are."""


def grey(folder: Path, name: str) -> np.ndarray:
    image = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(folder / name)
    return image


def tell(kind: str, identity: str, method: str, match: Match) -> None:
    print(json.dumps({"kind": kind, "id": identity, "method": method, **dataclasses.asdict(match)}))


def centre_of(image: np.ndarray) -> tuple[float, float]:
    return (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2


def main() -> None:
    cv2.setNumThreads(1)
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text())
    correlation = GradientOrientation()
    local = {kind: LocalFeatures(kind, "similarity") for kind in ("sift", "orb", "akaze")}
    known: dict[tuple[str, str], object] = {}

    def query_features(kind: str, name: str, mask: str):
        # The same frame is matched with several windows; its features are made once, their time is told each time.
        if (kind, name) not in known:
            known[kind, name] = local[kind].features(grey(folder, name), grey(folder, mask))
        return known[kind, name]

    for pair in job["pairs"]:
        query, mask = grey(folder, pair["query"]), grey(folder, pair["mask"])
        window = grey(folder, pair["window"])
        for kind, matcher in local.items():
            features = query_features(kind, pair["query"], pair["mask"])
            there = matcher.features(window)
            for model in MODELS:
                matcher.model = model
                tell("pair", pair["id"], f"{kind} {model}", matcher.match(features, there, centre_of(query)))
        match = correlation.match(query, mask, window, pair["heading_sigma_deg"], pair["scale_sigma"])
        tell("pair", pair["id"], "gradient-orientation", match)

    if job.get("map"):
        whole = grey(folder, job["map"]["image"])
        for kind in local:
            share = MAP_FEATURES_A_MPX[kind]
            count = None if share is None else int(share * whole.size / 1e6)
            there = LocalFeatures(kind, "similarity", count).features(whole)
            for one in job["map"]["queries"]:
                features = query_features(kind, one["query"], one["mask"])
                for model in MODELS:
                    local[kind].model = model
                    centre = centre_of(grey(folder, one["query"]))
                    tell("map", one["id"], f"{kind} {model}", local[kind].match(features, there, centre))


if __name__ == "__main__":
    main()
