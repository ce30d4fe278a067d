"""Candidate lists for the re-ranker's training: what retrieval finds for a query among the maps of a Gallery."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from torch import Tensor

from .encoder import CELL_PX, STRIDE_PX
from .rerank_bank import FEATURE_SCALE, SIDE, Gallery, Query

CANDIDATES = 20
RIGHT_PX = CELL_PX / 2
"""A candidate is right when its centre is this near to the true one along both axes."""
SUPPRESSION = SIDE // 2
WRONG_HEADING_DEG = 20.0


@dataclasses.dataclass
class CandidateList:
    """The candidates of one query in the order of retrieval."""

    query: Query
    windows: list[tuple[int, int, int]]
    """map, row and column of the first feature"""
    view_of: list[int]
    similar: list[float]
    overlap: list[float]
    right: list[bool]


class Lists:
    """Finds candidates by descriptor as in flight: best view of each cell, neighbours suppressed."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self.source_of = np.array(gallery.sources)
        self.cell_map = gallery.cell_map.numpy()
        self.cell_at = gallery.cell_at.numpy()

    def find(self, index: int, rng: np.random.Generator, share: float, training: bool) -> CandidateList:
        """@param share: of the other maps that are searched; training adds the true place and moves windows off the grid"""
        gallery = self.gallery
        query = gallery.queries[index]
        similar, view = (query.descriptors @ gallery.cells.T).max(0)
        searched = (rng.random(len(gallery.maps)) < share) & (self.source_of != gallery.sources[query.map])
        searched[query.map] = True
        values = similar.numpy() + np.where(searched[self.cell_map], 0, -9.0)
        near = SUPPRESSION // 2 if training and rng.random() < 0.25 else SUPPRESSION
        found = CandidateList(query, [], [], [], [], [])
        for cell in self._suppressed(values, near):
            self._add(found, cell, int(view[cell]), float(similar[cell]), rng, training)
        if training and max(found.overlap) < 0.35 and rng.random() < 0.7:
            self._put_true(found, similar.numpy(), view.numpy(), rng)
        return found

    def _suppressed(self, values: np.ndarray, near: int) -> list[int]:
        order = np.argpartition(-values, min(400, len(values) - 1))[:400]
        order = order[np.argsort(-values[order])]
        kept: list[int] = []
        for cell in order:
            apart = np.abs(self.cell_at[kept] - self.cell_at[cell]).max(1) if kept else np.zeros(0)
            if not ((apart < near) & (self.cell_map[kept] == self.cell_map[cell])).any():
                kept.append(int(cell))
                if len(kept) == CANDIDATES:
                    break
        return kept

    def _add(self, found: CandidateList, cell: int, view: int, similar: float, rng: np.random.Generator, moves: bool) -> None:
        at = self.cell_at[cell]
        if moves and rng.random() < 0.3:
            at = at + rng.integers(-4, 5, 2)
        self._append(found, int(self.cell_map[cell]), int(at[0]), int(at[1]), view, similar)

    def _append(self, found: CandidateList, index: int, top: int, left: int, view: int, similar: float) -> None:
        query = found.query
        overlap, right = 0.0, False
        if index == query.map:
            dx = abs((left + SIDE / 2) * STRIDE_PX - query.centre_px[0])
            dy = abs((top + SIDE / 2) * STRIDE_PX - query.centre_px[1])
            right = max(dx, dy) <= RIGHT_PX
            overlap = max(0.0, 1 - dx / CELL_PX) * max(0.0, 1 - dy / CELL_PX)
            turned = abs((query.rotation_deg[view] + 180) % 360 - 180) > WRONG_HEADING_DEG
            overlap *= 0.5 if turned else 1.0
        found.windows.append((index, top, left))
        found.view_of.append(view)
        found.similar.append(similar)
        found.overlap.append(overlap)
        found.right.append(right)

    def _put_true(self, found: CandidateList, similar: np.ndarray, view: np.ndarray, rng: np.random.Generator) -> None:
        """In place of the last candidate: the true place, up to three eighths of a cell off."""
        query = found.query
        reach = 3 * SIDE // 8
        left, top = (round(c / STRIDE_PX - SIDE / 2) + int(rng.integers(-reach, reach + 1)) for c in query.centre_px)
        own = np.flatnonzero(self.cell_map == query.map)
        cell = own[np.abs(self.cell_at[own] - np.array([top, left])).max(1).argmin()]
        for column in (found.windows, found.view_of, found.similar, found.overlap, found.right):
            column.pop()
        self._append(found, query.map, top, left, int(view[cell]), float(similar[cell]))


def tensors_of(gallery: Gallery, one: CandidateList) -> tuple[Tensor, Tensor, Tensor]:
    """views [v,64,28,28] (those that a candidate came with), windows [K,28,28,64] and view_of [K] of a list."""
    used = sorted(set(one.view_of))
    views = one.query.features[used].float() / FEATURE_SCALE
    views = views * (views.square().sum(1, keepdim=True) + 1e-8).rsqrt()
    windows = torch.stack([gallery.window(*at) for at in one.windows]).permute(0, 2, 3, 1).contiguous().float()
    return views, windows, torch.tensor([used.index(view) for view in one.view_of])
