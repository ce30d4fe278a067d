"""The decoder with its cache as inputs and outputs, and the token embedding: what exporters call decoder_model_merged."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from torch import nn

OPSET = 17


class PastCache:
    """The part of transformers' Cache that attention layers call: joins new keys and values to those given."""

    def __init__(self, past: tuple[torch.Tensor, ...]) -> None:
        self.past = past
        self.present: list[torch.Tensor] = []

    def update(self, key: torch.Tensor, value: torch.Tensor, layer: int, *_: object) -> tuple[torch.Tensor, torch.Tensor]:
        key = torch.cat([self.past[2 * layer], key], dim=2)
        value = torch.cat([self.past[2 * layer + 1], value], dim=2)
        self.present += [key, value]
        return key, value


class MergedDecoder(nn.Module):
    """transformers' own decoder layers around a cache of plain tensors; `score` replaces the vocabulary by one number."""

    def __init__(self, text: nn.Module, head: nn.Module, keep: bool, score: bool) -> None:
        super().__init__()
        self.text = text
        self.head = head
        self.keep = keep
        self.score = score

    def forward(self, embeds: torch.Tensor, mask: torch.Tensor, position_ids: torch.Tensor, *rest: torch.Tensor):
        past = rest[1:] if self.keep else rest
        cache = PastCache(past)
        seen = past[0].shape[2]
        length = embeds.shape[1]
        key = torch.arange(seen + length)[None, :]
        allowed = (key <= seen + torch.arange(length)[:, None])[None, None] & (mask[:, None, None, :] > 0)
        bias = torch.where(allowed, 0.0, torch.finfo(torch.float32).min)
        hidden = embeds
        positions = self.text.rotary_emb(hidden, position_ids)
        for layer in self.text.layers:
            hidden = layer(hidden, attention_mask=bias, position_embeddings=positions, past_key_values=cache)
        hidden = self.text.norm(hidden)
        if self.keep:
            start = torch.where(rest[0] > 0, length - rest[0], 0)
            hidden = hidden[:, start:]
        out = self.head(hidden[:, -1]) if self.score else self.head(hidden)
        return out, *cache.present


def names(layers: int, prefix: str) -> list[str]:
    return [f"{prefix}.{layer}.{part}" for layer in range(layers) for part in ("key", "value")]


def export_decoder(
    text: nn.Module, head: nn.Module, path: Path, *, position_rows: int | None, keep: bool = False, score: bool = False
) -> None:
    """`position_rows` is 3 for M-RoPE's [3, batch, sequence] position ids, None for [batch, sequence]."""
    config = text.config
    heads, layers = config.num_key_value_heads, config.num_hidden_layers
    width = config.hidden_size // config.num_attention_heads
    batch, length, seen = 2, 5, 3
    ids = torch.arange(seen, seen + length).expand(batch, -1)
    rows = {} if position_rows is None else {"position_ids": {1: "batch_size", 2: "sequence_length"}}
    example = [
        torch.randn(batch, length, config.hidden_size),
        torch.ones(batch, seen + length, dtype=torch.long),
        ids if position_rows is None else ids.expand(position_rows, -1, -1),
        *([torch.tensor(1)] if keep else []),
        *[torch.randn(batch, heads, seen, width) for _ in range(2 * layers)],
    ]
    inputs = ["inputs_embeds", "attention_mask", "position_ids", *(["num_logits_to_keep"] if keep else [])]
    outputs = ["score" if score else "logits"]
    axes = {
        "inputs_embeds": {0: "batch_size", 1: "sequence_length"},
        "attention_mask": {0: "batch_size", 1: "total_sequence_length"},
        "position_ids": {0: "batch_size", 1: "sequence_length"},
        outputs[0]: {0: "batch_size"} if score else {0: "batch_size", 1: "num_logits"},
        **rows,
        **{name: {0: "batch_size", 2: "past_sequence_length"} for name in names(layers, "past_key_values")},
        **{name: {0: "batch_size", 2: "total_sequence_length"} for name in names(layers, "present")},
    }
    export(
        MergedDecoder(text, head, keep, score), tuple(example), path,
        inputs + names(layers, "past_key_values"), outputs + names(layers, "present"), axes,
    )


def export_embedding(embedding: nn.Module, path: Path) -> None:
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in ("input_ids", "inputs_embeds")}
    export(embedding, (torch.zeros(2, 3, dtype=torch.long),), path, ["input_ids"], ["inputs_embeds"], axes)


def export(
    module: nn.Module, example: tuple[torch.Tensor, ...], path: Path, inputs: list[str], outputs: list[str],
    axes: dict[str, dict[int, str]],
) -> None:
    with torch.no_grad():
        torch.onnx.export(
            module.eval(), example, str(path), input_names=inputs, output_names=outputs, dynamic_axes=axes,
            opset_version=OPSET, dynamo=False,
        )
    model = onnx.load(path)
    shorten(model.graph, {*inputs, *outputs})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def shorten(graph: onnx.GraphProto, keep: set[str]) -> None:
    """Short names for everything inside: in graphs this small the names are half of the file."""
    short = {name: name for name in {*keep, ""}}
    rename = lambda name: short.setdefault(name, f"t{len(short)}")  # noqa: E731
    for tensor in graph.initializer:
        tensor.name = rename(tensor.name)
    for number, node in enumerate(graph.node):
        node.name = f"n{number}"
        node.doc_string = ""
        del node.metadata_props[:]
        for field in (node.input, node.output):
            renamed = [rename(name) for name in field]
            del field[:]
            field.extend(renamed)
    del graph.value_info[:]
