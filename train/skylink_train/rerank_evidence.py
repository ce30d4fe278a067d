"""What the re-ranker reads of many candidate lists, computed once: the part of its graph that is not trained, in onnxruntime."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor, nn

from .rerank_bank import Gallery
from .rerank_lists import CANDIDATES, CandidateList, Lists, tensors_of
from .reranker import Reranker


class _Untrained(nn.Module):
    def __init__(self, model: Reranker) -> None:
        super().__init__()
        self.model = model

    def forward(self, views: Tensor, windows: Tensor, view_of: Tensor) -> tuple[Tensor, ...]:
        return self.model.evidence(views, windows, view_of)


@dataclasses.dataclass
class Batch:
    """Lists as the trained part of the model reads them."""

    evidence: tuple[Tensor, ...]
    view_of: Tensor
    """[lists * K]"""
    list_of: list[int]
    """list of each view"""
    overlap: Tensor
    similar: Tensor
    right: Tensor
    """[lists,K]"""


class Evidence:
    """Candidate lists and their evidence, half precision: about 330 KB a list."""

    def __init__(self, gallery: Gallery, model: Reranker, lists: list[CandidateList], threads: int) -> None:
        self.lists = lists
        self.similar = torch.tensor([one.similar for one in lists])
        self.overlap = torch.tensor([one.overlap for one in lists])
        self.right = torch.tensor([one.right for one in lists])
        self.view_of = torch.zeros(len(lists), CANDIDATES, dtype=torch.long)
        self.view_tokens: list[Tensor] = [torch.zeros(0)] * len(lists)
        self.rest: list[Tensor] = []
        started = time.time()
        session = _session(model)

        def fill(index: int) -> None:
            views, windows, view_of = tensors_of(gallery, lists[index])
            found = session.run(None, {"views": views.numpy(), "windows": windows.numpy(), "view_of": view_of.numpy()})
            if index == 0:
                self.rest += [torch.zeros(len(lists), *np.asarray(one).shape, dtype=torch.half) for one in found[1:]]
            self.view_of[index] = view_of
            self.view_tokens[index] = torch.from_numpy(np.asarray(found[0])).half()
            for column, one in zip(self.rest, found[1:], strict=True):
                column[index] = torch.from_numpy(np.asarray(one))

        fill(0)
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(fill, range(1, len(lists))):
                pass
        print(json.dumps({"lists": len(lists), "evidence_min": round((time.time() - started) / 60, 1)}), flush=True)

    def batch(self, picked: np.ndarray) -> Batch:
        list_of: list[int] = []
        view_of: list[Tensor] = []
        for number, index in enumerate(picked):
            view_of.append(self.view_of[index] + len(list_of))
            list_of += [number] * len(self.view_tokens[index])
        views = torch.cat([self.view_tokens[index] for index in picked]).float()
        rest = tuple(column[picked].flatten(0, 1).float() for column in self.rest)
        return Batch(
            (views, *rest), torch.cat(view_of), list_of, self.overlap[picked], self.similar[picked], self.right[picked]
        )


def find_lists(gallery: Gallery, indices: np.ndarray, seed: int, shares: tuple[float, float], training: bool) -> list[CandidateList]:
    """One list for each index of a query, in galleries of log-uniformly drawn size; only lists of full length."""
    rng = np.random.default_rng(seed)
    lists = Lists(gallery)
    found = [
        lists.find(int(index), rng, float(np.exp(rng.uniform(np.log(shares[0]), np.log(shares[1])))), training)
        for index in indices
    ]
    return [one for one in found if len(one.windows) == CANDIDATES]


def _session(model: Reranker) -> ort.InferenceSession:
    example = (torch.rand(1, 64, 28, 28), torch.rand(2, 28, 28, 64), torch.zeros(2, dtype=torch.long))
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "evidence.onnx"
        names = ["view_tokens", "scores", "around", "near", "tokens", "cosines", "lying"]
        axes = {"views": {0: "h"}, "windows": {0: "k"}, "view_of": {0: "k"}, names[0]: {0: "h"}}
        torch.onnx.export(
            _Untrained(model).eval(), example, str(path), input_names=["views", "windows", "view_of"], output_names=names,
            dynamic_axes={**axes, **{name: {0: "k"} for name in names[1:]}}, opset_version=17, dynamo=False,
        )
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
