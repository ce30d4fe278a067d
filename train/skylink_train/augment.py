"""Photometric changes between two looks at one place: season, sun, sensor, haze, blur, compression, new things."""

from __future__ import annotations

import cv2
import numpy as np

Image = np.ndarray


def _field(rng: np.random.Generator, size: int, cells: int) -> Image:
    small = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)


def _season(rng: np.random.Generator, x: Image) -> Image:
    """Turns vegetation (where green or saturated) towards another colour, more where a smooth random field says so."""
    green = np.clip((x[..., 1] - 0.5 * (x[..., 0] + x[..., 2])) * 6 + 0.4, 0, 1)
    where = green * (1 / (1 + np.exp(-2 * _field(rng, x.shape[0], 3))))
    target = np.array(
        [[0.55, 0.5, 0.3], [0.35, 0.28, 0.2], [0.2, 0.32, 0.15], [0.85, 0.87, 0.9], [0.62, 0.55, 0.42]], np.float32
    )[rng.integers(5)]
    luma = x.mean(2, keepdims=True)
    tint = target * (0.45 + luma * 1.1)
    a = (where * rng.uniform(0.3, 0.95))[..., None]
    return x * (1 - a) + tint * a


def _objects(rng: np.random.Generator, x: Image, other: Image | None) -> Image:
    """Pastes rectangles (buildings, vehicles, works) that the other look does not have."""
    size = x.shape[0]
    for _ in range(rng.integers(1, 6)):
        w, h = rng.uniform(0.03, 0.28, 2) * size
        centre = rng.uniform(0, size, 2)
        box = cv2.boxPoints(((float(centre[0]), float(centre[1])), (float(w), float(h)), float(rng.uniform(0, 180))))
        mask = np.zeros((size, size), np.uint8)
        cv2.fillConvexPoly(mask, box.astype(np.int32), 1)
        if other is not None and rng.random() < 0.5:
            fill = np.roll(other, rng.integers(0, size, 2), (0, 1))
        else:
            fill = np.broadcast_to(rng.uniform(0, 1, 3).astype(np.float32), x.shape)
        x = np.where(mask[..., None] > 0, fill, x)
    return x


def change_look(rng: np.random.Generator, image: Image, strength: float, other: Image | None = None) -> Image:
    """uint8 RGB [s,s,3] -> uint8 RGB, changed by up to `strength` (0 = unchanged, 1 = another season and sensor)."""
    size = image.shape[0]
    x = image.astype(np.float32) / 255
    if rng.random() < 0.35 * strength:
        x = _season(rng, x)
    if other is not None and rng.random() < 0.4 * strength:
        x = _objects(rng, x, other)
    if rng.random() < 0.5:
        x = x * np.exp(_field(rng, size, 4) * 0.22 * strength)[..., None]
    if rng.random() < 0.7:
        luma = x.mean(2, keepdims=True)
        x = luma + (x - luma) * rng.uniform(1 - 0.9 * strength, 1 + 0.8 * strength)
    if rng.random() < 0.5:
        mix = np.eye(3, dtype=np.float32) + rng.normal(0, 0.09 * strength, (3, 3)).astype(np.float32)
        x = x @ mix
    x = x * np.exp(rng.normal(0, 0.11 * strength, 3)).astype(np.float32)
    x = np.clip(x, 0, 4)
    if rng.random() < 0.8:
        mean = x.mean()
        x = (x - mean) * np.exp(rng.normal(0, 0.35 * strength)) + mean * np.exp(rng.normal(0, 0.35 * strength))
    if rng.random() < 0.8:
        x = np.clip(x, 0, 1) ** np.exp(rng.normal(0, 0.4 * strength))
    if rng.random() < 0.3 * strength:
        haze = rng.uniform(0.1, 0.6)
        x = x * (1 - haze) + haze * rng.uniform(0.55, 0.95, 3).astype(np.float32)
    if rng.random() < 0.06:
        x = np.repeat(x.mean(2, keepdims=True), 3, 2)
    x = np.clip(x, 0, 1)
    draw = rng.random()
    if draw < 0.25:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.8 * strength + 0.41))
    elif draw < 0.4:
        length = int(rng.integers(3, 8))
        kernel = np.zeros((length, length), np.float32)
        cv2.line(kernel, (0, int(rng.integers(length))), (length - 1, int(rng.integers(length))), 1.0)
        x = cv2.filter2D(x, -1, kernel / kernel.sum())
    elif draw < 0.55:
        to = int(size * rng.uniform(0.35, 0.8))
        x = cv2.resize(cv2.resize(x, (to, to), interpolation=cv2.INTER_AREA), (size, size))
    elif draw < 0.65:
        x = x + (x - cv2.GaussianBlur(x, (0, 0), 1.5)) * rng.uniform(0.3, 1.2)
    if rng.random() < 0.4:
        x = x + rng.normal(0, rng.uniform(0.005, 0.05), x.shape).astype(np.float32)
    out = (np.clip(x, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = int(rng.integers(25, 90))
        out = cv2.imdecode(cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return out
