"""Which images of the registered cross-date pairs show the same ground: every image registered with every other one.

    python overlaps.py DATA [--least 6]

Prints, most inliers first: inliers, matches after the ratio test, the two images, and the similarity (scale, turn in
degrees, shift in pixels) that takes the first to the second. A real overlap keeps tens of inliers, or is found again with
the same numbers between other dates; below ten inliers most are chance. The lists in bench/datasets/ground.ts and
train/skylink_train/data.py come from this.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import cv2
import numpy as np

RATIO = 0.85
RANSAC_PX = 4.0
SCALES = (0.4, 2.5)


def images(data: Path):
    """(set, pair, image name, grey image) of all dates; LEVIR enlarged twice, as the benchmark lays it out."""
    for path in sorted((data / "sztaki_airchange").glob("*_im?.*")):
        yield "sztaki", path.stem.rsplit("_im", 1)[0], path.stem, cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    for kind, scale in (("levir", 2.0), ("dsifn", 1.0)):
        for date in "AB":
            for path in sorted((data / "change_pairs" / f"{kind}_samples" / date).iterdir()):
                grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
                grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
                yield kind, path.stem, f"{path.stem}_{date}", grey


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--least", type=int, default=6, help="fewest inliers that are printed")
    asked = parser.parse_args()
    detector = cv2.SIFT_create(3000)
    matcher = cv2.BFMatcher()
    described = []
    for kind, pair, name, grey in images(asked.data):
        keypoints, found = detector.detectAndCompute(grey, None)
        roots = np.sqrt(found / (found.sum(axis=1, keepdims=True) + 1e-9)).astype(np.float32)
        described.append((kind, pair, name, np.float32([k.pt for k in keypoints]), roots))
    lines = []
    for a, b in itertools.combinations(described, 2):
        if a[0] != b[0] or a[1] == b[1]:
            continue
        good = [p for p, q in matcher.knnMatch(a[4], b[4], 2) if p.distance < RATIO * q.distance]
        if len(good) < 3:
            continue
        from_, to = a[3][[m.queryIdx for m in good]], b[3][[m.trainIdx for m in good]]
        fit, kept = cv2.estimateAffinePartial2D(from_, to, ransacReprojThreshold=RANSAC_PX, maxIters=5000)
        if fit is None or kept.sum() < asked.least:
            continue
        scale = float(np.hypot(fit[0, 0], fit[1, 0]))
        if SCALES[0] < scale < SCALES[1]:
            turn = float(np.degrees(np.arctan2(fit[1, 0], fit[0, 0])))
            shift = f"({fit[0, 2]:.0f}, {fit[1, 2]:.0f})"
            lines.append((int(kept.sum()), f"{len(good)} {a[2]} ~ {b[2]} scale {scale:.3f} turn {turn:.1f} shift {shift}"))
    for inliers, text in sorted(lines, reverse=True):
        print(inliers, text)


if __name__ == "__main__":
    main()
