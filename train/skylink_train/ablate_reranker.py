"""The ablation of the re-ranker: hard labels, no relation input, and the whole, trained alike and judged alike.

    python -m skylink_train.ablate_reranker --data DATA --worlds DIR --encoder out/encoder.pt --bank out/bank.pt --steps 600

All three see the same lists in the same order with the same seed. Judged on places kept back from training (R@1 of the
re-ranker's own score, and fused with retrieval's at the weight that is best for each in the mean of both galleries).
"""

from __future__ import annotations

import copy

import numpy as np
import torch

from .train_reranker import FUSION_WEIGHTS, Judge, Settings, arguments, bank_of, evidence_of, new_model, train

VARIANTS = {
    "whole": {},
    "hard labels": {"hard_labels": True},
    "no relation": {"relation": False},
}


def main() -> None:
    args = arguments(__doc__).parse_args()
    torch.set_num_threads(args.threads)
    bank, checked = bank_of(args)
    first = new_model(bank, args.seed)
    judge = Judge(bank, checked, first, args.judged, args.threads)
    evidence = evidence_of(bank, first, args.lists, args.seed, args.threads)
    rows: list[str] = []
    for name, changes in VARIANTS.items():
        model = copy.deepcopy(first)
        model.relation = bool(changes.get("relation", True))
        torch.manual_seed(args.seed)
        settings = Settings(args.seed, args.steps, args.batch, args.lr, **changes)
        model, _ = train(model, evidence, None, settings)
        found = list(judge.judge(model).values())
        weight = max(FUSION_WEIGHTS[1:], key=lambda w: float(np.mean([one[f"fused_{w:g}"] for one in found])))
        cells = " | ".join(
            f"{one['retrieved']:.3f} | {one['fused_0']:.3f} | {one[f'fused_{weight:g}']:.3f}" for one in found
        )
        rows.append(f"| {name} | {cells} | {weight:g} |")
    small, large = (f"{one['n']:.0f}" for one in found)
    print(f"{args.steps} steps of {args.batch} lists, seed {args.seed}; n = {small} in the small gallery, {large} in the large one\n")
    print("| trained with | small: retrieved | re-ranker | fused | large: retrieved | re-ranker | fused | weight |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
