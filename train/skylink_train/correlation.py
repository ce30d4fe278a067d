"""The graph that registration and the re-ranker slide pictures with; it has no weights."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

GRAPH = {"file": "correlate.onnx", "map": "map", "query": "query", "score": "score"}


def correlation_graph() -> onnx.ModelProto:
    """map [1,C,H,W], query [V,C,h,w] -> score [1,V,H-h+1,W-w+1]: plain sums of products."""
    node = helper.make_node("Conv", ["map", "query"], ["score"])
    graph = helper.make_graph(
        [node],
        "correlate",
        [
            helper.make_tensor_value_info("map", TensorProto.FLOAT, [1, "c", "H", "W"]),
            helper.make_tensor_value_info("query", TensorProto.FLOAT, ["v", "c", "h", "w"]),
        ],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [1, "v", "y", "x"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def save_correlation(folder: Path) -> None:
    onnx.save(correlation_graph(), str(folder / GRAPH["file"]))
