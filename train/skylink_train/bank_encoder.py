"""What encodes the places that the re-ranker learns from: a checkpoint, or the model folder that flies.

Whoever trains a re-ranker for the shipped encoder needs no checkpoint of it: `--encoder ../models/encoder-1` reads int8 features
as the aircraft sees them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from .encoder import Encoder, Head, unit
from .evaluate import to_tensor


class BankEncoder(Protocol):
    def encode(self, images: list[np.ndarray]) -> tuple[Tensor, Tensor]:
        """uint8 RGB images of one size -> features [n,64,h/8,w/8] and coarse [n,176,h/8,w/8], normalised."""

    def describe(self, grids: Tensor) -> Tensor:
        """Pooled grids [n,16*176] -> unit descriptors [n,256]."""


class Checkpoint:
    """The float network of a training run."""

    def __init__(self, path: Path) -> None:
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.encoder, self.head = Encoder().to(memory_format=torch.channels_last).eval(), Head().eval()
        self.encoder.load_state_dict(state["encoder"])
        self.head.load_state_dict(state["head"])

    @torch.no_grad()
    def encode(self, images: list[np.ndarray]) -> tuple[Tensor, Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            raw = self.encoder.raw(to_tensor(images).contiguous(memory_format=torch.channels_last))
        return unit(*(m.float() for m in raw))

    @torch.no_grad()
    def describe(self, grids: Tensor) -> Tensor:
        return self.head(grids)


class Shipped:
    """A model folder, on one thread."""

    def __init__(self, folder: Path) -> None:
        card = json.loads((folder / "model.json").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.dense, self.descriptor = card["dense"], card["descriptor"]
        self.network, self.head = (
            onnxruntime.InferenceSession(str(folder / part["file"]), options, providers=["CPUExecutionProvider"])
            for part in (self.dense, self.descriptor)
        )

    def encode(self, images: list[np.ndarray]) -> tuple[Tensor, Tensor]:
        outputs = [self.dense["output"], self.dense["coarse"]["output"]]
        features, coarse = self.network.run(outputs, {self.dense["input"]: to_tensor(images).numpy()})
        return torch.from_numpy(features), torch.from_numpy(coarse)

    def describe(self, grids: Tensor) -> Tensor:
        described = self.head.run([self.descriptor["output"]], {self.descriptor["input"]: grids.numpy()})[0]
        return torch.from_numpy(described)


def load_encoder(path: Path) -> BankEncoder:
    """A checkpoint of train_encoder, or a model folder."""
    return Shipped(path) if path.is_dir() else Checkpoint(path)
