"""Trains the encoder's two necks on cached features of the ImageNet trunk; fit_head then adds the descriptor head.

    python -m skylink_train.train_encoder --data DATA --worlds DIR --out out/encoder.pt

The trunk stays as it is. Training it together with the rest was tried on two cores and lost (held-out R@1 of the trunk's own
grid fell from .77 to .69): with batches of 32 from many sources the contrast is won by recognising sensor and style. Cached,
a batch has 160 places, 16 from one source: what remains to tell them apart is what is on the ground, and where.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing as mp
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from .data import Sample, Sampler, overlap, pair_sources, single_sources, world_sources
from .encoder import Encoder, pool_grid, unit
from .evaluate import evaluate_pairs, imagenet_state, to_tensor
from .losses import EncoderLoss, align, central_cell

GROUP = 16


def training_sampler(data: Path, worlds: Path | None, seed: int) -> Sampler:
    sources = [s for s in pair_sources(data) + single_sources(data) if not s.held_out]
    if worlds:
        sources += world_sources(worlds, total_weight=0.8 * sum(s.weight for s in sources))
    return Sampler(sources, seed)


def _produce(queue: mp.Queue, data: Path, worlds: Path | None, seed: int) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    sampler = training_sampler(data, worlds, seed)
    kinds = [s.kind for s in sampler.sources]
    while True:
        samples = sampler.batch(32)
        queue.put((samples, [kinds[s.place[0]] for s in samples]))


class Cache:
    """Trunk features of many samples, half precision, and the samples without their images."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.kinds: list[str] = []
        self.maps: dict[str, list[Tensor]] = {"query8": [], "query16": [], "crop8": [], "crop16": []}

    @torch.no_grad()
    def fill(self, encoder: Encoder, queue: mp.Queue, places: int) -> None:
        started = time.time()
        while len(self.samples) < places:
            samples, kinds = queue.get()
            for name, images in (("query", [s.query for s in samples]), ("crop", [s.map_crop for s in samples])):
                with torch.autocast("cpu", torch.bfloat16):
                    at8, at16 = encoder.trunk(to_tensor(images).contiguous(memory_format=torch.channels_last))
                self.maps[f"{name}8"].append(at8.bfloat16())
                self.maps[f"{name}16"].append(at16.bfloat16())
            for sample in samples:
                sample.query = sample.map_crop = np.zeros(0)
            self.samples += samples
            self.kinds += kinds
            if len(self.samples) % 1024 == 0:
                print(json.dumps({"places": len(self.samples), "min": round((time.time() - started) / 60, 1)}), flush=True)
        self.joined = {name: torch.cat(parts) for name, parts in self.maps.items()}
        self.maps.clear()
        self.by_source: dict[int, list[int]] = {}
        self.by_kind: dict[str, list[int]] = {}
        for index, (sample, kind) in enumerate(zip(self.samples, self.kinds, strict=True)):
            self.by_source.setdefault(sample.place[0], []).append(index)
            self.by_kind.setdefault(kind, []).append(index)

    def draw(self, rng: np.random.Generator, size: int) -> list[int]:
        """Groups from one source where it has enough places, else from one kind of source."""
        picked: list[int] = []
        while len(picked) < size:
            seed = int(rng.integers(len(self.samples)))
            pool = self.by_source[self.samples[seed].place[0]]
            if len(pool) < GROUP:
                pool = self.by_kind[self.kinds[seed]]
            taken = set(picked)
            fresh = [i for i in rng.permutation(pool)[: 2 * GROUP].tolist() if i not in taken]
            picked += fresh[:GROUP]
        return picked[:size]


class RememberedTrunk(torch.nn.Module):
    """The encoder with the trunk's answers remembered by order of call: judging again costs only the necks."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.memory: list[tuple[Tensor, Tensor]] = []
        self.at = 0

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.at == len(self.memory):
            self.memory.append(self.encoder.trunk(x))
        maps = self.memory[self.at]
        self.at += 1
        return unit(*self.encoder.necks(*maps), maps[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--worlds", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--places", type=int, default=9000)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--batch", type=int, default=160)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--ema", type=float, default=0.99)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    torch.set_num_threads(2)
    encoder, loss_of = Encoder().to(memory_format=torch.channels_last), EncoderLoss()
    encoder.load_imagenet(imagenet_state())
    for name, parameter in encoder.named_parameters():
        parameter.requires_grad = not name.startswith(("_conv_stem", "_blocks"))
    trained = [p for p in encoder.parameters() if p.requires_grad] + list(loss_of.parameters())

    context = mp.get_context("spawn")
    queue: mp.Queue = context.Queue(maxsize=6)
    worker = context.Process(target=_produce, args=(queue, args.data, args.worlds, args.seed), daemon=True)
    worker.start()
    cache = Cache()
    cache.fill(encoder, queue, args.places)
    worker.terminate()

    ema = torch.optim.swa_utils.AveragedModel(encoder, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(args.ema))
    judged = RememberedTrunk(ema.module)
    held_out = pair_sources(args.data)

    def judge(step: int) -> None:
        judged.at = 0
        row = evaluate_pairs(judged, None, held_out, 12)
        print(json.dumps({"step": step, **{k: round(v, 3) for k, v in row.items()}}), flush=True)

    optimiser = torch.optim.AdamW(trained, lr=args.lr, weight_decay=1e-3)
    rng = np.random.default_rng(args.seed)
    started, step = time.time(), 0
    next_check = started + 100
    averages: dict[str, float] = {}
    while True:
        progress = (time.time() - started) / 60 / args.minutes
        if progress >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = args.lr * min(1, (step + 1) / 40) * (0.5 * (1 + math.cos(math.pi * progress)) * 0.99 + 0.01)
        picked = cache.draw(rng, args.batch)
        samples = [cache.samples[i] for i in picked]
        overlaps = torch.tensor([[overlap(a, b) for b in samples] for a in samples])
        valid = torch.from_numpy(np.stack([s.query_valid for s in samples]))[:, None]
        pose = torch.tensor([(s.rotation_deg, s.scale) for s in samples])
        shift = torch.tensor([s.shift_px for s in samples])
        maps = {name: joined[picked].contiguous(memory_format=torch.channels_last) for name, joined in cache.joined.items()}
        with torch.autocast("cpu", torch.bfloat16):
            raw_query = encoder.necks(maps["query8"], maps["query16"])
            raw_crop = encoder.necks(maps["crop8"], maps["crop16"])
        query, query_coarse = unit(*(m.float() for m in raw_query))
        crop, crop_coarse = unit(*(m.float() for m in raw_crop))
        query_grid, cell_grid = pool_grid(query_coarse, valid), pool_grid(central_cell(crop_coarse))
        contrast = loss_of.descriptors(
            torch.nn.functional.normalize(query_grid, dim=1), torch.nn.functional.normalize(cell_grid, dim=1), overlaps
        )
        # Registration tries headings and scales around the prior: train for what its best variant leaves over.
        left = pose + torch.randn(len(samples), 2) * torch.tensor([1.2, 0.015])
        aligned, seen = align(query, valid, left[:, 0], left[:, 1])
        registration, _ = loss_of.registration(aligned, seen, crop, shift)
        loss = contrast + registration
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 2.0)
        optimiser.step()
        if step == 30:
            ema.module.load_state_dict(encoder.state_dict())
        ema.update_parameters(encoder)
        step += 1
        for name, value in (("contrast", contrast), ("registration", registration)):
            averages[name] = value.item() if step == 1 else 0.95 * averages[name] + 0.05 * value.item()
        if step % 50 == 0:
            beta = loss_of.log_registration_beta.exp().item()
            row = {"step": step, "min": round((time.time() - started) / 60, 1), "beta": round(beta, 1)}
            print(json.dumps({**row, **{k: round(v, 3) for k, v in averages.items()}}), flush=True)
        if time.time() > next_check:
            next_check = time.time() + 150
            judge(step)
            save(args.out, ema.module, loss_of)
    save(args.out, ema.module, loss_of)
    judge(step)


def save(path: Path, encoder: torch.nn.Module, loss_of: EncoderLoss) -> None:
    torch.save({"encoder": encoder.state_dict(), "loss": loss_of.state_dict()}, path)


if __name__ == "__main__":
    main()
