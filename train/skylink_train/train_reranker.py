"""Trains the re-ranker on the frozen encoder's features, with the relational-aware loss.

    python -m skylink_train.train_reranker --data DATA --worlds DIR --encoder out/encoder.pt --bank out/bank.pt --out out/reranker.pt

Loss over the K candidates of a query: cross-entropy of softmax(score + w * similarity) against softmax(overlap / tau), so that
a near-positive is not punished like a stranger and retrieval's own score is corrected rather than repeated; plus the yes/no
question with the overlap as its soft answer. `--hard-labels` and `--no-relation` are the ablations (ablate_reranker.py runs all).
The weight of retrieval's score is chosen on places kept back from training (rerank_bank.training_sources), not on held-out pairs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .rerank_bank import Gallery, build_bank
from .rerank_evidence import Batch, Evidence, find_lists
from .reranker import Reranker, tokenise
from .shipped_weights import reranker_weights

FUSION_WEIGHTS = (0.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0)
SIGMAS_DEG = (3, 5, 10, 20, 45, 180)
TAU = 0.1
TRAINED_SHARES = (0.03, 1.0)
JUDGED_SHARES = (0.08, 1.0)
"""Shares of all maps that are searched when a model is judged: a small and a large gallery."""


def prompt_of(rng: np.random.Generator, views: int) -> list[int]:
    """A prompt as in flight: the more views were tried, the larger sigma; month and map age are not known of any image."""
    sigma = int(rng.choice(SIGMAS_DEG)) if views < 4 else 180
    agl_m = float(np.exp(rng.uniform(np.log(30), np.log(600))))
    return tokenise(
        {
            "agl_m": round(agl_m), "footprint_m": round(agl_m * rng.uniform(0.5, 1.1)), "yaw_sigma_deg": sigma,
            "map_age_months": int(rng.integers(0, 120)), "month": int(rng.integers(0, 13)),
        }
    )


def prompts(rng: np.random.Generator, evidence: Evidence, picked: np.ndarray, batch: Batch) -> Tensor:
    """Ids for each view; all views of a list have one prompt."""
    each = [prompt_of(rng, len(evidence.lists[index].query.rotation_deg)) for index in picked]
    return torch.tensor([each[number] for number in batch.list_of])


def loss_of(logits: Tensor, batch: Batch, weight: Tensor, hard_labels: bool) -> Tensor:
    """logits [q,K,2]."""
    overlaps = batch.overlap
    score = logits[..., 0] - logits[..., 1]
    if hard_labels:
        best = overlaps.argmax(1, keepdim=True)
        overlaps = torch.zeros_like(overlaps).scatter(1, best, (overlaps.gather(1, best) > 0.25).float())
    answer = ((overlaps - 0.1) / 0.4).clamp(0, 1)
    yes_no = F.binary_cross_entropy_with_logits(score, answer, pos_weight=torch.tensor(4.0))
    has = overlaps.max(1).values > 0.25
    if not has.any():
        return yes_no
    fused = score[has] + weight * (batch.similar[has] - batch.similar[has].amax(1, keepdim=True))
    # With hard labels all of the target stands on one candidate.
    target = F.softmax(overlaps[has] / (0.01 if hard_labels else TAU), 1)
    return yes_no - (target * F.log_softmax(fused, 1)).sum(1).mean()


class Judge:
    """Places kept back, searched in a small and in a large gallery."""

    def __init__(self, bank: Gallery, checked: Gallery, model: Reranker, queries: int, threads: int, seed: int = 5) -> None:
        offset = len(checked.maps)
        gallery = Gallery(
            checked.sources + [10_000 + s for s in bank.sources], checked.maps + bank.maps,
            torch.cat([checked.cell_map, bank.cell_map + offset]), torch.cat([checked.cell_at, bank.cell_at]),
            torch.cat([checked.cells, bank.cells]), checked.queries,
        )
        picked = np.random.default_rng(seed).permutation(len(checked.queries))[:queries]
        self.evidence = {
            share: Evidence(gallery, model, find_lists(gallery, picked, seed, (share, share), False), threads)
            for share in JUDGED_SHARES
        }

    @torch.no_grad()
    def judge(self, model: Reranker) -> dict[str, dict[str, float]]:
        """For each gallery: share of queries whose first candidate is right, retrieved, by the re-ranker, and fused."""
        model.eval()
        out: dict[str, dict[str, float]] = {}
        for share, evidence in self.evidence.items():
            rng = np.random.default_rng(7)
            rows = []
            for index in range(len(evidence.lists)):
                picked = np.array([index])
                batch = evidence.batch(picked)
                logits = model.judge(batch.evidence, batch.view_of, prompts(rng, evidence, picked, batch))
                score, similar, right = logits[:, 0] - logits[:, 1], batch.similar[0], batch.right[0]
                fused = [right[(score + weight * similar).argmax()].item() for weight in FUSION_WEIGHTS]
                rows.append([right.any().item(), right[0].item(), *fused])
            mean = np.array(rows, dtype=float).mean(0).round(3).tolist()
            names = ["possible", "retrieved", *(f"fused_{w:g}" for w in FUSION_WEIGHTS)]
            out[f"share {share:g}"] = {"n": len(rows), **dict(zip(names, mean, strict=True))}
        model.train()
        return out


@dataclasses.dataclass
class Settings:
    """What a training run is made with."""

    seed: int
    steps: int
    batch: int
    lr: float
    hard_labels: bool = False
    relation: bool = True
    minutes: float = math.inf
    """the end, if the steps are not over sooner"""


def train(
    model: Reranker, evidence: Evidence, judge: Judge | None, settings: Settings, out: Path | None = None
) -> tuple[Reranker, float]:
    """Returns the moving average of the weights, and the weight of similarity in the list's loss."""
    rng = np.random.default_rng(settings.seed)
    ema = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))
    log_weight = nn.Parameter(torch.tensor(math.log(12.0)))
    decayed = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": [*rest, log_weight], "weight_decay": 0.0}], lr=settings.lr
    )
    started, average, next_check = time.time(), 0.0, 0.25
    for step in range(settings.steps):
        spent = (time.time() - started) / 60
        progress = max(step / settings.steps, spent / settings.minutes)
        if progress >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = settings.lr * min(1, (step + 1) / 60) * (0.5 * (1 + math.cos(math.pi * progress)) * 0.98 + 0.02)
        picked = rng.integers(0, len(evidence.lists), settings.batch)
        batch = evidence.batch(picked)
        prompt = prompts(rng, evidence, picked, batch)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model.judge(batch.evidence, batch.view_of, prompt)
        loss = loss_of(logits.float().reshape(settings.batch, -1, 2), batch, log_weight.exp(), settings.hard_labels)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if step == 40:
            ema.module.load_state_dict(model.state_dict())
        ema.update_parameters(model)
        average = loss.item() if step == 0 else 0.98 * average + 0.02 * loss.item()
        if step % 25 == 24:
            row = {"step": step + 1, "min": round(spent, 1), "loss": round(average, 4), "weight": round(log_weight.exp().item(), 1)}
            print(json.dumps(row), flush=True)
        if judge is not None and progress >= next_check:
            next_check += 0.25
            print(json.dumps({"step": step + 1, **judge.judge(ema.module)}), flush=True)
            if out is not None:
                save(out, ema.module, log_weight.exp().item())
    return ema.module, log_weight.exp().item()


@torch.no_grad()
def new_model(gallery: Gallery, seed: int, relation: bool = True) -> Reranker:
    """A new model whose comparison at stride 8 uses the principal components of the maps' features."""
    torch.manual_seed(seed)
    model = Reranker(relation=relation)
    rows = torch.cat([one.flatten(1)[:, ::37].t().float() for one in gallery.maps[:300]])
    _, vectors = torch.linalg.eigh(rows.t() @ rows)
    model.align.components.copy_(vectors.flip(1)[:, : model.align.components.shape[1]])
    return model


def save(path: Path, model: Reranker, weight: float) -> None:
    torch.save({"reranker": model.state_dict(), "list_weight": weight}, path)


def warm_weights(path: Path) -> dict[str, Tensor]:
    """Of a checkpoint of this program, or of a model folder."""
    if path.is_dir():
        return reranker_weights(path)
    return torch.load(path, map_location="cpu", weights_only=True)["reranker"]


def bank_of(args: argparse.Namespace) -> tuple[Gallery, Gallery]:
    """(training gallery, gallery kept back), encoded now unless the file exists."""
    if not args.bank.exists():
        build_bank(args.encoder, args.data, args.worlds, args.seed, args.maps, args.queries, args.processes, args.bank)
    bank, checked = torch.load(args.bank, weights_only=False)
    return bank, checked


def arguments(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--worlds", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True, help="checkpoint, or model folder such as ../models/encoder-1")
    parser.add_argument("--bank", type=Path, required=True, help="encoded places: read if the file exists, else written")
    parser.add_argument("--maps", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=8, help="frames over each map")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lists", type=int, default=12000, help="candidate lists in memory")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--judged", type=int, default=200, help="queries that were kept back, to judge by")
    return parser


def evidence_of(bank: Gallery, model: Reranker, lists: int, seed: int, threads: int) -> Evidence:
    """Lists for all queries of the bank in turn."""
    order = np.random.default_rng(seed).permutation(len(bank.queries))
    return Evidence(bank, model, find_lists(bank, np.resize(order, lists), seed, TRAINED_SHARES, True), threads)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--warm", type=Path, help="begin with the weights of this checkpoint or model folder")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--hard-labels", action="store_true")
    parser.add_argument("--no-relation", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    bank, checked = bank_of(args)
    model = new_model(bank, args.seed, not args.no_relation)
    if args.warm:
        model.load_state_dict(warm_weights(args.warm))
    judge = Judge(bank, checked, model, args.judged, args.threads)
    evidence = evidence_of(bank, model, args.lists, args.seed, args.threads)
    settings = Settings(args.seed, args.steps, args.batch, args.lr, args.hard_labels, not args.no_relation, args.minutes)
    model, weight = train(model, evidence, judge, settings, args.out)
    save(args.out, model, weight)
    print(json.dumps({"final": judge.judge(model), "list_weight": round(weight, 2)}), flush=True)


if __name__ == "__main__":
    main()
