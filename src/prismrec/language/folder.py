"""A model on disk in the form of sentence-transformers: read, checked, never executed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prismrec.core import BadSettings, Corrupt, NotFound

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["ModelFolder", "file_sha256", "is_complete"]

_POOLINGS = ("mean", "cls")
_MODULES = ("Transformer", "Pooling", "Normalize")
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "mpnet")
_BOOKKEEPING = ("_name_or_path", "transformers_version", "torch_dtype", "dtype", "architectures")


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_complete(path: Path) -> bool:
    """Whether the folder has what an encoder needs: a configuration, a tokenizer, safe weights."""
    tokenizer = any((path / name).is_file() for name in ("tokenizer.json", "vocab.txt"))
    return (path / "config.json").is_file() and tokenizer and any(path.glob("*.safetensors"))


@dataclass(frozen=True)
class ModelFolder:
    """A transformer, its tokenizer and its pooling, in one folder.

    `modules.json` may name a Transformer, a Pooling (mean or cls) and a Normalize; without it the
    folder is a bare transformer and pooling is the mean. Weights must be safetensors.
    """

    path: Path

    @staticmethod
    def read(path: Path) -> ModelFolder:
        """The folder at `path`. Raises NotFound, Corrupt or BadSettings where it cannot be used."""
        folder = ModelFolder(path)
        if not (path / "config.json").is_file() and not (path / "modules.json").is_file():
            raise NotFound(
                f"There is no language model in {path}.",
                hint="Point language.encoder at a folder in sentence-transformers form.",
            )
        for module in folder._modules:
            if module["type"].rpartition(".")[2] not in _MODULES:
                raise BadSettings(
                    f"The model in {path} has a module '{module['type']}'.",
                    hint=f"Take a model made of {', '.join(_MODULES)} only.",
                )
        if folder.pooling not in _POOLINGS:
            raise BadSettings(
                f"The model in {path} pools by '{folder.pooling}'.",
                hint=f"Take a model that pools by one of: {', '.join(_POOLINGS)}.",
            )
        if not folder.weights:
            raise BadSettings(
                f"The model in {path} has no weights as safetensors.",
                hint="Save it with save_pretrained(..., safe_serialization=True).",
            )
        return folder

    @cached_property
    def _modules(self) -> list[dict[str, Any]]:
        path = self.path / "modules.json"
        return _read_json(path) if path.is_file() else []

    @cached_property
    def transformer(self) -> Path:
        """The folder of the transformer itself."""
        inside = [m["path"] for m in self._modules if m["type"].endswith(".Transformer")]
        return self.path / inside[0] if inside and inside[0] else self.path

    @cached_property
    def pooling(self) -> str:
        """`mean`, `cls`, or the name of another way, which is not supported."""
        inside = [m["path"] for m in self._modules if m["type"].endswith(".Pooling")]
        if not inside:
            return "mean"
        settings = _read_json(self.path / inside[0] / "config.json")
        if "pooling_mode" in settings:
            return str(settings["pooling_mode"])
        chosen = [
            name for name, on in settings.items() if name.startswith("pooling_mode") and on is True
        ]
        known = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
        return "+".join(known.get(name, name) for name in chosen)

    @cached_property
    def weights(self) -> tuple[Path, ...]:
        """The safetensors files, by name."""
        return tuple(sorted(self.transformer.glob("*.safetensors")))

    @cached_property
    def config(self) -> dict[str, Any]:
        """The transformer's configuration."""
        return dict(_read_json(self.transformer / "config.json"))

    @property
    def longest(self) -> int:
        """The most tokens the model was made for."""
        limits = [int(self.config.get("max_position_embeddings", 512))]
        if self.config.get("model_type") in _OFFSET_POSITIONS:
            limits[0] -= 2  # their first two positions are taken by padding
        for name, key in (
            ("sentence_bert_config.json", "max_seq_length"),
            ("tokenizer_config.json", "model_max_length"),
        ):
            paths = {self.path / name, self.transformer / name}
            found = [_read_json(path).get(key) for path in paths if path.is_file()]
            limits += [int(limit) for limit in found if limit]
        return min(limits)

    def tokenizer(self) -> Tokenizer:
        """A fresh tokenizer without padding or truncation."""
        from tokenizers import Tokenizer

        path = self.transformer / "tokenizer.json"
        if path.is_file():
            try:
                tokenizer = Tokenizer.from_file(str(path))
            except Exception as error:  # the library raises bare Exception
                raise Corrupt(
                    f"{path} cannot be read: {error}", hint="Get the model again."
                ) from None
        else:
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(
                self.transformer, trust_remote_code=False, local_files_only=True
            ).backend_tokenizer
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    def unknown_rate(self, texts: Sequence[str]) -> float:
        """The share of the tokens of `texts` that the tokenizer does not know, 0 to 1."""
        tokenizer = self.tokenizer()
        unknown = _unknown_id(json.loads(tokenizer.to_str())["model"], tokenizer)
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        total = sum(len(encoding.ids) for encoding in encodings)
        missed = sum(encoding.ids.count(unknown) for encoding in encodings)
        return missed / total if total else 0.0

    def fingerprint(self) -> dict[str, str]:
        """What decides the vectors, apart from the settings: weights, architecture, tokenizer."""
        tokenizer = json.loads(self.tokenizer().to_str())
        tokens = {
            key: tokenizer[key] for key in sorted(tokenizer) if key not in ("padding", "truncation")
        }
        config = {key: self.config[key] for key in sorted(self.config) if key not in _BOOKKEEPING}
        return {
            "weights": "+".join(file_sha256(path) for path in self.weights),
            "config": _digest(config),
            "tokenizer": _digest(tokens),
            "pooling": self.pooling,
        }


def _unknown_id(model: dict[str, Any], tokenizer: Tokenizer) -> int:
    if isinstance(model.get("unk_id"), int):
        return int(model["unk_id"])
    found = tokenizer.token_to_id(model.get("unk_token") or "")
    return -1 if found is None else int(found)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise Corrupt(f"{path} is missing.", hint="Get the model again.") from None
    except ValueError as error:
        raise Corrupt(f"{path} is not JSON: {error}", hint="Get the model again.") from None
