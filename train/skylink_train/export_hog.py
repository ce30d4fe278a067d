"""Writes models/hog-1: histograms of oriented gradients as an ONNX graph, a retriever without learned weights.

    python -m skylink_train.export_hog --out ../models/hog-1
    python -m skylink_train.export_hog --check          # the graph against a numpy reference, no files

After N. Dalal and B. Triggs, "Histograms of Oriented Gradients for Human Detection" (CVPR 2005): centred differences,
unsigned orientation in bins that share a vote linearly, cells, overlapping blocks of 2 x 2 cells with L2-Hys norm. Left
out: the Gaussian window over a block and the spatial sharing of votes between cells. Needs numpy, onnx and onnxruntime.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .model_card import write_model_json

SIDE_PX = 128
CELL_PX = 16
BINS = 9
BLOCK = 2
CLIP = 0.2
EPS = 1e-3
LUMA = (0.299, 0.587, 0.114)
CELLS = SIDE_PX // CELL_PX
BLOCKS = CELLS - BLOCK + 1
WIDTH = BLOCKS * BLOCKS * BLOCK * BLOCK * BINS


def hog_graph() -> onnx.ModelProto:
    """image [n,3,128,128], black to white one apart -> descriptor [n,1764]; constants are its only parameters."""
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def const(name: str, value: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(value, name))
        return name

    def floats(name: str, *values: float) -> str:
        return const(name, np.array(values, np.float32))

    def node(op: str, inputs: list[str], out: str, **attributes: object) -> str:
        nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    luma = node("Conv", ["image", const("luma_weights", np.array(LUMA, np.float32).reshape(1, 3, 1, 1))], "luma")
    padded = node("Pad", [luma, const("pads", np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64))], "padded", mode="edge")
    step = np.zeros((2, 1, 3, 3), np.float32)
    step[0, 0, 1, 0], step[0, 0, 1, 2] = -1, 1
    step[1, 0, 0, 1], step[1, 0, 2, 1] = -1, 1
    gradient = node("Conv", [padded, const("step", step)], "gradient")
    axis = const("axis", np.array([1], np.int64))
    node("Split", [gradient, const("halves", np.array([1, 1], np.int64))], "gx", axis=1)
    nodes[-1].output.append("gy")
    magnitude = node("Sqrt", [node("ReduceSum", [node("Mul", [gradient, gradient], "squares"), axis], "power", keepdims=1)], "magnitude")
    # The angle of the line through both ends of the gradient, -90 to 90 degrees: unsigned, as HOG wants it. Where the
    # horizontal part vanishes the quotient is made large, which is 90 degrees; the votes there weigh by magnitude.
    tiny = node("Less", [node("Abs", ["gx"], "size_x"), floats("least", 1e-6)], "tiny")
    slope = node("Div", ["gy", node("Where", [tiny, floats("small", 1e-12), "gx"], "safe_x")], "slope")
    angle = node("Atan", [slope], "angle")
    centres = ((np.arange(BINS) + 0.5) * np.pi / BINS).astype(np.float32).reshape(1, BINS, 1, 1)
    apart = node("Abs", [node("Sub", [angle, const("centres", centres)], "signed")], "apart")
    around = node("Abs", [node("Sub", [floats("half_turn", np.pi), apart], "rest")], "around")
    distance = node("Min", [apart, around], "distance")
    share = node("Relu", [node("Sub", [floats("one", 1), node("Div", [distance, floats("bin", np.pi / BINS)], "bins_away")], "linear")], "share")
    votes = node("Mul", [share, magnitude], "votes")
    cells = node("AveragePool", [votes], "cells", kernel_shape=[CELL_PX, CELL_PX], strides=[CELL_PX, CELL_PX])
    corners = []
    axes = const("axes", np.array([2, 3], np.int64))
    for dy in range(BLOCK):
        for dx in range(BLOCK):
            starts = const(f"starts_{dy}{dx}", np.array([dy, dx], np.int64))
            ends = const(f"ends_{dy}{dx}", np.array([dy + BLOCKS, dx + BLOCKS], np.int64))
            corners.append(node("Slice", [cells, starts, ends, axes], f"corner_{dy}{dx}"))
    blocks = node("Concat", corners, "blocks", axis=1)

    def unit(name: str, source: str) -> str:
        squares = node("ReduceSum", [node("Mul", [source, source], f"{name}_squares"), axis], f"{name}_sum", keepdims=1)
        length = node("Sqrt", [node("Add", [squares, "eps"], f"{name}_safe")], f"{name}_length")
        return node("Div", [source, length], name)

    floats("eps", EPS**2)
    clipped = node("Min", [unit("first_norm", blocks), floats("clip", CLIP)], "clipped")
    node("Flatten", [unit("second_norm", clipped)], "descriptor", axis=1)
    graph = helper.make_graph(
        nodes, "hog",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, SIDE_PX, SIDE_PX])],
        [helper.make_tensor_value_info("descriptor", TensorProto.FLOAT, ["n", WIDTH])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def hog_reference(image: np.ndarray) -> np.ndarray:
    """The same of one image [3,128,128], written down plainly: angles by arctan2, loops over cells and blocks."""
    luma = np.tensordot(np.array(LUMA), image.astype(np.float64), 1)
    edge = np.pad(luma, 1, mode="edge")
    gx, gy = edge[1:-1, 2:] - edge[1:-1, :-2], edge[2:, 1:-1] - edge[:-2, 1:-1]
    place = np.mod(np.arctan2(gy, gx), np.pi) / (np.pi / BINS) - 0.5
    low = np.floor(place).astype(int)
    upper_share = place - low
    magnitude = np.hypot(gx, gy)
    cells = np.zeros((CELLS, CELLS, BINS))
    for y in range(SIDE_PX):
        for x in range(SIDE_PX):
            cell = cells[y // CELL_PX, x // CELL_PX]
            cell[low[y, x] % BINS] += magnitude[y, x] * (1 - upper_share[y, x]) / CELL_PX**2
            cell[(low[y, x] + 1) % BINS] += magnitude[y, x] * upper_share[y, x] / CELL_PX**2
    out = np.zeros((BLOCK * BLOCK * BINS, BLOCKS, BLOCKS))
    for i in range(BLOCKS):
        for j in range(BLOCKS):
            block = cells[i : i + BLOCK, j : j + BLOCK].reshape(-1)
            block = np.minimum(block / np.sqrt((block**2).sum() + EPS**2), CLIP)
            out[:, i, j] = block / np.sqrt((block**2).sum() + EPS**2)
    return out.reshape(-1)


def check() -> None:
    """Largest difference between graph and reference, on noise, on stripes of every direction, and on a flat image."""
    import onnxruntime

    session = onnxruntime.InferenceSession(hog_graph().SerializeToString(), providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    yy, xx = np.mgrid[:SIDE_PX, :SIDE_PX]
    turns = [np.pi * k / 12 + 0.01 for k in range(12)]
    stripes = [0.5 + 0.4 * np.sin((xx * np.cos(a) + yy * np.sin(a)) / 5) for a in turns]
    images = [np.stack([s, s**2, 1 - s]) for s in stripes] + [random.random((3, SIDE_PX, SIDE_PX)) for _ in range(4)]
    images.append(np.full((3, SIDE_PX, SIDE_PX), 0.3))
    batch = np.stack(images).astype(np.float32)
    (got,) = session.run(None, {"image": batch})
    worst = max(float(np.abs(row - hog_reference(image)).max()) for row, image in zip(got, batch, strict=True))
    print(f"{len(images)} images, largest difference {worst:.2e}")
    if not worst < 1e-3:
        raise SystemExit("the graph does not compute what the reference does")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--check", action="store_true", help="compare the graph with a numpy reference")
    args = parser.parse_args()
    if args.out is None and not args.check:
        parser.error("give --out FOLDER, or --check")
    if args.check:
        check()
    if args.out is None:
        return
    args.out.mkdir(parents=True, exist_ok=True)
    onnx.save(hog_graph(), str(args.out / "hog.onnx"))
    write_model_json(
        args.out,
        {
            "kind": "retriever", "id": "hog-1", "precision": "float32", "licence": "Apache-2.0",
            "graph": {
                "file": "hog.onnx", "input": "image", "output": "descriptor", "side_px": SIDE_PX, "layout": "nchw",
                # The gradients do not see the mean; it is what pixels without data are filled with.
                "range": [0, 1], "mean": [0.45, 0.45, 0.45], "std": [1, 1, 1],
            },
            "descriptor": {"width": WIDTH},
            "training_data": [], "results": {},
        },
        ["hog.onnx"],
    )


if __name__ == "__main__":
    main()
