"""Vision encoders of both families around transformers' own layers, written so that every size stays free in ONNX."""

from __future__ import annotations

import torch
from torch import nn
from transformers.models.qwen2_vl.modeling_qwen2_vl import apply_rotary_pos_emb_vision

LEAST = torch.finfo(torch.float32).min


class Idefics3Vision(nn.Module):
    """pixel_values [b, n, 3, h, w] and pixel_attention_mask [b, n, h, w] -> image_features [b * n, tokens, hidden]."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.vision = model.vision_model
        self.connector = model.connector
        self.patch = model.config.vision_config.patch_size

    def places(self, seen: torch.Tensor) -> torch.Tensor:
        """Which of the position vectors each patch gets: its place in the seen part, as on the model's own grid. The
        exporter writes transformers' bucketize with wrong types, so the steps are counted here."""
        side = self.vision.embeddings.num_patches_per_side
        steps = torch.arange(1 / side, 1.0, 1 / side)

        def bucket(count: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
            part = torch.clamp(torch.arange(length).float()[None, :] / count.float()[:, None], max=1 - 1e-6)
            return (part[:, :, None] >= steps).to(torch.int64).sum(2)

        rows = bucket(seen[:, :, 0].to(torch.int64).sum(1), seen.shape[1])
        cols = bucket(seen[:, 0].to(torch.int64).sum(1), seen.shape[2])
        return torch.where(seen, rows[:, :, None] * side + cols[:, None, :], 0).flatten(1)

    def forward(self, pixel_values: torch.Tensor, pixel_attention_mask: torch.Tensor) -> torch.Tensor:
        pixels = pixel_values.flatten(0, 1)
        n, _, height, width = pixels.shape
        down, across = height // self.patch, width // self.patch
        cells = pixel_attention_mask.reshape(n, down, self.patch, across, self.patch)
        seen = cells.to(torch.int64).sum(dim=(2, 4)) > 0
        table = self.vision.embeddings
        hidden = table.patch_embedding(pixels).flatten(2).transpose(1, 2) + table.position_embedding(self.places(seen))
        bias = torch.where(seen.flatten(1)[:, None, None, :], 0.0, LEAST)
        for layer in self.vision.encoder.layers:
            hidden = layer(hidden, bias)
        return self.connector(self.vision.post_layernorm(hidden))


class Qwen2Vision(nn.Module):
    """pixel_values [patches, 3 * 2 * 14 * 14] and grid_thw [n, 3] -> image_features [patches / merge^2, hidden]."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual
        self.merge = visual.spatial_merge_size
        weight = visual.patch_embed.proj.weight
        self.embed = nn.Linear(weight[0].numel(), weight.shape[0], bias=False)
        self.embed.weight = nn.Parameter(weight.flatten(1))

    def positions(self, grid: torch.Tensor, count: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Row and column of every patch, [patches, 2], and a number for the frame it belongs to."""
        lengths = grid[:, 0] * grid[:, 1] * grid[:, 2]
        ends = torch.cumsum(lengths, 0)
        index = torch.arange(count)
        image = (index[:, None] >= ends[None, :]).to(torch.int64).sum(1)
        local = index - (ends - lengths)[image]
        area = (grid[:, 1] * grid[:, 2])[image]
        inside = local % area
        block, inner = inside // (self.merge**2), inside % (self.merge**2)
        across = grid[:, 2][image] // self.merge
        row = torch.div(block, across, rounding_mode="floor") * self.merge + inner // self.merge
        col = block % across * self.merge + inner % self.merge
        return torch.stack([row, col], dim=1), image * 100_000 + torch.div(local, area, rounding_mode="floor")

    def forward(self, pixel_values: torch.Tensor, grid_thw: torch.Tensor) -> torch.Tensor:
        hidden = self.embed(pixel_values)
        places, frame = self.positions(grid_thw, hidden.shape[0])
        cos, sin = self.visual.rotary_pos_emb(hidden, places)
        bias = torch.where(frame[:, None] == frame[None, :], 0.0, LEAST)
        for block in self.visual.blocks:
            hidden = hidden + self.attend(block.attn, block.norm1(hidden), cos, sin, bias)
            hidden = hidden + block.mlp(block.norm2(hidden))
        return self.visual.merger(hidden)

    @staticmethod
    def attend(
        attention: nn.Module, hidden: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        qkv = attention.qkv(hidden).reshape(-1, 3, attention.num_heads, attention.head_dim)
        query, key = apply_rotary_pos_emb_vision(qkv[:, 0], qkv[:, 1], cos, sin)
        query, key, value = (part.transpose(0, 1) for part in (query, key, qkv[:, 2]))
        weights = torch.softmax(query @ key.transpose(1, 2) * attention.scaling + bias, dim=-1)
        return attention.proj((weights @ value).transpose(0, 1).reshape(hidden.shape[0], -1))
