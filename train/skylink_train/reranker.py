"""The compact vision-language re-ranker: reads a text prompt, the frame's tokens and a candidate's tokens jointly.

A causal transformer over [prompt, frame tokens, candidate tokens, answer token] ends in two logits: yes, no. Prompt and frame
are a prefix that all candidates of a view share: they are read once for each view (heading or scale that was tried), and each
candidate's tokens attend to their keys and values in every layer. A candidate's tokens are taken where the frame lies on
it best (alignment.py), and carry the relation: cosines with all frame tokens and the match at shifts about that place. The
answer token carries how well the whole frame fits under each heading, scale and shift. Everything is inside the graph.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .alignment import AROUND, CHANNELS_NEAR, FINE, NEAR, SHIFTS, TOKENS, VARIANTS, Alignment, unit_rows
from .encoder import CHANNELS

WORDS = ["<pad>", "uav", "view", "from", "height", "m", "footprint", "heading", "sigma", "deg", "map", "age", "months",
         "month", "same", "place", "?", "yes", "no", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
TEMPLATE = (
    "uav view from height {agl_m:4} m footprint {footprint_m:4} m heading sigma {yaw_sigma_deg:3} deg "
    "map age {map_age_months:3} months month {month:2} same place ?"
)
COUNT = TOKENS * TOKENS


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
PREFIX = PROMPT_LENGTH + COUNT


class Layer(nn.Module):
    """One causal layer; keys and values of what came before may be handed in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.project = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)

    def _split(self, x: Tensor) -> Tensor:
        n, length, width = x.shape
        return x.reshape(n, length, self.heads, width // self.heads).transpose(1, 2)

    def _join(self, x: Tensor) -> Tensor:
        n, heads, length, part = x.shape
        return self.project(x.transpose(1, 2).reshape(n, length, heads * part))

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The prefix: x [H,P,w] -> x, keys [H,heads,w/heads,P], values [H,heads,P,w/heads]."""
        y = self.norm1(x)
        q = self._split(self.query(y)) * (y.shape[2] // self.heads) ** -0.5
        k, v = self._split(self.key(y)).transpose(2, 3), self._split(self.value(y))
        x = x + self._join(torch.softmax(q @ k + mask, -1) @ v)
        return x + self.down(F.relu(self.up(self.norm2(x)))), k, v

    def after(self, x: Tensor, k: Tensor, v: Tensor, view_of: Tensor, mask: Tensor, rows: int | None = None) -> Tensor:
        """What follows it: x [K,L,w], with the prefix's keys and values of the view `view_of` of each. With `rows` only the
        last so many of L are worked out: nothing reads the others after the last layer."""
        y = self.norm1(x)
        if rows is not None:
            x, mask = x[:, -rows:], mask[-rows:]
        q = self._split(self.query(y if rows is None else y[:, -rows:])) * (y.shape[2] // self.heads) ** -0.5
        own = q @ self._split(self.key(y)).transpose(2, 3) + mask
        weights = torch.softmax(torch.cat([q @ k.index_select(0, view_of), own], 3), -1)
        length = k.shape[3]
        read = weights[..., :length] @ v.index_select(0, view_of) + weights[..., length:] @ self._split(self.value(y))
        x = x + self._join(read)
        return x + self.down(F.relu(self.up(self.norm2(x))))


def causal(length: int) -> Tensor:
    return torch.triu(torch.full((length, length), -1e4), 1)


class Reranker(nn.Module):
    """views [H,64,28,28], windows [K,28,28,64] (any scale), view_of [K], prompt [T] ids -> logits [K,2] (yes, no)."""

    def __init__(self, width: int = 96, layers: int = 3, heads: int = 4, relation: bool = True) -> None:
        super().__init__()
        self.relation = relation
        self.align = Alignment()
        self.words = nn.Embedding(len(WORDS), width)
        self.feature = nn.Linear(CHANNELS_NEAR, width)
        shifts = (2 * NEAR + 1) ** 2 + (2 * AROUND + 1) ** 2
        self.relate = nn.Sequential(nn.Linear(COUNT + shifts, width), nn.ReLU(), nn.Linear(width, width))
        self.overall = nn.Sequential(
            nn.Linear(3 * len(VARIANTS) + SHIFTS * SHIFTS + 3, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.position = nn.Parameter(torch.randn(PREFIX + COUNT + 1, width) * 0.02)
        self.segment = nn.Parameter(torch.randn(2, width) * 0.02)
        self.answer = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.logits = nn.Linear(width, 2)
        self.fit = nn.Linear(4, 1)
        nn.init.zeros_(self.fit.weight)
        self.register_buffer("prefix_mask", causal(PREFIX), persistent=False)
        self.register_buffer("own_mask", causal(COUNT + 1), persistent=False)

    def evidence(self, views: Tensor, windows: Tensor, view_of: Tensor) -> tuple[Tensor, ...]:
        """All that is not trained: tokens of each view [H,49,32], and for each candidate what Alignment gives.

        views [H,64,28,28], windows [K,28,28,64] of any scale, view_of [K].
        """
        view = views.flatten(2).transpose(1, 2).reshape(-1, FINE, FINE, CHANNELS)
        parts = self.align.view_parts(view)
        return parts[3], *self.align(parts, view_of, unit_rows(windows))

    def forward(self, views: Tensor, windows: Tensor, view_of: Tensor, prompt: Tensor) -> Tensor:
        return self.judge(self.evidence(views, windows, view_of), view_of, prompt.unsqueeze(0).expand(views.shape[0], -1))

    def judge(self, evidence: tuple[Tensor, ...], view_of: Tensor, prompt: Tensor) -> Tensor:
        """prompt: ids of each view [H,T]."""
        view_tokens, scores, around, near, tokens, cosines, lying = evidence
        answer = self.answer.expand(tokens.shape[0], -1, -1)
        own = self.feature((tokens if self.relation else lying) * 4)
        extra = torch.zeros(tokens.shape[0], 1)
        if self.relation:
            summary, fit = self._summary(scores, near)
            answer = answer + self.overall(summary).unsqueeze(1)
            extra = self.fit(fit)
            own = own + self.relate(torch.cat([cosines, 4 * near, 4 * around], 2))
        prefix = torch.cat([self.words(prompt), self.feature(view_tokens * 4) + self.segment[0]], 1) + self.position[:PREFIX]
        x = torch.cat([own + self.segment[1], answer], 1) + self.position[PREFIX:]
        last = len(self.layers) - 1
        for index, layer in enumerate(self.layers):
            prefix, k, v = layer(prefix, self.prefix_mask)
            x = layer.after(x, k, v, view_of, self.own_mask, 1 if index == last else None)
        return self.logits(self.norm(x[:, -1])) + torch.cat([extra, -extra], 1) / 2

    def _summary(self, scores: Tensor, near: Tensor) -> tuple[Tensor, Tensor]:
        """What the answer token is told of all hypotheses."""
        of = scores.reshape(-1, len(VARIANTS), SHIFTS * SHIFTS)
        best = of.amax(2)
        mean = of.mean(2)
        spread = ((of - mean.unsqueeze(2)) ** 2).mean(2).sqrt()
        anywhere = of.amax(1)
        top = best.amax(1, keepdim=True)
        level = mean.mean(1, keepdim=True)
        width = spread.mean(1, keepdim=True)
        local = near.amax(2).mean(1, keepdim=True)
        summary = torch.cat(
            [10 * (best - top), 10 * (best - mean), 10 * spread, 10 * (anywhere - top), 10 * local, 5 * top, 10 * width], 1
        )
        fit = torch.cat([10 * (top - level), (top - level) / (width + 0.01), 10 * local, 5 * top], 1)
        return summary, fit
