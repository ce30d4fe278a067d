"""Places seen twice: samples (query, map crop) pairs with their true relation from the imagery at hand.

A source is one place with one or more registered looks (dates, epochs, sensors). Sources with a single look get their
second look from augment.change_look alone. No image leaves this process: the repository holds only this code.
"""

from __future__ import annotations

import csv
import dataclasses
import re
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from .augment import change_look
from .encoder import CELL_PX

MAP_CROP_PX = 272
HELD_OUT = {
    "sztaki": {"archieve", "szada_1", "szada_2", "szada_3", "szada_5", "tiszadob_2", "tiszadob_4"},
    "levir": {"test_121_0768_0256", "test_2_0000_0512", "test_55_0256_0000", "test_77_0512_0256"},
    "dsifn": {"0_2", "4_4", "8_3"},
}
"""Split by ground, not by folder: several SZTAKI folders show the same ground. The same lists stand in
bench/datasets/ground.ts, and a test holds them together.

Found by registering every image of every pair with every other one, of all dates (bench/peers/overlaps.py: SIFT, ratio
.85, RANSAC similarity of 4 px). What counts is an overlap that several combinations of dates agree on, or one with
hundreds of inliers. In pixels of the first-named image:

    archieve ~ szada_1     scale 1.18: nearly all of szada_1          (205 inliers in the second dates)
    archieve ~ szada_6     its right edge, 270 x 340                  (49)
    szada_1 ~ szada_6      right edge, 85 x 260                       (163)
    szada_2 ~ szada_3      from (621, 33) on                          (425)
    szada_2 ~ szada_4      the lowest 64 rows                         (116)
    szada_3 ~ szada_4      the lowest 31 rows                         (209)
    tiszadob_2 ~ tiszadob_4   from column 696 on                      (680)
    tiszadob_2 ~ tiszadob_3   turned by 90 degrees, left half from row 435 on (303 in the second dates)
    tiszadob_2 ~ tiszadob_5   the lowest 43 rows of the right part    (62)
    tiszadob_4 ~ tiszadob_1   the uppermost 52 rows of the left part  (50)
    tiszadob_2 ~ tiszadob_1   the uppermost 10 rows                   (9, as the two lines above say)

No overlap was found among the LEVIR and DSIFN samples. Held out is every folder whose ground is mostly shared with a
held-out one; where only an edge is shared, the edge is cut off the training image (TRAINING_PART)."""

TRAINING_PART = {
    "szada_4": (0, 72, 952, 640),
    "szada_6": (318, 0, 952, 640),
    "tiszadob_1": (0, 0, 952, 580),
    "tiszadob_3": (0, 0, 739, 640),
    "tiszadob_5": (0, 51, 952, 640),
}
"""left, top, right, bottom of the part that training may use, pixels: what no held-out pair shows, less 8 px."""


@dataclasses.dataclass
class Source:
    name: str
    kind: str
    looks: list[np.ndarray]
    """uint8 RGB images of one size, registered pixel by pixel"""
    weight: float
    held_out: bool


def read_rgb(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(path)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def pair_sources(data: Path) -> list[Source]:
    """The registered cross-date pairs: sztaki_airchange, LEVIR and DSIFN samples."""
    found: list[Source] = []
    for first in sorted((data / "sztaki_airchange").glob("*_im1.*")):
        name = first.name.split("_im1")[0]
        second = next(first.parent.glob(f"{name}_im2.*"))
        looks = [read_rgb(first), read_rgb(second)]
        if name.lower() in TRAINING_PART:
            left, top, right, bottom = TRAINING_PART[name.lower()]
            looks = [np.ascontiguousarray(look[top:bottom, left:right]) for look in looks]
        found.append(Source(name, "sztaki", looks, 14.0, name.lower() in HELD_OUT["sztaki"]))
    for folder, kind, weight in (("levir_samples", "levir", 3.0), ("dsifn_samples", "dsifn", 2.0)):
        for first in sorted((data / "change_pairs" / folder / "A").iterdir()):
            second = next((first.parent.parent / "B").glob(first.stem + ".*"))
            held_out = first.stem in HELD_OUT[kind]
            found.append(Source(first.stem, kind, [read_rgb(first), read_rgb(second)], weight, held_out))
    return found


def _mosaic(folder: Path, pattern: str) -> np.ndarray:
    tiles: dict[tuple[int, int], Path] = {}
    for path in folder.iterdir():
        found = re.search(pattern, path.name)
        if found:
            tiles[int(found.group(1)), int(found.group(2))] = path
    xs, ys = sorted({x for x, _ in tiles}), sorted({y for _, y in tiles})
    out = np.zeros(((ys[-1] - ys[0] + 1) * 256, (xs[-1] - xs[0] + 1) * 256, 3), np.uint8)
    for (x, y), path in tiles.items():
        out[(y - ys[0]) * 256 : (y - ys[0] + 1) * 256, (x - xs[0]) * 256 : (x - xs[0] + 1) * 256] = read_rgb(path)
    return out


def single_sources(data: Path) -> list[Source]:
    """Places with one look: satellite tiles, aerial crops and real drone frames."""
    found: list[Source] = []
    for path in sorted((data / "rsscn7").glob("*/*.jpg")):
        found.append(Source(path.stem, "rsscn7", [read_rgb(path)], 0.06, False))
    geo = data / "sat_tiles_geo"
    for folder, pattern in (("cedaredge_z18", r"(\d+)_(\d+)\.png$"), ("ariel_z18", r"18_(\d+)_(\d+)\.jpg$")):
        found.append(Source(folder, "tiles", [_mosaic(geo / folder, pattern)], 8.0, False))
    for folder in ("turku_wildnav", "taichung_ncue"):
        for path in sorted((geo / folder).rglob("*")):
            if path.suffix.lower() in (".jpg", ".png"):
                image = read_rgb(path)
                if folder == "turku_wildnav":
                    image = cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
                found.append(Source(path.stem, folder, [image], 1.0, False))
    for folder, scale in (("odm_caliterra", 0.5), ("odm_brighton_beach", 0.4), ("uavvisloc_f03_frames", 0.35)):
        for path in sorted((data / folder).rglob("*")):
            if path.suffix.lower() == ".jpg":
                image = cv2.resize(read_rgb(path), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                found.append(Source(path.stem, folder, [image], 0.25, False))
    return found


def world_sources(folder: Path, total_weight: float) -> list[Source]:
    """Synthetic places written by `node dist/sim/export-world.js`: world_SEED_eEPOCH.png."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.glob("world_*_e*.png")):
        groups[path.name.rsplit("_e", 1)[0]].append(path)
    return [
        Source(name, "world", [read_rgb(p) for p in paths], total_weight / max(1, len(groups)), False)
        for name, paths in groups.items()
    ]


@dataclasses.dataclass
class Sample:
    query: np.ndarray  # uint8 [224,224,3], the drone's look, rectified with errors
    query_valid: np.ndarray  # float32 [28,28]
    map_crop: np.ndarray  # uint8 [272,272,3], the map's look, north-up
    shift_px: tuple[float, float]  # true (x right, y down) of the query's centre from the crop's centre
    rotation_deg: float
    scale: float
    place: tuple[int, float, float, float, float]
    """source index, x and y of the crop's centre in source pixels, source px per map px, base heading"""


class Sampler:
    """Draws samples; the same seed draws the same samples."""

    def __init__(self, sources: list[Source], seed: int, rotation_sd_deg: float = 6.0, scale_sd: float = 0.11) -> None:
        self.sources = sources
        self.rng = np.random.default_rng(seed)
        weights = np.array([s.weight for s in sources])
        self.p = weights / weights.sum()
        self.rotation_sd_deg = rotation_sd_deg
        self.scale_sd = scale_sd
        self.halved = [
            [cv2.resize(look, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for look in s.looks] for s in sources
        ]

    def _warp(self, source: int, look: int, matrix: np.ndarray, size: int) -> np.ndarray:
        """matrix: 3x3, output pixel -> full-resolution source pixel."""
        step = np.sqrt(abs(np.linalg.det(matrix[:2, :2])))
        image = self.sources[source].looks[look]
        if step > 1.35:
            image = self.halved[source][look]
            matrix = np.diag([0.5, 0.5, 1.0]) @ matrix
        if step > 2.7:
            matrix2 = matrix @ np.diag([0.5, 0.5, 1.0])
            big = cv2.warpPerspective(
                image, matrix2, (size * 2, size * 2), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REFLECT_101,
            )
            return cv2.resize(big, (size, size), interpolation=cv2.INTER_AREA)
        return cv2.warpPerspective(
            image, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101
        )

    def place(self, source: int | None = None, near: tuple[int, float, float, float, float] | None = None):
        rng = self.rng
        if near is not None:
            source, x, y, step, heading = near
            image = self.sources[source].looks[0]
            if rng.random() < 0.4:
                return source, x, y, step, heading + float(rng.choice([90, 180, 270, rng.uniform(40, 320)]))
            reach = MAP_CROP_PX * step * 0.72
            x2 = float(np.clip(x + rng.normal(0, 160 * step), reach, max(reach, image.shape[1] - reach)))
            y2 = float(np.clip(y + rng.normal(0, 160 * step), reach, max(reach, image.shape[0] - reach)))
            return source, x2, y2, step, heading
        if source is None:
            source = int(rng.choice(len(self.sources), p=self.p))
        image = self.sources[source].looks[0]
        shortest = min(image.shape[:2])
        heading = float(rng.uniform(0, 360)) if rng.random() < 0.6 else 0.0
        widest = shortest / (MAP_CROP_PX * (1.2 if heading else 1.0))
        step = float(np.exp(rng.uniform(np.log(min(0.55, widest)), np.log(min(2.2, max(widest, 0.3))))))
        reach = MAP_CROP_PX * step * (0.7 if heading else 0.5)
        x = float(rng.uniform(reach, image.shape[1] - reach)) if image.shape[1] > 2 * reach else image.shape[1] / 2
        y = float(rng.uniform(reach, image.shape[0] - reach)) if image.shape[0] > 2 * reach else image.shape[0] / 2
        return source, x, y, step, heading

    def sample(self, place: tuple[int, float, float, float, float], exact: bool = False) -> Sample:
        rng = self.rng
        source, x, y, step, heading = place
        looks = len(self.sources[source].looks)
        map_look = int(rng.integers(looks))
        query_look = int(rng.integers(looks))
        if looks > 1 and query_look == map_look and rng.random() < 0.8:
            query_look = (map_look + 1 + int(rng.integers(looks - 1))) % looks
        c, s = np.cos(np.radians(heading)) * step, np.sin(np.radians(heading)) * step
        half = MAP_CROP_PX / 2 - 0.5
        to_source = np.array([[c, -s, x], [s, c, y], [0, 0, 1]]) @ np.array([[1, 0, -half], [0, 1, -half], [0, 0, 1.0]])
        map_crop = self._warp(source, map_look, to_source, MAP_CROP_PX)

        shift = rng.uniform(-24, 24, 2)
        rotation, scale, tilt = 0.0, 1.0, np.zeros(2)
        if not exact:
            rotation = float(np.clip(rng.normal(0, self.rotation_sd_deg), -15, 15))
            scale = float(np.exp(np.clip(rng.normal(0, self.scale_sd), -0.33, 0.33)))
            tilt = rng.normal(0, 0.05, 2) / (CELL_PX / 2)
        qc, qs = np.cos(np.radians(rotation)) * scale, np.sin(np.radians(rotation)) * scale
        qhalf = CELL_PX / 2 - 0.5
        to_crop = (
            np.array([[1, 0, half + shift[0]], [0, 1, half + shift[1]], [0, 0, 1.0]])
            @ np.array([[qc, -qs, 0], [qs, qc, 0], [tilt[0], tilt[1], 1.0]])
            @ np.array([[1, 0, -qhalf], [0, 1, -qhalf], [0, 0, 1.0]])
        )
        query = self._warp(source, query_look, to_source @ to_crop, CELL_PX)

        real_change = looks > 1 and query_look != map_look
        query = change_look(rng, query, rng.uniform(0.1, 0.6) if real_change else rng.uniform(0.3, 1.0), map_crop[:CELL_PX, :CELL_PX])
        if rng.random() < 0.5:
            map_crop = change_look(rng, map_crop, rng.uniform(0.1, 0.5))
        valid = np.ones((CELL_PX, CELL_PX), np.float32)
        if rng.random() < 0.5:
            aspect = float(rng.choice([9 / 16, 3 / 4]))
            width = CELL_PX * rng.uniform(1.25, 1.9)
            box = cv2.boxPoints(((CELL_PX / 2, CELL_PX / 2), (width, width * aspect), float(rng.uniform(0, 180))))
            valid[:] = 0
            cv2.fillConvexPoly(valid, box.astype(np.int32), 1.0)
        cells = cv2.resize(valid, (CELL_PX // 8, CELL_PX // 8), interpolation=cv2.INTER_AREA)
        query = np.where(valid[..., None] > 0, query, np.array([124, 116, 104], np.uint8))
        return Sample(
            query, (cells >= 0.5).astype(np.float32), map_crop, (float(shift[0]), float(shift[1])), rotation, scale, place
        )

    def batch(self, size: int) -> list[Sample]:
        """Half of the places are near neighbours or rotations of the other half: the hard negatives."""
        out: list[Sample] = []
        while len(out) < size:
            first = self.place()
            out.append(self.sample(first))
            if len(out) < size:
                out.append(self.sample(self.place(near=first)))
        return out


def overlap(a: Sample, b: Sample) -> float:
    """Share of a's query window that b's central cell covers; 0 for another source, heading or scale.

    -1 where the two show much of the same ground at a heading or scale that is neither alike nor clearly another.
    """
    if a.place[0] != b.place[0]:
        return 0.0
    turn = abs((a.place[4] - b.place[4] + 180) % 360 - 180)
    step = a.place[3]
    ratio = max(step / b.place[3], b.place[3] / step)
    near = max(abs(a.place[1] - b.place[1]), abs(a.place[2] - b.place[2])) < CELL_PX * max(step, b.place[3])
    if turn > 40 or ratio > 1.7:
        return 0.0
    if turn > 10 or ratio > 1.12:
        return -1.0 if near else 0.0
    heading = np.radians(a.place[4])
    dx, dy = (b.place[1] - a.place[1]) / step, (b.place[2] - a.place[2]) / step
    across = dx * np.cos(heading) + dy * np.sin(heading) - a.shift_px[0]
    down = -dx * np.sin(heading) + dy * np.cos(heading) - a.shift_px[1]
    return float(max(0.0, 1 - abs(across) / CELL_PX) * max(0.0, 1 - abs(down) / CELL_PX))


def write_source_list(path: Path, sources: list[Source]) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "kind", "looks", "held_out"])
        for source in sources:
            rows.writerow([source.name, source.kind, len(source.looks), source.held_out])
