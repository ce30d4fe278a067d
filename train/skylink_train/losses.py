"""Losses of the encoder: soft-label contrast of descriptors, cross-entropy of the registration map."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoder import CELL_PX, STRIDE_PX


def correlate(query: Tensor, crop: Tensor) -> Tensor:
    """Valid cross-correlation over all channels: [n,C,q,q] with [n,C,m,m] -> [n,m-q+1,m-q+1], by FFT (ten times faster here)."""
    side = crop.shape[-1]
    reach = side - query.shape[-1] + 1
    spectrum = (torch.fft.rfft2(crop) * torch.fft.rfft2(query, s=(side, side)).conj()).sum(1)
    return torch.fft.irfft2(spectrum, s=(side, side))[:, :reach, :reach]


def align(query: Tensor, valid: Tensor, rotation_deg: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Turns and scales the query's feature grid about its centre as registration's best variant would.

    A query taken with (rotation, scale) shows at grid position p what the map shows at R(rotation) * scale * p.
    """
    turn = torch.deg2rad(rotation_deg)
    cos, sin = torch.cos(turn) / scale, torch.sin(turn) / scale
    zero = torch.zeros_like(cos)
    theta = torch.stack([torch.stack([cos, sin, zero], 1), torch.stack([-sin, cos, zero], 1)], 1)
    grid = F.affine_grid(theta, list(query.shape), align_corners=False)
    turned = F.grid_sample(query * valid, grid, mode="bilinear", align_corners=False)
    seen = (F.grid_sample(valid, grid, mode="bilinear", align_corners=False) > 0.5).float()
    return F.normalize(turned, dim=1, eps=1e-6) * seen, seen


class EncoderLoss(nn.Module):
    """Learned temperatures belong to the loss, so that export can read registration's beta from it."""

    def __init__(self) -> None:
        super().__init__()
        self.log_descriptor_scale = nn.Parameter(torch.tensor(2.7))
        self.log_registration_beta = nn.Parameter(torch.tensor(3.5))

    def descriptors(
        self, query: Tensor, cell: Tensor, overlaps: Tensor, tau: float = 0.12, smoothing: float = 0.03
    ) -> Tensor:
        """InfoNCE both ways with soft targets: softmax(overlap / tau) over the batch, as in Game4Loc and SkyLink.

        query, cell: [n,D]; overlaps: [n,n] in 0..1, -1 = unknown, left out.
        """
        scale = self.log_descriptor_scale.exp().clamp(max=60)
        unknown = overlaps < 0
        logits = (scale * query @ cell.T).masked_fill(unknown, -1e4)
        weights = (overlaps / tau).masked_fill(unknown, -1e4)

        def one_way(rows: Tensor, soft: Tensor) -> Tensor:
            target = F.softmax(soft, 1) * (1 - smoothing) + smoothing / rows.shape[1]
            return -(target * F.log_softmax(rows, 1).clamp(min=-40)).sum(1).mean()

        return one_way(logits, weights) + one_way(logits.T, weights.T)

    def registration(self, query: Tensor, valid: Tensor, crop: Tensor, shift_px: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the true shift under softmax(beta * mean cosine) over all shifts of the query in the crop.

        query [n,C,28,28], valid [n,1,28,28], crop [n,C,34,34], shift_px [n,2]. Returns the loss and the score maps [n,7,7].
        """
        masked = query * valid / valid.sum((1, 2, 3), keepdim=True).clamp(min=1)
        score = correlate(masked, crop)
        reach = score.shape[-1]
        at = shift_px / STRIDE_PX + (reach - 1) / 2
        grid = torch.arange(reach, dtype=torch.float32)
        wx = (1 - (grid[None] - at[:, :1]).abs()).clamp(min=0)
        wy = (1 - (grid[None] - at[:, 1:]).abs()).clamp(min=0)
        target = (wy[:, :, None] * wx[:, None, :]).flatten(1)
        target = target / target.sum(1, keepdim=True).clamp(min=1e-6)
        beta = self.log_registration_beta.exp().clamp(max=400)
        loss = -(target * F.log_softmax(beta * score.flatten(1), 1)).sum(1).mean()
        return loss, score


def central_cell(crop_features: Tensor) -> Tensor:
    """The cell in the middle of a map crop's features: [n,C,34,34] -> [n,C,28,28]."""
    side = CELL_PX // STRIDE_PX
    low = (crop_features.shape[-1] - side) // 2
    return crop_features[..., low : low + side, low : low + side]
