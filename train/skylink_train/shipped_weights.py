"""The trained weights of a shipped re-ranker, read back from its graph, so that training can go on from what flies."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from .reranker import Reranker

_FOLDED = ("segment.0", "position.prefix", "segment.1", "position.own")
"""What the exporter makes constants of: the second terms of these sums, in the order in which they are named."""


def reranker_weights(folder: Path) -> dict[str, Tensor]:
    """State of a Reranker; int8 weights come back with the rounding that they fly with.

    Raises ValueError when the graph is not one of export_reranker's.
    """
    graph = onnx.load(str(folder / "reranker.onnx")).graph
    constants = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer}
    state: dict[str, Tensor] = {}
    wanted = {name: value.shape for name, value in Reranker().state_dict().items()}
    for name in wanted:
        if name in constants:
            state[name] = constants[name]
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            weight = _dequantised(constants, node.input[1].removesuffix("_quantized"))
            module = node.name.strip("/").removesuffix("/MatMul_quant")
        elif node.op_type == "MatMul" and node.name.endswith("/Gemm_MatMul"):
            weight = constants[node.input[1]]
            module = node.name.strip("/").removesuffix("/Gemm_MatMul")
        else:
            continue
        for target in _targets(module, wanted):
            state[target] = weight.t().contiguous()
    folded = [name for name in constants if name.startswith("onnx::Add_")]
    if len(folded) == len(_FOLDED):
        parts = dict(zip(_FOLDED, (constants[name] for name in sorted(folded, key=lambda name: int(name.split("_")[1]))), strict=True))
        state["segment"] = torch.stack([parts["segment.0"], parts["segment.1"]])
        state["position"] = torch.cat([parts["position.prefix"], parts["position.own"]])
    for name, shape in wanted.items():
        if name not in state or state[name].shape != shape:
            raise ValueError(f"{folder}/reranker.onnx: weights {name} of shape {tuple(shape)} are not where they are looked for")
    return state


def _dequantised(constants: dict[str, Tensor], name: str) -> Tensor:
    scale, zero = constants[f"{name}_scale"].float(), constants[f"{name}_zero_point"].float()
    return (constants[f"{name}_quantized"].float() - zero) * scale


def _targets(module: str, wanted: dict[str, torch.Size]) -> list[str]:
    """The parameter that a node's module names: `layers.0/query`, `relate/relate.0`; of the second pass through a layer only
    its number is told, as in `query_2`, and only the last layer has nodes that the first pass lacks."""
    last = module.split("/")[-1]
    name = module.replace("/", ".") if module.startswith("layers.") else last
    if f"{name}.weight" in wanted:
        return [f"{name}.weight"]
    layers = 1 + max(int(key.split(".")[1]) for key in wanted if key.startswith("layers."))
    stem, _, number = name.rpartition("_")
    if number == str(layers - 1) and f"layers.{number}.{stem}.weight" in wanted:
        return [f"layers.{number}.{stem}.weight"]
    return []
