"""Builds TensorRT engines as EPContext models with onnxruntime's Python package, on the computer that will fly.

    python -m skylink_train.tensorrt_engine --model ../models/encoder-1 --engines /var/lib/skylink-agent/engines [--fp16]

For builds of onnxruntime-node that cannot write engines themselves (docs/jetson.md). The engine is built for the shapes
between the first and the last golden case of model.json. `skylink-agent warmup` then checks it against the golden output
and stamps it; before that the agent does not use it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import onnxruntime


def shape_text(case: dict[str, Any]) -> str:
    """The inputs of a golden case as TensorRT's profile options want them: name:1x3x224x224,other:1x33."""
    return ",".join(f"{name}:{'x'.join(str(side) for side in recipe['shape'])}" for name, recipe in case["inputs"].items())


def engine_path(engines: Path, file: str, sha256: str) -> Path:
    """Where models/runtime/engines.ts looks for the engine of a graph."""
    return engines / sha256[:16] / f"{Path(file).stem}_ctx.onnx"


def provider_options(golden: dict[str, Any], target: Path, fp16: bool) -> dict[str, str]:
    """Options of the TensorRT provider for one graph."""
    cases = golden["cases"]
    return {
        "device_id": "0",
        "trt_fp16_enable": "1" if fp16 else "0",
        "trt_profile_min_shapes": shape_text(cases[0]),
        "trt_profile_opt_shapes": shape_text(cases[-1]),
        "trt_profile_max_shapes": shape_text(cases[-1]),
        "trt_dump_ep_context_model": "1",
        "trt_ep_context_file_path": str(target),
        "trt_ep_context_embed_mode": "1",
    }


def build(model: Path, engines: Path, fp16: bool) -> list[Path]:
    card = json.loads((model / "model.json").read_text())
    if "golden" not in card:
        raise SystemExit(f"error: {model}/model.json has no golden output; node dist/models/runtime/make-golden.js writes it")
    written = []
    for file, golden in card["golden"]["graphs"].items():
        target = engine_path(engines, file, card["files"][file]["sha256"])
        target.parent.mkdir(parents=True, exist_ok=True)
        # onnxruntime refuses to write over an engine, and a stamp belongs to the engine that was checked.
        for old in (target, target.with_suffix(".json")):
            old.unlink(missing_ok=True)
        options = provider_options(golden, target, fp16)
        session = onnxruntime.InferenceSession(
            str(model / file), providers=[("TensorrtExecutionProvider", options), "CPUExecutionProvider"]
        )
        if session.get_providers()[0] != "TensorrtExecutionProvider":
            raise SystemExit(f"error: {file}: TensorRT could not be loaded; see onnxruntime's message above")
        if not target.exists():
            raise SystemExit(f"error: {file}: TensorRT takes only parts of this graph, so there is no engine of the whole")
        written.append(target)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model folder with golden output")
    parser.add_argument("--engines", type=Path, required=True, help="the agent's engine folder: STATE_DIR/engines")
    parser.add_argument("--fp16", action="store_true", help="allow half precision")
    args = parser.parse_args()
    if "TensorrtExecutionProvider" not in onnxruntime.get_available_providers():
        raise SystemExit("error: this onnxruntime was built without TensorRT; docs/jetson.md says how to build one with it")
    for path in build(args.model, args.engines, args.fp16):
        print(path)


if __name__ == "__main__":
    main()
