"""What transformers itself computes for the tests' prompt and pictures; the TypeScript side is held to it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import torch
from PIL import Image
from torch import nn
from transformers import Qwen2VLProcessor

from . import prompt, qwen2_vl, smolvlm

SAMPLES = 97


def summary(tensor: torch.Tensor) -> dict:
    """Shape, sums and every so many values of a tensor."""
    flat = tensor.double().flatten()
    step = max(1, flat.numel() // SAMPLES)
    return {
        "shape": list(tensor.shape), "sum": flat.sum().item(), "sum_of_squares": flat.square().sum().item(),
        "step": step, "values": [round(value, 6) for value in flat[::step].tolist()],
    }


def answer_ids(tokenizer: object) -> dict[str, list[int]]:
    """Spellings of yes and no that are one token."""
    encoded = {
        word: [tokenizer.encode(spelling, add_special_tokens=False) for spelling in spellings]
        for word, spellings in prompt.SPELLINGS.items()
    }
    return {word: [ids[0] for ids in found if len(ids) == 1] for word, found in encoded.items()}


def smolvlm_inputs(processor: object, images: list[Image.Image], split: bool) -> dict:
    text = processor.apply_chat_template(prompt.conversation(), add_generation_prompt=True)
    return processor(images=[images], text=[text], return_tensors="pt", do_image_splitting=split), text


def qwen_inputs(tokenizer: object, images: list[Image.Image]) -> tuple[dict, str]:
    """As Qwen2VLProcessor makes them: it asks for a video processor too, so its image half is called by itself."""
    text = tokenizer.apply_chat_template(prompt.conversation(), add_generation_prompt=True, tokenize=False)
    processor = qwen2_vl.image_processor()
    pixels = processor(images=images, return_tensors="pt")
    stand_in = SimpleNamespace(image_processor=processor, image_token="<|image_pad|>")
    pieces = text.split("<|image_pad|>")
    expanded = pieces[0]
    for number, piece in enumerate(pieces[1:]):
        expanded += Qwen2VLProcessor.replace_image_token(stand_in, pixels, number) + piece
    encoded = tokenizer(expanded, return_tensors="pt")
    image_id = tokenizer.convert_tokens_to_ids("<|image_pad|>")
    kinds = (encoded["input_ids"] == image_id).int()
    return {**encoded, **pixels, "mm_token_type_ids": kinds}, text


def logits_of(net: nn.Module, inputs: dict, score_head: nn.Module | None) -> torch.Tensor:
    with torch.no_grad():
        if score_head is None:
            return net(**inputs, use_cache=False).logits[0, -1]
        hidden = net.model(**inputs, use_cache=False).last_hidden_state
        return score_head(hidden[0, -1])


def check_graph(net: nn.Module, inputs: dict, onnx_folder: Path) -> None:
    """The exported vision encoder loads and gives the image features of transformers."""
    session = onnxruntime.InferenceSession(onnx_folder / "vision_encoder.onnx", providers=["CPUExecutionProvider"])
    with torch.no_grad():
        if "image_grid_thw" in inputs:
            feeds = {"pixel_values": inputs["pixel_values"], "grid_thw": inputs["image_grid_thw"]}
            wanted = net.model.get_image_features(inputs["pixel_values"], inputs["image_grid_thw"]).pooler_output
        else:
            feeds = {"pixel_values": inputs["pixel_values"], "pixel_attention_mask": inputs["pixel_attention_mask"].bool()}
            wanted = net.model.get_image_features(inputs["pixel_values"], inputs["pixel_attention_mask"]).pooler_output
    made = session.run(None, {name: tensor.numpy() for name, tensor in feeds.items()})[0]
    joined = torch.cat(list(wanted)).numpy()
    worst = np.abs(made.reshape(joined.shape) - joined).max()
    if worst > 1e-4 * max(1.0, float(np.abs(joined).max())):
        raise SystemExit(f"{onnx_folder}: image features differ from transformers' by up to {worst}")


def reference(
    net: nn.Module, reader: object, family: str, score_head: nn.Module | None, split: bool, folder: Path
) -> dict:
    """`reader` is the processor of an Idefics3 model, the tokenizer of a Qwen2-VL model."""
    query, *candidates = prompt.pictures()
    idefics = family == smolvlm.FAMILY
    tokenizer = reader.tokenizer if idefics else reader
    answers = answer_ids(tokenizer)
    out: dict = {"family": family, "values": prompt.VALUES, "side_px": prompt.SIDE_PX, "query_seed": prompt.QUERY_SEED,
                 "candidate_seeds": prompt.CANDIDATE_SEEDS, "odd": prompt.ODD, "answers": answers, "candidates": []}
    for image in candidates:
        inputs, text = smolvlm_inputs(reader, [query, image], split) if idefics else qwen_inputs(reader, [query, image])
        check_graph(net, inputs, folder / "onnx")
        logits = logits_of(net, inputs, score_head)
        if score_head is not None:
            out["candidates"].append({"score": logits.item()})
            continue
        yes, no = (logits[answers[word]] for word in ("yes", "no"))
        score = torch.logsumexp(yes, 0) - torch.logsumexp(no, 0)
        out["candidates"].append({"yes": yes.tolist(), "no": no.tolist(), "score": score.item()})
    out |= {"text": text, "input_ids": inputs["input_ids"][0].tolist()}
    if not idefics:
        out["position_ids"] = net.model.get_rope_index(
            inputs["input_ids"], inputs["mm_token_type_ids"], inputs["image_grid_thw"]
        )[0][:, 0].tolist()
    out["pixels"] = {"patch": pixels_of(reader, family, query, split), "odd": pixels_of(reader, family, odd(), split)}
    scores = [one["score"] for one in out["candidates"]]
    if min(abs(a - b) for i, a in enumerate(scores) for b in scores[:i]) < 0.02:
        raise SystemExit(f"{family}: scores {scores} are too much alike to test anything: change the seed")
    return out


def odd() -> Image.Image:
    return Image.fromarray(prompt.picture(prompt.ODD["width_px"], prompt.ODD["height_px"], prompt.ODD["seed"]))


def pixels_of(reader: object, family: str, image: Image.Image, split: bool) -> dict:
    if family == smolvlm.FAMILY:
        made = reader.image_processor(
            images=[[image]], return_tensors="pt", return_row_col_info=True, do_image_splitting=split
        )
        if not np.all(made["pixel_attention_mask"].numpy() == 1):
            raise SystemExit("a mask with padding: the tests do not expect any")
        return {**summary(made["pixel_values"]), "rows": made["rows"][0][0], "cols": made["cols"][0][0]}
    made = qwen2_vl.image_processor()(images=[image], return_tensors="pt")
    return {**summary(made["pixel_values"]), "grid": made["image_grid_thw"][0].tolist()}
