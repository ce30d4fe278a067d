"""Matchers that bench/registration.ts is compared with: SIFT, ORB and AKAZE of OpenCV behind RANSAC, and
gradient-orientation correlation.

Pixel centres are whole numbers here, as in OpenCV. Times are CPU time of this process (time.process_time), one thread.
"""

from __future__ import annotations

import dataclasses
import time

import cv2
import numpy as np

RATIO = {"sift": 0.75, "orb": 0.8, "akaze": 0.8}
"""Lowe's ratio test: best over second-best descriptor distance."""
RANSAC_PX = 3.0
RANSAC_ITERATIONS = 2000
RANSAC_CONFIDENCE = 0.995
SCALE_RANGE = (0.5, 2.0)
"""A fit outside of this scale is no fit."""


@dataclasses.dataclass
class Match:
    x: float | None
    """Where the query's centre falls, pixels of the window; None when there is no fit."""
    y: float | None
    score: float
    """What the gate looks at: inliers, or the lead of the correlation's peak."""
    cpu_ms: float
    """The query's features and the matching; the map's features are made before the flight."""
    map_cpu_ms: float


@dataclasses.dataclass
class Features:
    points: np.ndarray
    descriptors: np.ndarray | None
    cpu_ms: float


def cpu_ms() -> float:
    return time.process_time() * 1000


class LocalFeatures:
    """Detect, describe, match by brute force with a ratio test, fit by RANSAC."""

    def __init__(self, kind: str, model: str, features: int | None = None) -> None:
        self.kind, self.model = kind, model
        if kind == "sift":
            self.detector = cv2.SIFT_create(nfeatures=features or 0)
        elif kind == "orb":
            self.detector = cv2.ORB_create(nfeatures=features or 2000, fastThreshold=7)
        elif kind == "akaze":
            self.detector = cv2.AKAZE_create(threshold=0.0005)
        else:
            raise ValueError(f"no local features called {kind}")
        self.matcher = cv2.BFMatcher(cv2.NORM_L2 if kind == "sift" else cv2.NORM_HAMMING)

    def features(self, image: np.ndarray, mask: np.ndarray | None = None) -> Features:
        start = cpu_ms()
        keypoints, descriptors = self.detector.detectAndCompute(image, mask)
        points = np.array([k.pt for k in keypoints], np.float32).reshape(-1, 2)
        return Features(points, descriptors, cpu_ms() - start)

    def match(self, query: Features, window: Features, centre: tuple[float, float]) -> Match:
        start = cpu_ms()
        place, inliers = self._fit(query, window, centre)
        spent = query.cpu_ms + cpu_ms() - start
        x, y = place if place is not None else (None, None)
        return Match(x, y, float(inliers), spent, window.cpu_ms)

    def _fit(self, query: Features, window: Features, centre: tuple[float, float]):
        least = 2 if self.model == "similarity" else 4
        if query.descriptors is None or window.descriptors is None or len(window.points) < 2:
            return None, 0
        pairs = self.matcher.knnMatch(query.descriptors, window.descriptors, k=2)
        good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < RATIO[self.kind] * p[1].distance]
        if len(good) < least:
            return None, 0
        a = query.points[[m.queryIdx for m in good]]
        b = window.points[[m.trainIdx for m in good]]
        cv2.setRNGSeed(1)
        if self.model == "similarity":
            fit, kept = cv2.estimateAffinePartial2D(
                a, b, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PX, maxIters=RANSAC_ITERATIONS,
                confidence=RANSAC_CONFIDENCE,
            )
            if fit is None:
                return None, 0
            fit = np.vstack([fit, [0, 0, 1]])
        else:
            fit, kept = cv2.findHomography(
                a, b, cv2.RANSAC, RANSAC_PX, maxIters=RANSAC_ITERATIONS, confidence=RANSAC_CONFIDENCE
            )
            if fit is None:
                return None, 0
        scale = float(np.sqrt(abs(np.linalg.det(fit[:2, :2]))))
        if not SCALE_RANGE[0] <= scale <= SCALE_RANGE[1]:
            return None, 0
        at = fit @ np.array([*centre, 1.0])
        if abs(at[2]) < 1e-9:
            return None, 0
        return (float(at[0] / at[2]), float(at[1] / at[2])), int(kept.sum())


ORIENTATION_BLUR = 1.5
"""Sigma of the Gaussian before the gradient, pixels."""
COARSE = 2
"""The search over headings and scales is done at this reduction, then refined at full resolution."""
SECOND_PEAK_PX = 16
"""A second peak nearer than this is the same peak."""
LEAST_OVERLAP = 0.5


def orientation_field(grey: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Doubled-angle unit vectors of the gradient, so that light on dark counts as dark on light, weighted down where
    the gradient is weak; and where they are known. float32 [h, w, 2], [h, w]."""
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), ORIENTATION_BLUR)
    gx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    gy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    power = gx * gx + gy * gy
    floor = max(float(np.median(power)), 1e-6)
    weight = 1.0 / (power + floor)
    field = np.dstack([(gx * gx - gy * gy) * weight, 2 * gx * gy * weight]).astype(np.float32)
    known = np.ones(grey.shape, np.float32) if mask is None else (mask > 0).astype(np.float32)
    if mask is not None:
        # The edge of what was seen has a gradient of its own.
        known = cv2.erode(known, np.ones((9, 9), np.float32))
        field *= known[..., None]
    return field, known


def _correlate(window: np.ndarray, field: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean agreement at every shift: correlation of both components over the count of known pixels."""
    score = cv2.matchTemplate(window[..., 0], field[..., 0], cv2.TM_CCORR)
    score += cv2.matchTemplate(window[..., 1], field[..., 1], cv2.TM_CCORR)
    return score / max(1.0, float(known.sum()))


class GradientOrientation:
    """Correlation of gradient orientations over all shifts, and over headings and scales within two sigma."""

    def match(
        self, query: np.ndarray, mask: np.ndarray, window: np.ndarray, heading_sigma_deg: float, scale_sigma: float
    ) -> Match:
        before = cpu_ms()
        full, _ = orientation_field(window, None)
        small = cv2.resize(window, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA)
        coarse, _ = orientation_field(small, None)
        start = cpu_ms()
        best, others = None, []
        for heading in steps(min(180.0, 2 * heading_sigma_deg), 2.5):
            for scale in steps(2 * scale_sigma, 0.05):
                turned, seen = turn(query, mask, heading, 1 + scale, COARSE)
                field, known = orientation_field(turned, seen)
                if known.sum() < LEAST_OVERLAP * (mask > 0).sum() / COARSE**2:
                    continue
                score = _correlate(coarse, field, known)
                others.append(score)
                top = float(score.max())
                if best is None or top > best[0]:
                    best = (top, heading, 1 + scale)
        if best is None:
            return Match(None, None, 0.0, cpu_ms() - start, start - before)
        _, heading, scale = best
        finest = None
        for dh in (-1.25, 0.0, 1.25):
            for ds in (-0.025, 0.0, 0.025):
                turned, seen = turn(query, mask, heading + dh, scale + ds, 1)
                field, known = orientation_field(turned, seen)
                score = _correlate(full, field, known)
                if finest is None or score.max() > finest.max():
                    finest = score
        y, x = np.unravel_index(int(finest.argmax()), finest.shape)
        # The lead over the best other place, at the coarse resolution where all headings were tried.
        over = np.max(others, axis=0)
        cy, cx = np.unravel_index(int(over.argmax()), over.shape)
        rest = over.copy()
        r = SECOND_PEAK_PX // COARSE
        rest[max(0, cy - r) : cy + r + 1, max(0, cx - r) : cx + r + 1] = -1
        lead = float(over.max() - rest.max())
        fx, fy = parabola(finest, int(y), int(x))
        half = (query.shape[0] - 1) / 2
        return Match(x + fx + half, y + fy + half, lead, cpu_ms() - start, start - before)


def steps(reach: float, step: float) -> list[float]:
    """Evenly spaced values around 0 that cover the reach to either side."""
    n = int(np.ceil(reach / step - 0.5))
    return [k * step for k in range(-max(0, n), max(0, n) + 1)]


def turn(image: np.ndarray, mask: np.ndarray, heading_deg: float, scale: float, reduction: int):
    """The patch as it would be if the true heading were that much more and the aircraft `scale` times as high: ground at
    q was shown at R(-heading) q / scale. Same side, reduced."""
    side = image.shape[0]
    out = side // reduction
    a = np.radians(heading_deg)
    c, s = np.cos(a) * reduction / scale, np.sin(a) * reduction / scale
    half, middle = (side - 1) / 2, (out - 1) / 2
    to_source = np.array([[c, s, half - c * middle - s * middle], [-s, c, half + s * middle - c * middle]])
    source = cv2.GaussianBlur(image, (0, 0), 0.5 * reduction) if reduction > 1 else image
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = cv2.warpAffine(source, to_source, (out, out), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.warpAffine(mask, to_source, (out, out), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return turned, seen


def parabola(score: np.ndarray, y: int, x: int) -> tuple[float, float]:
    """Offset (x, y) of the top of a parabola through the peak and its neighbours, at most half a pixel."""

    def top(before: float, middle: float, after: float) -> float:
        curvature = before - 2 * middle + after
        return 0.0 if curvature >= 0 else float(np.clip(0.5 * (before - after) / curvature, -0.5, 0.5))

    h, w = score.shape
    fx = top(score[y, x - 1], score[y, x], score[y, x + 1]) if 0 < x < w - 1 else 0.0
    fy = top(score[y - 1, x], score[y, x], score[y + 1, x]) if 0 < y < h - 1 else 0.0
    return fx, fy
