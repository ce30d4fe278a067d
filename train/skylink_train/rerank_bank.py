"""Galleries for the re-ranker's training: whole maps encoded as a pack is, and queries that look for their place in them.

A candidate of training is found as in flight: the query's descriptors (of all its headings and scales) are compared with the
cells of many maps, a quarter of a cell apart, and neighbours are suppressed. So a list holds the true place more or less well
centred, its neighbours, look-alikes of the same town and strangers, in the share in which retrieval really confuses them.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing as mp
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from .augment import change_look
from .bank_encoder import BankEncoder, load_encoder
from .data import Sampler, Source, pair_sources, single_sources, world_sources
from .encoder import CELL_PX, STRIDE_PX, pool_grid

SIDE = CELL_PX // STRIDE_PX
CELL_STEP = SIDE // 4
FEATURE_SCALE = 250.0
LARGEST_MAP_PX = 640
SMALLEST_MAP_PX = 288
SOFTENED = 0.2
"""Share of maps that look, with the frames over them, like imagery enlarged twice or thrice."""
UNSEEN = np.array([124, 116, 104], np.uint8)


@dataclasses.dataclass
class Query:
    """One frame in its views: the true heading and scale with a residual error, and wrong ones beside it."""

    map: int
    centre_px: tuple[float, float]
    """x, y on the map"""
    rotation_deg: list[float]
    scale: list[float]
    """what each view is off by"""
    features: Tensor
    """int8 [views,64,28,28], zero where nothing was seen"""
    descriptors: Tensor
    """[views,256]"""


@dataclasses.dataclass
class Gallery:
    """Maps, their cells, and queries."""

    sources: list[int]
    """source of each map"""
    maps: list[Tensor]
    """int8 [64,h,w]"""
    cell_map: Tensor
    cell_at: Tensor
    """[cells,2]: row and column of each cell's first feature"""
    cells: Tensor
    """[cells,256]"""
    queries: list[Query]

    def window(self, index: int, top: int, left: int) -> Tensor:
        """int8 [64,28,28]; zero beyond the map's edge."""
        whole = self.maps[index]
        h, w = whole.shape[1:]
        if 0 <= top <= h - SIDE and 0 <= left <= w - SIDE:
            return whole[:, top : top + SIDE, left : left + SIDE]
        out = torch.zeros(whole.shape[0], SIDE, SIDE, dtype=whole.dtype)
        y0, y1, x0, x1 = max(0, top), min(h, top + SIDE), max(0, left), min(w, left + SIDE)
        if y0 < y1 and x0 < x1:
            out[:, y0 - top : y1 - top, x0 - left : x1 - left] = whole[:, y0:y1, x0:x1]
        return out


class MapSampler(Sampler):
    """Draws maps of sources, and frames over them."""

    def draw_map(self, source: int) -> tuple[np.ndarray, np.ndarray, int]:
        """A square map image, the matrix from its pixels to the source's, and the look that it shows."""
        rng = self.rng
        image = self.sources[source].looks[0]
        shortest = min(image.shape[:2])
        turned = bool(rng.random() < 0.5)
        across = 1.42 if turned else 1.0
        top = min(2.2, shortest / (SMALLEST_MAP_PX * across))
        step = float(np.exp(rng.uniform(np.log(min(0.5, top)), np.log(top))))
        side = int(min(LARGEST_MAP_PX, shortest / step / across)) // 16 * 16
        reach = side * step * across / 2
        heading = float(rng.uniform(0, 360)) if turned else 90.0 * int(rng.integers(4))
        x, y = (float(rng.uniform(reach, n - reach)) if n > 2 * reach else n / 2 for n in (image.shape[1], image.shape[0]))
        c, s = np.cos(np.radians(heading)) * step, np.sin(np.radians(heading)) * step
        half = side / 2 - 0.5
        to_source = np.array([[c, -s, x], [s, c, y], [0, 0, 1]]) @ np.array([[1, 0, -half], [0, 1, -half], [0, 0, 1.0]])
        look = int(rng.integers(len(self.sources[source].looks)))
        picture = self._warp(source, look, to_source, side)
        if rng.random() < 0.4:
            picture = change_look(rng, picture, rng.uniform(0.1, 0.5))
        return picture, to_source, look

    def draw_frame(
        self, source: int, map_look: int, to_source: np.ndarray, map_picture: np.ndarray, softened: bool
    ) -> tuple[np.ndarray, np.ndarray, tuple[float, float], list[float], list[float]]:
        """One frame over the map in several views: uint8 [v,224,224,3], seen [v,28,28], true centre, errors of each view."""
        rng = self.rng
        side = map_picture.shape[0]
        looks = len(self.sources[source].looks)
        look = int(rng.integers(looks))
        if looks > 1 and look == map_look and rng.random() < 0.85:
            look = (map_look + 1 + int(rng.integers(looks - 1))) % looks
        edge = CELL_PX / 2 - 8
        centre = (float(rng.uniform(edge, side - edge)), float(rng.uniform(edge, side - edge)))
        # Headings are tried 10 degrees apart: the best view is up to 5 off, or more where sigma was stated too small.
        rotation = float(rng.uniform(-5, 5) if rng.random() < 0.6 else np.clip(rng.normal(0, 8), -15, 15))
        spread = float(rng.choice([0.04, 0.1, 0.18], p=[0.5, 0.3, 0.2]))
        scale = float(np.exp(np.clip(rng.normal(0, spread), -0.3, 0.3)))
        kind = rng.random()
        others: list[tuple[float, float]] = []
        if kind < 0.3:
            others = [(float(rng.choice([-10, 10])), 1.0)]
        elif kind < 0.45:
            others = [(0.0, float(rng.choice([0.8, 1.25])))]
        elif kind < 0.55:
            others = [(float(turn), 1.0) for turn in rng.choice(np.arange(30, 340, 10), 4, replace=False)]
        canvas_side = 224 if not others else 400 if others[0][1] > 1 else 320
        tilt = rng.normal(0, 0.04, 2) / (CELL_PX / 2)
        c, s = np.cos(np.radians(rotation)) * scale, np.sin(np.radians(rotation)) * scale
        half = canvas_side / 2 - 0.5
        to_map = (
            np.array([[1, 0, centre[0] - 0.5], [0, 1, centre[1] - 0.5], [0, 0, 1.0]])
            @ np.array([[c, -s, 0], [s, c, 0], [tilt[0], tilt[1], 1.0]])
            @ np.array([[1, 0, -half], [0, 1, -half], [0, 0, 1.0]])
        )
        canvas = self._warp(source, look, to_source @ to_map, canvas_side)
        other = cv2.resize(map_picture, (canvas_side, canvas_side))
        strength = rng.uniform(0.1, 0.6) if looks > 1 and look != map_look else rng.uniform(0.3, 1.0)
        canvas = change_look(rng, canvas, strength, other)
        if softened:
            canvas = soften(rng, canvas)
        seen = np.ones((canvas_side, canvas_side), np.float32)
        if rng.random() < 0.6:
            aspect = float(rng.choice([9 / 16, 3 / 4, 4 / 5]))
            width = CELL_PX * rng.uniform(1.25, 1.9)
            box = cv2.boxPoints(((half, half), (width, width * aspect), float(rng.uniform(0, 180))))
            seen[:] = 0
            cv2.fillConvexPoly(seen, box.astype(np.int32), 1.0)
        views, masks, rotations, scales = [], [], [], []
        for turn, zoom in [(0.0, 1.0), *others]:
            vc, vs = np.cos(np.radians(turn)) * zoom, np.sin(np.radians(turn)) * zoom
            vhalf = CELL_PX / 2 - 0.5
            matrix = np.array([[vc, -vs, half - vc * vhalf + vs * vhalf], [vs, vc, half - vs * vhalf - vc * vhalf]])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            view = cv2.warpAffine(canvas, matrix, (CELL_PX, CELL_PX), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
            mask = cv2.warpAffine(seen, matrix, (CELL_PX, CELL_PX), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
            views.append(np.where(mask[..., None] > 0, view, UNSEEN))
            masks.append(cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_AREA) >= 0.5)
            rotations.append(rotation + turn)
            scales.append(scale * zoom)
        return np.stack(views), np.stack(masks), centre, rotations, scales


def soften(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """uint8 RGB [s,s,3] -> the same, as imagery of two to three times the pixel size looks when it is enlarged."""
    size = image.shape[0]
    to = int(size * rng.uniform(0.35, 0.6))
    small = cv2.resize(image, (to, to), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)


def quantise(features: Tensor) -> Tensor:
    return (features * FEATURE_SCALE).round().clamp(-127, 127).to(torch.int8)


@torch.no_grad()
def build(encoder: BankEncoder, sources: list[Source], seed: int, maps: int, queries_each: int) -> Gallery:
    """Encodes `maps` maps and queries over each."""
    sampler = MapSampler(sources, seed)
    gallery = Gallery([], [], torch.zeros(0), torch.zeros(0), torch.zeros(0), [])
    cell_map, cell_at, cells = [], [], []
    started = time.time()
    for index in range(maps):
        source = int(sampler.rng.choice(len(sources), p=sampler.p))
        picture, to_source, look = sampler.draw_map(source)
        softened = bool(sampler.rng.random() < SOFTENED)
        shown = soften(sampler.rng, picture) if softened else picture
        features, coarse = encoder.encode([shown])
        at = [
            (i, j)
            for i in range(0, features.shape[2] - SIDE + 1, CELL_STEP)
            for j in range(0, features.shape[3] - SIDE + 1, CELL_STEP)
        ]
        grids = pool_grid(torch.stack([coarse[0, :, i : i + SIDE, j : j + SIDE] for i, j in at]))
        cells.append(encoder.describe(grids))
        cell_map.append(torch.full((len(at),), index))
        cell_at.append(torch.tensor(at))
        gallery.sources.append(source)
        gallery.maps.append(quantise(features[0]).clone())
        frames = [sampler.draw_frame(source, look, to_source, picture, softened) for _ in range(queries_each)]
        q, q_coarse = encoder.encode([view for frame in frames for view in frame[0]])
        seen = torch.from_numpy(np.concatenate([frame[1] for frame in frames])).float()[:, None]
        described = encoder.describe(pool_grid(q_coarse, seen))
        packed = quantise(q * seen)
        first = 0
        for views, _, centre, rotations, scales in frames:
            last = first + len(views)
            gallery.queries.append(
                Query(index, centre, rotations, scales, packed[first:last].clone(), described[first:last].clone())
            )
            first = last
        if (index + 1) % 50 == 0:
            print(json.dumps({"maps": index + 1, "queries": len(gallery.queries), "min": round((time.time() - started) / 60, 1)}), flush=True)
    gallery.cell_map, gallery.cell_at, gallery.cells = torch.cat(cell_map), torch.cat(cell_at), torch.cat(cells)
    return gallery


def training_sources(data: Path, worlds: Path) -> tuple[list[Source], list[Source]]:
    """Sources for training, and those kept back to choose by: every eighth of what may be trained on."""
    usable = [s for s in pair_sources(data) + single_sources(data) if not s.held_out]
    synthetic = world_sources(worlds, total_weight=0.8 * sum(s.weight for s in usable))
    kept_back: list[Source] = []
    train: list[Source] = []
    counts: dict[str, int] = {}
    for source in usable + synthetic:
        counts[source.kind] = counts.get(source.kind, 0) + 1
        is_kept = counts[source.kind] % 8 == 4 and source.kind != "tiles"
        (kept_back if is_kept else train).append(source)
    return train, kept_back


def _work(share: int, encoder_path: Path, data: Path, worlds: Path, seed: int, maps: int, queries: int, out: Path) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    encoder = load_encoder(encoder_path)
    train, kept_back = training_sources(data, worlds)
    trained = build(encoder, train, seed + share, maps, queries)
    checked = build(encoder, kept_back, seed + 100 + share, max(1, maps // 8), queries)
    torch.save((trained, checked), out)


def _join(parts: list[Gallery]) -> Gallery:
    out = parts[0]
    for part in parts[1:]:
        offset = len(out.maps)
        for query in part.queries:
            query.map += offset
        out.sources += part.sources
        out.maps += part.maps
        out.queries += part.queries
        out.cell_map = torch.cat([out.cell_map, part.cell_map + offset])
        out.cell_at = torch.cat([out.cell_at, part.cell_at])
        out.cells = torch.cat([out.cells, part.cells])
    return out


def build_bank(
    encoder: Path, data: Path, worlds: Path, seed: int, maps: int, queries: int, processes: int, out: Path
) -> None:
    """Writes (training gallery, gallery kept back) to `out`."""
    context = mp.get_context("spawn")
    files = [out.with_suffix(f".part{i}") for i in range(processes)]
    each = -(-maps // processes)
    workers = [
        context.Process(target=_work, args=(i, encoder, data, worlds, seed, each, queries, file))
        for i, file in enumerate(files)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode != 0:
            raise RuntimeError(f"a process that encodes places ended with code {worker.exitcode}")
    halves = [torch.load(file, weights_only=False) for file in files]
    torch.save((_join([a for a, _ in halves]), _join([b for _, b in halves])), out)
    for file in files:
        file.unlink()
