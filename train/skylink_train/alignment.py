"""How a frame lies on a candidate: one match volume at stride 16, read along many shifts, headings and scales.

No part of this is trained. Squares of the frame (7x7 tokens, four features wide) are compared with all places of the candidate;
each hypothesis (shift, turn, scale) sums the volume along its own path, as a Hough transform does; the best one says where each
token lies on the candidate, and there the features are compared once more at stride 8.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

TOKENS = 7
"""View tokens a side."""
FINE = 28
"""Features a side."""
HALF = FINE // 2
PLACES = HALF + 1
"""Places a side of a token (2x2 squares of stride 16) on a candidate, half outside included: from -1 to 13."""
ROW = HALF + 2
"""Squares of a padded row: one more on either side."""
VOLUME = (PLACES - 1) * ROW + PLACES
"""Entries of the match volume for a token: places by rows of ROW, those that wrap from one row into the next left unread."""
REACH = 6
"""Shifts each way, in squares of stride 16."""
SHIFTS = 2 * REACH + 1
VARIANTS = [(0.0, 1.0), (0.0, 0.8), (0.0, 0.9), (0.0, 1.12), (0.0, 1.25), (-8.0, 1.0), (8.0, 1.0), (-8.0, 0.85), (8.0, 0.85),
            (-8.0, 1.18), (8.0, 1.18)]
"""Turn in degrees and scale of the frame against the candidate."""
NEAR = 2
"""Positions each way over which an aligned token is compared at stride 8."""
PATCH = 4 + 2 * NEAR
CHANNELS_NEAR = 32
"""Principal components of the features that the comparison at stride 8 uses."""
AROUND = 2
"""Squares each way of the volume that a token is shown about its aligned place."""


def halve(x: Tensor, side: int) -> Tensor:
    """[n,side,side,c] -> sums of 2x2 squares [n,side/2,side/2,c], over contiguous memory."""
    n, c = x.shape[0], x.shape[3]
    half = side // 2
    x = x.reshape(-1, 2, side * c).sum(1).reshape(-1, half, half, 2 * c)
    return x[..., :c] + x[..., c:]


def unit_rows(x: Tensor) -> Tensor:
    """Unit length along the last axis; zero stays zero."""
    return x * ((x * x).sum(-1, keepdim=True) + 1e-8).rsqrt()


def squares(tokens_of: Tensor) -> Tensor:
    """[n,14,14,c] -> [n,4,c,49]: the four squares of each token."""
    n, c = tokens_of.shape[0], tokens_of.shape[3]
    return tokens_of.reshape(n, TOKENS, 2, TOKENS, 2, c).permute(0, 2, 4, 5, 1, 3).reshape(n, 4, c, TOKENS * TOKENS)


def diagonals() -> np.ndarray:
    """Which products of PATCH x PATCH features with a 4x4 patch belong to which of 5x5 shifts, over 16: [PATCH**2*16,25]."""
    shifts = 2 * NEAR + 1
    out = np.zeros((PATCH, PATCH, 4, 4, shifts, shifts), np.float32)
    for row, column, dy, dx in np.ndindex(4, 4, shifts, shifts):
        out[row + dy, column + dx, row, column, dy, dx] = 1 / 16
    return out.reshape(PATCH * PATCH * 16, shifts * shifts)


def paths() -> tuple[np.ndarray, np.ndarray]:
    """For each hypothesis and token: its place in the volume (row * ROW + column, or VOLUME outside), and the token's first
    feature at stride 8 (row, column)."""
    shift = np.arange(-REACH, REACH + 1)
    dy, dx = np.meshgrid(shift, shift, indexing="ij")
    token = 2.0 * np.arange(TOKENS)
    ty, tx = (t.ravel() for t in np.meshgrid(token, token, indexing="ij"))
    place, first = [], []
    middle = (HALF - 2) / 2
    for turn, scale in VARIANTS:
        c, s = np.cos(np.radians(turn)) * scale, np.sin(np.radians(turn)) * scale
        y = s * (tx - middle) + c * (ty - middle) + middle
        x = c * (tx - middle) - s * (ty - middle) + middle
        at_y = y[None] + dy.ravel()[:, None]
        at_x = x[None] + dx.ravel()[:, None]
        row, column = np.rint(at_y).astype(int), np.rint(at_x).astype(int)
        inside = (row >= -1) & (row < PLACES - 1) & (column >= -1) & (column < PLACES - 1)
        place.append(np.where(inside, (row + 1) * ROW + column + 1, VOLUME))
        first.append(np.stack([np.rint(2 * at_y), np.rint(2 * at_x)], -1).astype(int))
    return np.concatenate(place), np.concatenate(first)


class Alignment(nn.Module):
    """Query views and candidate windows, both [n,28,28,64] of unit positions -> evidence of their best alignment."""

    def __init__(self) -> None:
        super().__init__()
        place, first = paths()
        hypotheses, tokens = place.shape
        index = np.where(place < VOLUME, place * tokens + np.arange(tokens)[None], tokens * VOLUME)
        self.register_buffer("index", torch.from_numpy(index.reshape(-1).astype(np.int32)), persistent=False)
        inside = (place < VOLUME).astype(np.float32)
        self.register_buffer("inside", torch.from_numpy(inside.T.copy()), persistent=False)
        self.register_buffer("first", torch.from_numpy(first.astype(np.int32)), persistent=False)
        self.register_buffer("diagonals", torch.from_numpy(diagonals()), persistent=False)
        inner = np.zeros((PATCH, PATCH), np.float32)
        inner[NEAR : NEAR + 4, NEAR : NEAR + 4] = 1
        self.register_buffer("inner", torch.from_numpy(inner.reshape(1, -1)), persistent=False)
        self.register_buffer("components", torch.eye(64, CHANNELS_NEAR))
        self.hypotheses = hypotheses

    def view_parts(self, view: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What is computed once for a view: tokens' squares [H,4,64,49], how much of each was seen [H,49], patches at stride 8
        [H,49,32,16], tokens [H,49,32]."""
        n = view.shape[0]
        half = unit_rows(halve(view, FINE))
        seen = (half * half).sum(-1, keepdim=True)
        token_squares = squares(half)
        token_seen = squares(seen).sum((1, 2))
        small = view.reshape(n, FINE * FINE, 64) @ self.components
        patches = small.reshape(n, TOKENS, 4, TOKENS, 4, CHANNELS_NEAR).permute(0, 1, 3, 5, 2, 4)
        patches = patches.reshape(n, TOKENS * TOKENS, CHANNELS_NEAR, 16)
        return token_squares, token_seen, patches, unit_rows(patches.sum(3))

    def forward(
        self, parts: tuple[Tensor, Tensor, Tensor, Tensor], view_of: Tensor, window: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Returns scores of all hypotheses [K,hypotheses], the volume about each aligned token [K,49,25], the comparison at
        stride 8 [K,49,25], aligned tokens [K,49,32] and their cosines with the view's [K,49,49], and the candidate's tokens
        as they lie, for the ablation without relation [K,49,32]."""
        token_squares, token_seen, patches, view_tokens = (part.index_select(0, view_of) for part in parts)
        k = window.shape[0]
        count = TOKENS * TOKENS
        half = unit_rows(halve(window, FINE))
        padded = torch.nn.functional.pad(half, (0, 0, 1, 1, 1, 1)).reshape(k, ROW * ROW, -1)
        # Each of a token's four squares against all places; one place on is one entry on, one row on is ROW.
        matched = [(padded @ token_squares[:, square])[:, at : at + VOLUME] for square, at in enumerate((0, 1, ROW, ROW + 1))]
        volume = (matched[0] + matched[1] + matched[2] + matched[3]).reshape(k, -1)

        rows = torch.cat([volume.t(), torch.zeros(1, k)])
        summed = rows.index_select(0, self.index).reshape(self.hypotheses, count, k).sum(1).t()
        weight = token_seen @ self.inside
        # Mean over what lies on the candidate, less sure the less of the frame that is.
        total = token_seen.sum(1, keepdim=True)
        scores = summed * ((weight + 1.0) * (total + 1.0)).rsqrt()
        best = scores.argmax(1)

        near_volume = self._around(volume, best)
        first = self.first.index_select(0, best).long()
        offset = torch.arange(PATCH) - NEAR
        y = first[:, :, 0, None] + offset
        x = first[:, :, 1, None] + offset
        on = ((y >= 0) & (y < FINE)).unsqueeze(3) & ((x >= 0) & (x < FINE)).unsqueeze(2)
        at = (y * FINE).unsqueeze(3) + x.unsqueeze(2)
        start = (torch.arange(k) * (FINE * FINE)).reshape(k, 1, 1, 1)
        at = torch.where(on, at + start, k * FINE * FINE).reshape(-1)
        small = window.reshape(k * FINE * FINE, 64) @ self.components
        lying = unit_rows(halve(halve(small.reshape(k, FINE, FINE, -1), FINE), HALF).reshape(k, count, -1))
        small = torch.cat([small, torch.zeros(1, CHANNELS_NEAR)])
        found = small.index_select(0, at).reshape(k, count, PATCH * PATCH, CHANNELS_NEAR)
        near = (found @ patches).reshape(k, count, -1) @ self.diagonals
        tokens = unit_rows((self.inner @ found).reshape(k, count, CHANNELS_NEAR))
        return scores, near_volume, near, tokens, tokens @ view_tokens.transpose(1, 2), lying

    def _around(self, volume: Tensor, best: Tensor) -> Tensor:
        """The volume at the aligned place of each token and AROUND squares each way."""
        k, count = best.shape[0], TOKENS * TOKENS
        first = self.first.index_select(0, best).long()
        offset = torch.arange(-AROUND, AROUND + 1)
        # Stride 8 to the place of the volume, whose first stands for -1.
        y = torch.div(first[:, :, 0, None] + 1, 2, rounding_mode="floor") + 1 + offset
        x = torch.div(first[:, :, 1, None] + 1, 2, rounding_mode="floor") + 1 + offset
        on = ((y >= 0) & (y < PLACES)).unsqueeze(3) & ((x >= 0) & (x < PLACES)).unsqueeze(2)
        at = y.clamp(0, PLACES - 1).unsqueeze(3) * ROW + x.clamp(0, PLACES - 1).unsqueeze(2)
        at = at.reshape(k, count, -1) * count + torch.arange(count).unsqueeze(1)
        picked = volume.gather(1, at.reshape(k, -1)).reshape(k, count, -1)
        return picked * on.reshape(k, count, -1).float() / 4
