"""Fits the descriptor head on the frozen encoder: pooled grids of many places, cached, then large batches.

    python -m skylink_train.train_head --data ../../shared/data --worlds DIR --encoder out/encoder.pt --out out/encoder.pt

The head starts as a whitened projection (an unwhitened one costs ten points) and is then trained with soft-label InfoNCE
over batches of hundreds, which the convolutional part could never afford.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .data import Sampler, overlap, pair_sources, single_sources, world_sources
from .encoder import Encoder, Head, pool_grid, unit
from .evaluate import evaluate_pairs, to_tensor
from .losses import central_cell


@torch.no_grad()
def collect(encoder: Encoder, sampler: Sampler, places: int) -> tuple[Tensor, Tensor, list]:
    """Pooled grids of queries and of cells [n, 1024] each, and the samples without their images."""
    queries, cells, samples = [], [], []
    while len(samples) < places:
        sampler.rotation_sd_deg = float(sampler.rng.choice([2.0, 4.0, 7.0]))
        batch = sampler.batch(32)
        views = to_tensor([s.query for s in batch]).contiguous(memory_format=torch.channels_last)
        crops = to_tensor([s.map_crop for s in batch]).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            raw_query, raw_crop = encoder.raw(views), encoder.raw(crops)
        valid = torch.from_numpy(np.stack([s.query_valid for s in batch]))[:, None]
        queries.append(pool_grid(unit(*(m.float() for m in raw_query))[1], valid))
        cells.append(pool_grid(central_cell(unit(*(m.float() for m in raw_crop))[1])))
        for sample in batch:
            sample.query = sample.map_crop = np.zeros(0)
            samples.append(sample)
    return torch.cat(queries), torch.cat(cells), samples


def whitened(grids: Tensor, width: int, keep: float) -> tuple[Tensor, Tensor]:
    """Projection onto the leading `width` directions, each scaled by (variance + keep * mean variance) ** -0.5."""
    mean = grids.mean(0)
    _, s, v = torch.linalg.svd(grids - mean, full_matrices=False)
    variance = s**2 / len(grids)
    scale = (variance[:width] + keep * variance[:width].mean()) ** -0.5
    weight = v[:width] * scale[:, None]
    return weight, -(weight @ mean)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--worlds", type=Path)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--places", type=int, default=7000)
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--grids", type=Path, help="keep the pooled grids here, and read them if they exist")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(2)
    torch.manual_seed(args.seed)
    state = torch.load(args.encoder, map_location="cpu", weights_only=True)
    encoder = Encoder().to(memory_format=torch.channels_last).eval()
    encoder.load_state_dict(state["encoder"])
    pairs = pair_sources(args.data)
    if args.grids and args.grids.exists():
        queries, cells, samples = torch.load(args.grids, weights_only=False)
    else:
        train = [s for s in pairs + single_sources(args.data) if not s.held_out]
        if args.worlds:
            train += world_sources(args.worlds, total_weight=0.8 * sum(s.weight for s in train))
        started = time.time()
        queries, cells, samples = collect(encoder, Sampler(train, args.seed), args.places)
        print(json.dumps({"places": len(samples), "min": round((time.time() - started) / 60, 1)}), flush=True)
        if args.grids:
            torch.save((queries, cells, samples), args.grids)

    def report(name: str, head: torch.nn.Module | None) -> None:
        row = evaluate_pairs(encoder, head, pairs, 12)
        print(json.dumps({"head": name, **{k: round(v, 3) for k, v in row.items()}}), flush=True)

    report("none", None)
    head = Head()
    weight, bias = whitened(torch.cat([queries, cells]), head.project.out_features, 0.3)
    with torch.no_grad():
        head.project.weight.copy_(weight / weight.norm(dim=1).mean())
        head.project.bias.copy_(bias / weight.norm(dim=1).mean())
    report("whitened", head)

    overlaps = {}
    by_source: dict[int, list[int]] = {}
    for index, sample in enumerate(samples):
        by_source.setdefault(sample.place[0], []).append(index)
    for members in by_source.values():
        for i in members:
            for j in members:
                value = overlap(samples[i], samples[j])
                if value > 0:
                    overlaps[i, j] = value
    scale = torch.nn.Parameter(torch.tensor(3.0))
    start = {k: v.clone() for k, v in head.state_dict().items()}
    optimiser = torch.optim.AdamW([{"params": head.parameters(), "weight_decay": 0.0}, {"params": [scale]}], lr=1e-3)
    rng = np.random.default_rng(args.seed)
    for step in range(args.steps):
        for group in optimiser.param_groups:
            group["lr"] = 4e-4 * 0.5 * (1 + math.cos(math.pi * step / args.steps))
        picked = rng.choice(len(samples), args.batch, replace=False)
        target = torch.zeros(args.batch, args.batch)
        known = {int(i): k for k, i in enumerate(picked)}
        for k, i in enumerate(picked):
            for j in by_source[samples[i].place[0]]:
                if j in known and (int(i), j) in overlaps:
                    target[k, known[j]] = overlaps[int(i), j]
        q, c = head(queries[picked]), head(cells[picked])
        logits = scale.exp().clamp(max=60) * q @ c.T
        # Same source, unknown relation (another heading, little overlap) stays a negative: rotations must differ.
        soft = F.softmax(target / 0.12, 1) * 0.95 + 0.05 / args.batch
        soft_back = F.softmax(target.T / 0.12, 1) * 0.95 + 0.05 / args.batch
        loss = -(soft * F.log_softmax(logits, 1)).sum(1).mean() - (soft_back * F.log_softmax(logits.T, 1)).sum(1).mean()
        drift = sum(((head.state_dict(keep_vars=True)[k] - start[k]) ** 2).sum() for k in start)
        loss = loss + 1e-2 * drift
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % 100 == 0:
            print(json.dumps({"step": step + 1, "loss": round(loss.item(), 3)}), flush=True)
        if (step + 1) % 350 == 0:
            report(f"trained {step + 1}", head)
    torch.save({**state, "head": head.state_dict()}, args.out)


if __name__ == "__main__":
    main()
