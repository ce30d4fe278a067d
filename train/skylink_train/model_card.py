"""Writes model folders: ONNX files beside a model.json that names them by hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def write_model_json(folder: Path, card: dict[str, Any], files: list[str]) -> None:
    listed = {}
    for name in sorted(files):
        content = (folder / name).read_bytes()
        listed[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "model.json").write_text(json.dumps({"format": 1, **card, "files": listed}, indent=2) + "\n")
