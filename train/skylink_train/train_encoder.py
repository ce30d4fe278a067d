"""Trains the encoder; train_head then fits the descriptor head on its pooled grids.

    python -m skylink_train.train_encoder --data ../../shared/data --worlds DIR --out out/encoder.pt --minutes 50
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

from .data import Sample, Sampler, overlap, pair_sources, single_sources, world_sources
from .encoder import CHANNELS, GRID, Encoder, pool_grid, unit
from .evaluate import evaluate_pairs, imagenet_state, to_tensor
from .losses import EncoderLoss, align, central_cell

FROZEN = ("_conv_stem", "_blocks.0.", "_blocks.1.", "_blocks.2.")


def _produce(queue: mp.Queue, data: Path, worlds: Path | None, seed: int, batch: int) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    sources = [s for s in pair_sources(data) + single_sources(data) if not s.held_out]
    if worlds:
        sources += world_sources(worlds, total_weight=0.8 * sum(s.weight for s in sources))
    sampler = Sampler(sources, seed)
    while True:
        samples = sampler.batch(batch)
        queue.put(pack(samples))


def pack(samples: list[Sample]) -> dict[str, np.ndarray]:
    n = len(samples)
    overlaps = np.array([[overlap(samples[i], samples[j]) for j in range(n)] for i in range(n)], np.float32)
    return {
        "query": np.stack([s.query for s in samples]),
        "valid": np.stack([s.query_valid for s in samples])[:, None],
        "crop": np.stack([s.map_crop for s in samples]),
        "shift": np.array([s.shift_px for s in samples], np.float32),
        "overlap": overlaps,
        "pose": np.array([(s.rotation_deg, s.scale) for s in samples], np.float32),
        "source": np.array([s.place[0] for s in samples]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--worlds", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="continue from this checkpoint")
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--trunk-lr", type=float, default=0.25, help="learning rate of the ImageNet blocks, relative to --lr")
    parser.add_argument("--ema", type=float, default=0.985)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", type=int, default=1024)
    parser.add_argument("--start-progress", type=float, default=0.0, help="where on the cosine schedule to start, 0..1")
    parser.add_argument("--end-progress", type=float, default=1.0)
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)

    encoder, loss_of = Encoder().to(memory_format=torch.channels_last), EncoderLoss()
    encoder.load_imagenet(imagenet_state())
    if args.init:
        state = torch.load(args.init, map_location="cpu", weights_only=True)
        encoder.load_state_dict(state["encoder"], strict=False)
        loss_of.load_state_dict(state["loss"])
    trunk, fresh = [], list(loss_of.parameters())
    for name, parameter in encoder.named_parameters():
        if name.startswith(FROZEN):
            parameter.requires_grad = False
        elif name.startswith("_blocks"):
            trunk.append(parameter)
        else:
            fresh.append(parameter)
    optimiser = torch.optim.AdamW(
        [{"params": trunk, "base": args.trunk_lr * args.lr}, {"params": fresh, "base": args.lr}], lr=args.lr, weight_decay=1e-4
    )

    # The averaged weights are what is judged and kept: short noisy training gains most from them.
    ema = torch.optim.swa_utils.AveragedModel(encoder, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(args.ema))

    queue: mp.Queue = mp.get_context("spawn").Queue(maxsize=6)
    worker = mp.get_context("spawn").Process(
        target=_produce, args=(queue, args.data, args.worlds, args.seed, args.batch), daemon=True
    )
    worker.start()
    held_out = pair_sources(args.data)
    memory = torch.zeros(0, GRID * GRID * CHANNELS)
    memory_source = torch.zeros(0, dtype=torch.long)
    started = time.time()
    step = 0
    averages: dict[str, float] = {}
    log = args.out.with_suffix(".jsonl").open("a")

    def save() -> None:
        torch.save({"encoder": ema.module.state_dict(), "loss": loss_of.state_dict()}, args.out)

    next_check = started + 240
    while True:
        elapsed = (time.time() - started) / 60 / args.minutes
        if elapsed >= 1:
            break
        progress = args.start_progress + (args.end_progress - args.start_progress) * elapsed
        factor = min(1, (step + 1) / 60) * (0.5 * (1 + math.cos(math.pi * progress)) * 0.98 + 0.02)
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor
        batch = queue.get()
        encoder.train()
        valid = torch.from_numpy(batch["valid"])
        query_in = to_tensor(list(batch["query"])).contiguous(memory_format=torch.channels_last)
        crop_in = to_tensor(list(batch["crop"])).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                query_early, crop_early = encoder.early(query_in), encoder.early(crop_in)
            raw_query, raw_crop = encoder.late(query_early), encoder.late(crop_early)
        query, query_coarse = unit(*(m.float() for m in raw_query))
        crop, crop_coarse = unit(*(m.float() for m in raw_crop))
        query_d = torch.nn.functional.normalize(pool_grid(query_coarse, valid), dim=1)
        cell_d = torch.nn.functional.normalize(pool_grid(central_cell(crop_coarse)), dim=1)
        # Registration tries headings and scales around the prior: train for what its best variant leaves over.
        jitter = torch.from_numpy(batch["pose"]) + torch.randn(len(query), 2) * torch.tensor([1.2, 0.015])
        query, valid = align(query, valid, jitter[:, 0], jitter[:, 1])
        source = torch.from_numpy(batch["source"])
        usable = memory_source[None] != source[:, None] if step > 80 else None
        contrast = loss_of.descriptors(
            query_d, cell_d, torch.from_numpy(batch["overlap"]), memory if step > 80 else None, usable
        )
        registration, score = loss_of.registration(query, valid, crop, torch.from_numpy(batch["shift"]))
        loss = contrast + registration
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trunk + fresh, 2.0)
        optimiser.step()
        if step == 40:
            ema.module.load_state_dict(encoder.state_dict())
        ema.update_parameters(encoder)
        memory = torch.cat([cell_d.detach(), memory])[: args.memory]
        memory_source = torch.cat([source, memory_source])[: args.memory]
        step += 1

        with torch.no_grad():
            top = (query_d @ cell_d.T).argmax(1)
            hit = torch.from_numpy(batch["overlap"])[torch.arange(len(top)), top] > 0.3
            flat = score.flatten(1).argmax(1)
            reach = score.shape[-1]
            at = torch.stack([flat % reach, flat // reach], 1).float() - (reach - 1) / 2
            close = (at * 8 - torch.from_numpy(batch["shift"])).norm(dim=1) < 10
        for name, value in (
            ("contrast", contrast.item()), ("registration", registration.item()), ("r1", hit.float().mean().item()),
            ("close", close.float().mean().item()),
        ):
            averages[name] = value if name not in averages else 0.97 * averages[name] + 0.03 * value
        if step % 25 == 0:
            row = {"step": step, "min": round((time.time() - started) / 60, 1), **{k: round(v, 3) for k, v in averages.items()}}
            row["beta"] = round(loss_of.log_registration_beta.exp().item(), 1)
            row["scale"] = round(loss_of.log_descriptor_scale.exp().item(), 1)
            print(json.dumps(row), flush=True)
            log.write(json.dumps(row) + "\n")
        if time.time() > next_check:
            next_check = time.time() + 480
            row = {"step": step, "eval": {k: round(v, 3) for k, v in evaluate_pairs(ema.module, None, held_out, 12).items()}}
            print(json.dumps(row), flush=True)
            log.write(json.dumps(row) + "\n")
            log.flush()
            save()
    worker.terminate()
    save()
    print(json.dumps({"final": evaluate_pairs(ema.module, None, held_out, 16)}), flush=True)


if __name__ == "__main__":
    main()
