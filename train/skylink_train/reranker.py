"""The compact vision-language re-ranker: reads the frame's tokens, a candidate's tokens and a text prompt jointly.

A causal transformer over [prompt tokens, query tokens, candidate tokens, answer token] ends in two logits: yes, no.
Each view token carries its pooled feature *and its row of cosines against the other view's tokens*: without the relation
as an input the model did harm. Everything, pooling included, is inside the graph, so that the runtime only passes features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoder import CHANNELS

TOKENS = 7
"""View tokens a side: 28 features pooled by 4."""
NEAR = 3
"""Positions each way over which a token looks for its best match in the other view."""

WORDS = ["<pad>", "uav", "view", "from", "height", "m", "footprint", "heading", "sigma", "deg", "map", "age", "months",
         "month", "same", "place", "?", "yes", "no", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
TEMPLATE = (
    "uav view from height {agl_m:4} m footprint {footprint_m:4} m heading sigma {yaw_sigma_deg:3} deg "
    "map age {map_age_months:3} months month {month:2} same place ?"
)


def tokenise(values: dict[str, int]) -> list[int]:
    """The prompt as token ids; a field {name:width} becomes `width` digit tokens."""
    ids: list[int] = []
    for word in TEMPLATE.replace(": ", ":").split():
        if word.startswith("{"):
            name, width = word[1:-1].split(":")
            number = max(0, min(10 ** int(width) - 1, values[name]))
            ids += [WORDS.index(digit) for digit in str(number).zfill(int(width))]
        else:
            ids.append(WORDS.index(word))
    return ids


PROMPT_LENGTH = len(tokenise(dict.fromkeys(["agl_m", "footprint_m", "yaw_sigma_deg", "map_age_months", "month"], 0)))


class Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        n, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(n, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attention = torch.softmax(q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + mask, -1)
        x = x + self.project((attention @ v).transpose(1, 2).reshape(n, length, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Reranker(nn.Module):
    """query, candidate [K,C,28,28] features, prompt [K,T] ids -> logits [K,2] (yes, no)."""

    def __init__(self, width: int = 128, layers: int = 3, heads: int = 4, relation: bool = True) -> None:
        super().__init__()
        self.relation = relation
        count = TOKENS * TOKENS
        self.words = nn.Embedding(len(WORDS), width)
        self.feature = nn.Linear(CHANNELS, width)
        self.relate = nn.Linear(count, width)
        self.relate_near = nn.Linear((2 * NEAR + 1) ** 2, width)
        self.overall = nn.Sequential(nn.Linear((2 * NEAR + 1) ** 2 + 2, width), nn.GELU(), nn.Linear(width, width))
        self.overall_gain = nn.Parameter(torch.tensor(25.0))
        self.position = nn.Parameter(torch.randn(PROMPT_LENGTH + 2 * count + 1, width) * 0.02)
        self.segment = nn.Parameter(torch.randn(2, width) * 0.02)
        self.answer = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.logits = nn.Linear(width, 2)
        length = PROMPT_LENGTH + 2 * count + 1
        self.register_buffer("mask", torch.triu(torch.full((length, length), -1e4), 1), persistent=False)

    def _tokens(self, features: Tensor) -> Tensor:
        pooled = F.avg_pool2d(features, 28 // TOKENS).flatten(2).transpose(1, 2)
        return pooled / pooled.norm(dim=2, keepdim=True).clamp(min=1e-4)

    def _near(self, a: Tensor, b: Tensor) -> Tensor:
        """For each token of a, the mean cosine of its 4x4 fine features with b's, shifted by -3..3 positions: [K,49,49]."""
        side = 28
        padded = F.pad(b, (NEAR, NEAR, NEAR, NEAR))
        maps = [
            F.avg_pool2d((a * padded[:, :, dy : dy + side, dx : dx + side]).sum(1, keepdim=True), side // TOKENS)
            for dy in range(2 * NEAR + 1)
            for dx in range(2 * NEAR + 1)
        ]
        return torch.cat(maps, 1).flatten(2).transpose(1, 2)

    def forward(self, query: Tensor, candidate: Tensor, prompt: Tensor) -> Tensor:
        q, c = self._tokens(query), self._tokens(candidate)
        xq, xc = self.feature(q), self.feature(c)
        n = query.shape[0]
        answer = self.answer.expand(n, -1, -1)
        fit = torch.zeros(n, 1, device=query.device)
        if self.relation:
            cosines = q @ c.transpose(1, 2)
            near = self._near(query, candidate)
            # The same shift for all tokens: how well the whole views fit, and how sharply.
            whole = near.mean(1)
            best, mean = whole.amax(1, keepdim=True), whole.mean(1, keepdim=True)
            answer = answer + self.overall(torch.cat([10 * (whole - mean), 10 * best, 10 * (best - mean)], 1)).unsqueeze(1)
            fit = self.overall_gain * (best - 0.5)
            xq = xq + self.relate(cosines) + self.relate_near(near)
            xc = xc + self.relate(cosines.transpose(1, 2))
        x = torch.cat([self.words(prompt), xq + self.segment[0], xc + self.segment[1], answer], 1)
        x = x + self.position
        for layer in self.layers:
            x = layer(x, self.mask)
        return self.logits(self.norm(x[:, -1])) + torch.cat([fit, -fit], 1) / 2
