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


def write_int8(folder: Path) -> None:
    """{session}_int8.onnx: int8 weights, activations quantised as they come."""
    for session in SESSIONS:
        quantize_dynamic(
            folder / f"{session}.onnx", folder / f"{session}_int8.onnx", weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )


def write_q4(folder: Path) -> None:
    """decoder_model_merged_q4.onnx: 4 bit weights in blocks of 16, the operator MatMulNBits."""
    model = onnx.load(folder / "decoder_model_merged.onnx")
    quantizer = MatMulNBitsQuantizer(model, block_size=16, is_symmetric=True, accuracy_level=4)
    quantizer.process()
    onnx.save(quantizer.model.model, folder / "decoder_model_merged_q4.onnx")


def write_fp16(folder: Path) -> None:
    """decoder_model_merged_fp16.onnx: half floats inside and out, its cache too."""
    model = onnx.load(folder / "decoder_model_merged.onnx")
    onnx.save(convert_float_to_float16(model, keep_io_types=False), folder / "decoder_model_merged_fp16.onnx")
