"""The smaller variants of a folder's graphs, under the names that exporters give them."""

from __future__ import annotations

import logging
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.transformers.float16 import convert_float_to_float16

# One line a node otherwise.
logging.disable(logging.WARNING)

SESSIONS = ("vision_encoder", "embed_tokens", "decoder_model_merged")


def write_int8(folder: Path, rename: dict[str, str] | None = None) -> None:
    """{session}_int8.onnx: int8 weights, activations quantised as they come. `rename` gives inputs other names, as other
    exporters do."""
    for session in SESSIONS:
        quantize_dynamic(
            folder / f"{session}.onnx", folder / f"{session}_int8.onnx", weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        if rename is not None:
            rename_inputs(folder / f"{session}_int8.onnx", rename)


def rename_inputs(path: Path, names: dict[str, str]) -> None:
    model = onnx.load(path)
    for value in model.graph.input:
        value.name = names.get(value.name, value.name)
    for node in model.graph.node:
        renamed = [names.get(name, name) for name in node.input]
        del node.input[:]
        node.input.extend(renamed)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write_q4(folder: Path, cache_branch: bool = False) -> None:
    """decoder_model_merged_q4.onnx: 4 bit weights in blocks of 16, the operator MatMulNBits. With `cache_branch` it takes
    `use_cache_branch`, as decoders do that were merged of two: here it changes nothing."""
    model = onnx.load(folder / "decoder_model_merged.onnx")
    quantizer = MatMulNBitsQuantizer(model, block_size=16, is_symmetric=True, accuracy_level=4)
    quantizer.process()
    if cache_branch:
        branch = onnx.helper.make_tensor_value_info("use_cache_branch", onnx.TensorProto.BOOL, [1])
        quantizer.model.model.graph.input.append(branch)
    onnx.save(quantizer.model.model, folder / "decoder_model_merged_q4.onnx")


def write_fp16(folder: Path) -> None:
    """decoder_model_merged_fp16.onnx: half floats inside and out, its cache too."""
    model = onnx.load(folder / "decoder_model_merged.onnx")
    onnx.save(convert_float_to_float16(model, keep_io_types=False), folder / "decoder_model_merged_fp16.onnx")
