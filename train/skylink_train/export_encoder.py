"""Checkpoint -> models/encoder-1: int8 QDQ dense network, float head, model.json.

    python -m skylink_train.export_encoder --checkpoint out/encoder.pt --data DATA --out ../models/encoder-1
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from .data import Sampler, pair_sources, single_sources, world_sources
from .encoder import CELL_PX, CHANNELS, COARSE_CHANNELS, DESCRIPTOR_WIDTH, GRID, STRIDE_PX, Encoder, Head
from .evaluate import imagenet_state, to_tensor
from .model_card import write_model_json

FEATURE_SCALE = 250.0


class Calibration(CalibrationDataReader):
    def __init__(self, images: list[np.ndarray]) -> None:
        self.rest = iter([{"image": to_tensor([image]).numpy()} for image in images])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.rest, None)


def merge_pads(model: onnx.ModelProto) -> None:
    """Pad followed by Conv becomes Conv with asymmetric pads: one node less, and the int8 kernel fuses."""
    graph = model.graph
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
    pads_of = {}
    for node in list(graph.node):
        if node.op_type == "Pad":
            pads = constants[node.input[1]].tolist()
            pads_of[node.output[0]] = (node.input[0], pads)
            graph.node.remove(node)
    for node in graph.node:
        if node.op_type == "Conv" and node.input[0] in pads_of:
            source, pads = pads_of[node.input[0]]
            node.input[0] = source
            half = len(pads) // 2
            for attribute in list(node.attribute):
                if attribute.name in ("pads", "auto_pad"):
                    node.attribute.remove(attribute)
            node.attribute.append(onnx.helper.make_attribute("pads", [*pads[2:half], *pads[half + 2 :]]))


def fold_constants(path: Path) -> None:
    """Rewrites the graph after onnxruntime's basic optimisations."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def export_graph(network: torch.nn.Module, path: Path) -> None:
    """A network from images to features as an ONNX file with any batch and size."""
    network.eval()
    torch.onnx.export(
        network, (torch.zeros(1, 3, CELL_PX, CELL_PX),), str(path), input_names=["image"], output_names=["features", "coarse"],
        dynamic_axes={
            "image": {0: "n", 2: "h", 3: "w"}, "features": {0: "n", 2: "h8", 3: "w8"}, "coarse": {0: "n", 2: "h8", 3: "w8"},
        },
        opset_version=17,
        dynamo=False,
    )
    fold_constants(path)
    model = onnx.load(str(path))
    merge_pads(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def quantise(source: Path, target: Path, images: list[np.ndarray]) -> None:
    """int8 QDQ, but for the first three convolutions (cosine to float .94 with them, .99 without) and the two last."""
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        convs = [node.name for node in onnx.load(str(prepared)).graph.node if node.op_type == "Conv"]
        quantize_static(
            str(prepared), str(target), Calibration(images), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, op_types_to_quantize=["Conv", "Add", "Resize"],
            calibrate_method=CalibrationMethod.Percentile, extra_options={"CalibPercentile": 99.995}, nodes_to_exclude=[*convs[:3], "/out/Conv", "/coarse_out/Conv"],
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="without it: ImageNet weights and an untrained neck")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--worlds", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float-out", type=Path, help="also keep the float graph here")
    parser.add_argument("--card", type=Path, help="JSON with training_data and results for model.json")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    encoder, head = Encoder(), Head()
    if args.checkpoint:
        state = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
        encoder.load_state_dict(state["encoder"])
        head.load_state_dict(state["head"])
    else:
        encoder.load_imagenet(imagenet_state())
    with tempfile.TemporaryDirectory() as scratch:
        float_path = args.float_out or Path(scratch) / "encoder_fp32.onnx"
        export_graph(encoder, float_path)
        sources = [s for s in pair_sources(args.data) + single_sources(args.data) if not s.held_out]
        if args.worlds:
            sources += world_sources(args.worlds, sum(s.weight for s in sources))
        samples = Sampler(sources, 5).batch(96)
        images = [s.query for s in samples[:64]] + [s.map_crop[:CELL_PX, :CELL_PX] for s in samples[64:]]
        quantise(float_path, args.out / "encoder.onnx", images)
    torch.onnx.export(
        head.eval(), (torch.zeros(1, GRID * GRID * COARSE_CHANNELS),), str(args.out / "head.onnx"), input_names=["grid"],
        output_names=["descriptor"], dynamic_axes={"grid": {0: "n"}, "descriptor": {0: "n"}}, opset_version=17, dynamo=False,
    )
    card = json.loads(args.card.read_text()) if args.card else {"training_data": [], "results": {}}
    write_model_json(
        args.out,
        {
            "kind": "encoder", "id": "skylink-encoder-1", "precision": "int8 QDQ (first three and last layers, head float32)",
            "licence": "Apache-2.0",
            "dense": {
                "file": "encoder.onnx", "input": "image", "output": "features", "mean": [0.485, 0.456, 0.406],
                "std": [0.229, 0.224, 0.225], "multiple_px": 16, "stride_px": STRIDE_PX, "channels": CHANNELS,
                "coarse": {"output": "coarse", "channels": COARSE_CHANNELS}, "feature_scale": FEATURE_SCALE,
            },
            "descriptor": {"file": "head.onnx", "input": "grid", "output": "descriptor", "grid": GRID, "width": DESCRIPTOR_WIDTH},
            "cell_px": CELL_PX, **card,
        },
        ["encoder.onnx", "head.onnx"],
    )


if __name__ == "__main__":
    main()
