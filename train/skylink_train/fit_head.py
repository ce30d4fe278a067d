"""Fits the descriptor head: principal directions of pooled grids, partly whitened.

    python -m skylink_train.fit_head --data DATA --worlds DIR --checkpoint out/encoder.pt

Trained heads of the same width were tried (InfoNCE, batches of 160) and were no better on held-out pairs; whitening in full
loses on them too: the scale of each direction is (variance + mean variance) ** -0.5.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from .data import pair_sources
from .encoder import DESCRIPTOR_WIDTH, Encoder, Head, pool_grid, unit
from .evaluate import evaluate_pairs, to_tensor
from .losses import central_cell
from .train_encoder import training_sampler


@torch.no_grad()
def collect(encoder: Encoder, data: Path, worlds: Path | None, places: int, seed: int) -> Tensor:
    sampler = training_sampler(data, worlds, seed)
    grids: list[Tensor] = []
    while len(grids) * 32 < 2 * places:
        batch = sampler.batch(32)
        valid = torch.from_numpy(np.stack([s.query_valid for s in batch]))[:, None]
        with torch.autocast("cpu", torch.bfloat16):
            query = encoder.raw(to_tensor([s.query for s in batch]).contiguous(memory_format=torch.channels_last))
            crop = encoder.raw(to_tensor([s.map_crop for s in batch]).contiguous(memory_format=torch.channels_last))
        grids.append(pool_grid(unit(*(m.float() for m in query))[1], valid))
        grids.append(pool_grid(central_cell(unit(*(m.float() for m in crop))[1])))
    return torch.cat(grids)


@torch.no_grad()
def fitted(grids: Tensor) -> Head:
    mean = grids.mean(0)
    _, singular, directions = torch.linalg.svd(grids - mean, full_matrices=False)
    variance = (singular**2 / len(grids))[:DESCRIPTOR_WIDTH]
    weight = directions[:DESCRIPTOR_WIDTH] * ((variance + variance.mean()) ** -0.5)[:, None]
    head = Head()
    head.project.weight.copy_(weight)
    head.project.bias.copy_(-(weight @ mean))
    return head


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--worlds", type=Path)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--places", type=int, default=1536)
    parser.add_argument("--seed", type=int, default=77)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(2)
    state = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    encoder = Encoder().to(memory_format=torch.channels_last).eval()
    encoder.load_state_dict(state["encoder"])
    head = fitted(collect(encoder, args.data, args.worlds, args.places, args.seed))
    torch.save({**state, "head": head.state_dict()}, args.checkpoint)
    row = evaluate_pairs(encoder, head, pair_sources(args.data), 12)
    print(json.dumps({k: round(v, 3) for k, v in row.items()}))


if __name__ == "__main__":
    main()
