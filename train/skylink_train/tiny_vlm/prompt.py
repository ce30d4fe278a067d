"""What the tests ask, in the words of agent/vision/rerank/huggingface/prompt.ts, and the pictures they show."""

from __future__ import annotations

import numpy as np
from PIL import Image

VALUES = {
    "agl_m": 120, "footprint_m": 112, "gsd_cm": 50, "yaw_sigma_deg": 5, "agl_sigma_percent": 5, "off_nadir_deg": 3,
    "map_age_months": 14, "month": 7,
}

PARTS = [
    "Image 1 is a drone camera view turned north up, from 0120 m above ground, 0112 m across, 050 cm a pixel. "
    "Its heading may be off by 005 degrees and its height by 05 percent; the camera was tilted 03 degrees. "
    "The map imagery is 014 months older; the month is 07.\n",
    None,
    "\nImage 2 is a place on the map, north up, at the same scale.\n",
    None,
    "\nDo both images show the same place? Answer yes or no.",
]

SPELLINGS = {"yes": ["yes", " yes", "Yes", " Yes", "YES", " YES"], "no": ["no", " no", "No", " No", "NO", " NO"]}

SIDE_PX = 48
QUERY_SEED = 1
CANDIDATE_SEEDS = [2, 3, 4]
# Another shape than the patches have: rounding of sizes shows here.
ODD = {"width_px": 91, "height_px": 50, "seed": 5}


def picture(width_px: int, height_px: int, seed: int) -> np.ndarray:
    """A smooth pattern that the tests draw with the same whole numbers, [height, width, 3] uint8."""
    y, x, c = np.meshgrid(np.arange(height_px), np.arange(width_px), np.arange(3), indexing="ij")
    return ((x * (2 * seed + 1) + y * (3 * seed + 2) + x * y * seed // 16 + c * 60) % 256).astype(np.uint8)


def pictures() -> list[Image.Image]:
    """The query, then the candidates."""
    return [Image.fromarray(picture(SIDE_PX, SIDE_PX, seed)) for seed in (QUERY_SEED, *CANDIDATE_SEEDS)]


def conversation() -> list[dict]:
    content = [{"type": "image"} if part is None else {"type": "text", "text": part} for part in PARTS]
    return [{"role": "user", "content": content}]
