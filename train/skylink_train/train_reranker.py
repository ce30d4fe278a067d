"""Trains the re-ranker on the frozen encoder's features, with the relational-aware loss.

    python -m skylink_train.train_reranker --data DATA --worlds DIR --encoder out/encoder.pt \
        --out out/reranker.pt --places 4000 --minutes 20

Loss over the K candidates of a query: cross-entropy of softmax(score/T) against softmax(overlap/tau), so that a
near-positive is not punished like a stranger, plus the yes/no question with the overlap as its soft answer.
`--hard-labels` and `--no-relation` are the ablations.
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

from .data import Sample, Sampler, overlap, pair_sources, single_sources, world_sources
from .encoder import CELL_PX, STRIDE_PX, Encoder, Head, pool_grid, unit
from .evaluate import to_tensor
from .losses import central_cell
from .reranker import Reranker, tokenise

CANDIDATES = 10
FUSION_WEIGHTS = (5, 10, 20, 40)
SIGMAS_DEG = (3, 5, 10, 20, 45, 180)


class Bank:
    """Features of many places, as the aircraft would hold them: int8 maps, descriptors, and the queries' own."""

    def __init__(self, scale: float = 250.0) -> None:
        self.scale = scale
        self.samples: list[Sample] = []
        self.query: list[Tensor] = []
        self.crop: list[Tensor] = []
        self.query_d: list[Tensor] = []
        self.cell_d: list[Tensor] = []

    @torch.no_grad()
    def fill(self, encoder: Encoder, head: Head, sampler: Sampler, places: int) -> None:
        started = time.time()
        while len(self.samples) < places:
            sampler.rotation_sd_deg = float(sampler.rng.choice([2.0, 5.0, 7.0]))
            batch = sampler.batch(32)
            queries = to_tensor([s.query for s in batch]).contiguous(memory_format=torch.channels_last)
            crops = to_tensor([s.map_crop for s in batch]).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                raw = encoder.raw(queries), encoder.raw(crops)
            (q, q_coarse), (c, c_coarse) = (unit(*(m.float() for m in maps)) for maps in raw)
            valid = torch.from_numpy(np.stack([s.query_valid for s in batch]))[:, None]
            q = q * valid
            self.query_d.append(head(pool_grid(q_coarse, valid)))
            self.cell_d.append(head(pool_grid(central_cell(c_coarse))))
            for index, sample in enumerate(batch):
                sample.query = sample.map_crop = np.zeros(0)
                self.samples.append(sample)
                self.query.append((q[index] * self.scale).round().clamp(-127, 127).to(torch.int8))
                self.crop.append((c[index] * self.scale).round().clamp(-127, 127).to(torch.int8))
            if len(self.samples) % 512 == 0:
                print(json.dumps({"places": len(self.samples), "min": round((time.time() - started) / 60, 1)}), flush=True)
        self.similar = torch.cat(self.query_d) @ torch.cat(self.cell_d).T
        self.order = self.similar.topk(40, 1).indices

    def window(self, index: int, top: int, left: int) -> Tensor:
        side = CELL_PX // STRIDE_PX
        return self.crop[index][:, top : top + side, left : left + side].float() / self.scale


def draw(bank: Bank, rng: np.random.Generator, index: int) -> tuple[Tensor, Tensor, list[float]]:
    """Candidates of one query: its own place at several offsets, near neighbours, look-alikes by descriptor."""
    sample = bank.samples[index]
    reach = bank.crop[index].shape[-1] - CELL_PX // STRIDE_PX
    windows: list[Tensor] = []
    overlaps: list[float] = []
    own = int(rng.choice([0, 1, 1, 2]))
    for _ in range(own):
        top, left = (int(v) for v in rng.integers(0, reach + 1, 2))
        dx = sample.shift_px[0] - (left - reach / 2) * STRIDE_PX
        dy = sample.shift_px[1] - (top - reach / 2) * STRIDE_PX
        windows.append(bank.window(index, top, left))
        overlaps.append(max(0.0, 1 - abs(dx) / CELL_PX) * max(0.0, 1 - abs(dy) / CELL_PX))
    partner = index ^ 1
    if partner < len(bank.samples) and bank.samples[partner].place[0] == sample.place[0]:
        windows.append(bank.window(partner, reach // 2, reach // 2))
        overlaps.append(max(0.0, overlap(sample, bank.samples[partner])))
    hard = [j for j in bank.order[index].tolist() if bank.samples[j].place[0] != sample.place[0]]
    while len(windows) < CANDIDATES:
        if hard and rng.random() < 0.85:
            j = hard[min(len(hard) - 1, int(rng.exponential(6)))]
        else:
            j = int(rng.integers(len(bank.samples)))
            if bank.samples[j].place[0] == sample.place[0]:
                continue
        top, left = (int(v) for v in rng.integers(0, reach + 1, 2))
        windows.append(bank.window(j, top, left))
        overlaps.append(0.0)
    return bank.query[index].float() / bank.scale, torch.stack(windows), overlaps


def prompt_of(rng: np.random.Generator, sample: Sample) -> list[int]:
    sigma = int(rng.choice(SIGMAS_DEG))
    agl_m = float(np.exp(rng.uniform(np.log(30), np.log(600))))
    return tokenise(
        {
            "agl_m": round(agl_m), "footprint_m": round(agl_m * rng.uniform(0.5, 1.1)), "yaw_sigma_deg": sigma,
            "map_age_months": int(rng.integers(0, 120)), "month": int(rng.integers(0, 13)),
        }
    )


def loss_of(logits: Tensor, overlaps: Tensor, hard_labels: bool, tau: float = 0.15) -> Tensor:
    """logits [q,K,2], overlaps [q,K]."""
    score = logits[..., 0] - logits[..., 1]
    if hard_labels:
        best = overlaps.argmax(1, keepdim=True)
        overlaps = torch.zeros_like(overlaps).scatter(1, best, (overlaps.gather(1, best) > 0.3).float())
    answer = ((overlaps - 0.1) / 0.5).clamp(0, 1)
    yes_no = F.binary_cross_entropy_with_logits(score, answer, pos_weight=torch.tensor(3.0))
    has = overlaps.max(1).values > 0.3
    if not has.any():
        return yes_no
    target = F.softmax(overlaps[has] / tau, 1)
    return yes_no - (target * F.log_softmax(score[has], 1)).sum(1).mean()


@torch.no_grad()
def judge(model: Reranker, bank: Bank, rng: np.random.Generator, queries: int) -> dict[str, float]:
    """Ranking of one true candidate among the nine likeliest strangers, before and after."""
    model.eval()
    before = after = 0
    fused = dict.fromkeys(FUSION_WEIGHTS, 0)
    scores_true, scores_false = [], []
    for index in range(min(queries, len(bank.samples))):
        sample = bank.samples[index]
        strangers = [j for j in bank.order[index].tolist() if bank.samples[j].place[0] != sample.place[0]][:9]
        rows = [index, *strangers]
        reach = bank.crop[index].shape[-1] - CELL_PX // STRIDE_PX
        windows = torch.stack([bank.window(j, reach // 2, reach // 2) for j in rows])
        query = (bank.query[index].float() / bank.scale).expand(len(rows), -1, -1, -1)
        prompt = torch.tensor([prompt_of(rng, sample)]).expand(len(rows), -1)
        logits = model(query, windows, prompt)
        score = logits[:, 0] - logits[:, 1]
        similar = bank.similar[index, rows]
        before += int(similar.argmax() == 0)
        after += int(score.argmax() == 0)
        for weight in FUSION_WEIGHTS:
            fused[weight] += int((score + weight * similar).argmax() == 0)
        scores_true.append(score[0].item())
        scores_false.append(score[1:].max().item())
    n = min(queries, len(bank.samples))
    auc = float(np.mean(np.array(scores_true)[:, None] > np.array(scores_false)[None]))
    model.train()
    return {"n": n, "before": before / n, "after": after / n, "auc": auc, **{f"fused_{w}": v / n for w, v in fused.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--worlds", type=Path)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--places", type=int, default=4000)
    parser.add_argument("--bank", type=Path, help="keep the encoded places here, and read them if they exist")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--lr", type=float, default=8e-4)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--hard-labels", action="store_true")
    parser.add_argument("--no-relation", action="store_true")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(2)
    torch.manual_seed(args.seed)
    state = torch.load(args.encoder, map_location="cpu", weights_only=True)
    encoder, head = Encoder().to(memory_format=torch.channels_last).eval(), Head().eval()
    encoder.load_state_dict(state["encoder"])
    head.load_state_dict(state["head"])
    every = pair_sources(args.data) + single_sources(args.data)
    train = [s for s in every if not s.held_out]
    if args.worlds:
        train += world_sources(args.worlds, total_weight=0.8 * sum(s.weight for s in train))
    bank, check = Bank(), Bank()
    if args.bank and args.bank.exists():
        bank, check = torch.load(args.bank, weights_only=False)
    else:
        check.fill(encoder, head, Sampler([s for s in every if s.held_out], 99), 256)
        bank.fill(encoder, head, Sampler(train, args.seed), args.places)
        if args.bank:
            torch.save((bank, check), args.bank)
    rng = np.random.default_rng(args.seed)
    # Strangers of a held-out query come from the training bank too, or there would be too few places to confuse.
    offset = len(check.samples)
    check.samples += bank.samples[:2000]
    check.crop += bank.crop[:2000]
    check.similar = torch.cat(check.query_d) @ torch.cat(check.cell_d + bank.cell_d)[: len(check.samples)].T
    check.order = check.similar.topk(60, 1).indices

    model = Reranker(relation=not args.no_relation)
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.02)
    started, step, average = time.time(), 0, 0.0
    next_check = started + 180
    while True:
        progress = (time.time() - started) / 60 / args.minutes
        if progress >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = args.lr * min(1, (step + 1) / 50) * (0.5 * (1 + math.cos(math.pi * progress)) * 0.98 + 0.02)
        picked = rng.integers(0, len(bank.samples), args.batch)
        drawn = [draw(bank, rng, int(i)) for i in picked]
        query = torch.stack([q for q, _, _ in drawn]).repeat_interleave(CANDIDATES, 0)
        windows = torch.cat([w for _, w, _ in drawn])
        prompt = torch.tensor([prompt_of(rng, bank.samples[int(i)]) for i in picked]).repeat_interleave(CANDIDATES, 0)
        logits = model(query, windows, prompt).reshape(args.batch, CANDIDATES, 2)
        loss = loss_of(logits, torch.tensor([o for _, _, o in drawn]), args.hard_labels)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        average = loss.item() if step == 1 else 0.98 * average + 0.02 * loss.item()
        if step % 50 == 0:
            print(json.dumps({"step": step, "min": round((time.time() - started) / 60, 1), "loss": round(average, 4)}), flush=True)
        if time.time() > next_check:
            next_check = time.time() + 240
            print(json.dumps({"step": step, **judge(model, check, rng, offset)}), flush=True)
            torch.save({"reranker": model.state_dict()}, args.out)
    torch.save({"reranker": model.state_dict()}, args.out)
    print(json.dumps({"final": judge(model, check, rng, offset)}), flush=True)


if __name__ == "__main__":
    main()
