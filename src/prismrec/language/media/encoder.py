"""Pictures, sounds, video and texts in one space: models with two towers, such as CLIP and CLAP.

A. Radford et al., "Learning transferable visual models from natural language supervision", ICML
2021; Y. Wu et al., "Large-scale contrastive language-audio pretraining with feature fusion and
keyword-to-caption augmentation", ICASSP 2023.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from prismrec.core import BadInput, BadSettings, Corrupt, NotFound
from prismrec.core.arrays import Scores, Vectors
from prismrec.language.cache import VectorFiles
from prismrec.language.folder import file_sha256
from prismrec.language.media.files import VIDEOS
from prismrec.language.media.pictures import frames, picture
from prismrec.language.media.sounds import sound

__all__ = ["CachedMedia", "MediaEncoder", "MediaTexts"]

BATCH = 16
"""Pictures or windows of sound in one forward pass."""

KEPT = 256
"""Files between two writes of what was seen: what an interruption can cost."""

Refused = list[tuple[str, str]]
"""Files that could not be read, each with the reason."""


class Media(Protocol):
    """What turns files into vectors."""

    version: str
    dimension: int

    def encode(self, paths: Sequence[Path], refused: Refused | None = None) -> Vectors:
        """See `MediaEncoder.encode`."""
        ...


class MediaEncoder:
    """The model in a folder, in Hugging Face form, that sees pictures or hears sounds.

    `kind` is `image` (CLIP, SigLIP, Chinese CLIP and others that have `get_image_features`) or
    `audio` (CLAP). Weights must be safetensors; no code of the model's own is run. Raises NotFound,
    BadSettings or Corrupt where the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, folder.name
        self._model = _loaded(folder)
        self.kind = "image" if hasattr(self._model, "get_image_features") else "audio"
        if not hasattr(self._model, f"get_{self.kind}_features"):
            raise BadSettings(
                f"The model in {folder} neither sees nor hears.",
                hint="Take one with a tower for texts and one for images or audio (CLIP, CLAP).",
            )
        self._eye = _preprocessor(folder, self.kind)
        self.version = _version(folder)
        config = self._model.config
        wide = getattr(config, "projection_dim", None) or config.vision_config.hidden_size
        self.dimension = int(wide)
        self._tokenizer: Any = None

    def encode(self, paths: Sequence[Path], refused: Refused | None = None) -> Vectors:
        """(n, dimension) float32, L2-normalised.

        A video is the mean of its key frames' vectors, a long sound that of its windows'. What
        cannot be read is a row of zeros and is told in `refused`; without it, BadInput is raised.
        """
        out = np.zeros((len(paths), self.dimension), np.float32)
        for row, path in enumerate(paths):
            try:
                out[row] = _unit(self._forward(self._parts(path)).mean(axis=0))
            except BadInput as error:
                if refused is None:
                    raise
                refused.append((path.name, str(error)))
        return out

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) float32, L2-normalised, in the same space; zeros for a blank text."""
        import torch

        out = np.zeros((len(texts), self.dimension), np.float32)
        said = [row for row, text in enumerate(texts) if text.strip()]
        if said:
            tokens = self._tokens([texts[row] for row in said])
            with torch.inference_mode():
                found = _pooled(self._model.get_text_features(**tokens))
            out[said] = _unit(found.float().numpy())
        return out

    def _parts(self, path: Path) -> list[Any]:
        """The pictures, or windows of sound, that stand for a file."""
        if self.kind == "image":
            return frames(path) if path.suffix.lower() in VIDEOS else [picture(path)]
        heard = sound(path, int(self._eye.sampling_rate))
        window = int(self._eye.nb_max_samples)  # a longer one would be cut at random
        if not heard.size:
            raise BadInput(f"{path.name} is silent.", hint="Check the file.")
        return [heard[start : start + window] for start in range(0, len(heard), window)]

    def _forward(self, parts: list[Any]) -> Vectors:
        import torch

        found = []
        for start in range(0, len(parts), BATCH):
            some = parts[start : start + BATCH]
            if self.kind == "image":
                given = self._eye(images=some, return_tensors="pt")
            else:
                rate = self._eye.sampling_rate
                given = self._eye(some, sampling_rate=rate, return_tensors="pt")
            look = getattr(self._model, f"get_{self.kind}_features")
            with torch.inference_mode():
                found.append(_unit(_pooled(look(**given)).float().numpy()))
        return np.concatenate(found)

    def _tokens(self, texts: list[str]) -> Any:
        from transformers import AutoTokenizer

        if self._tokenizer is None:
            self._tokenizer = AutoTokenizer.from_pretrained(
                self.folder, local_files_only=True, trust_remote_code=False
            )
        config = getattr(self._model.config, "text_config", self._model.config)
        longest = int(getattr(config, "max_position_embeddings", 77))
        # SigLIP was trained on texts filled up to the longest; the others do not mind either way.
        padding = "max_length" if "siglip" in self._model.config.model_type else True
        return self._tokenizer(
            texts, padding=padding, truncation=True, max_length=longest, return_tensors="pt"
        )


class MediaTexts:
    """The texts' side of a media encoder, as a `TextEncoder`."""

    def __init__(self, media: MediaEncoder) -> None:
        self._media = media
        self.name, self.version, self.dimension = media.name, media.version, media.dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `MediaEncoder.encode_texts`."""
        return self._media.encode_texts(texts)


class CachedMedia:
    """A media encoder that remembers on disk what it encoded, by what is in the files."""

    def __init__(self, inner: Media, folder: Path, limit_mb: int = 1024) -> None:
        self.inner = inner
        self.version, self.dimension = inner.version, inner.dimension
        self._files = VectorFiles(folder / inner.version, inner.dimension, limit_mb)

    def encode(self, paths: Sequence[Path], refused: Refused | None = None) -> Vectors:
        """As the encoder inside; a file seen before is not looked at again."""
        out = np.zeros((len(paths), self.dimension), np.float32)
        for start in range(0, len(paths), KEPT):
            out[start : start + KEPT] = self._encode(paths[start : start + KEPT], refused)
        return out

    def _encode(self, paths: Sequence[Path], refused: Refused | None) -> Vectors:
        out = np.zeros((len(paths), self.dimension), np.float32)
        keys = {row: _key(path) for row, path in enumerate(paths) if path.is_file()}
        rows = list(keys)
        known, vectors = self._files.get(list(keys.values()))
        out[[rows[place] for place in known]] = vectors
        fresh = sorted(set(range(len(paths))) - {rows[place] for place in known})
        out[fresh] = self.inner.encode([paths[row] for row in fresh], refused)
        read = [row for row in fresh if out[row].any()]
        if read:
            self._files.put([keys[row] for row in read], out[read])
        return out


def _loaded(folder: Path) -> Any:
    from safetensors import SafetensorError
    from transformers import AutoModel

    if not (folder / "config.json").is_file():
        raise NotFound(f"There is no model in {folder}.", hint="Point at a CLIP or CLAP folder.")
    try:
        return AutoModel.from_pretrained(
            folder, use_safetensors=True, trust_remote_code=False, local_files_only=True
        ).eval()
    except SafetensorError as error:
        raise Corrupt(f"The weights in {folder} cannot be read: {error}", hint="") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise BadSettings(
            f"The model in {folder} cannot be loaded: {error}",
            hint="Take a model that transformers knows, with weights as safetensors.",
        ) from None


def _preprocessor(folder: Path, kind: str) -> Any:
    """What makes tensors of pictures, or of sounds."""
    from transformers import AutoFeatureExtractor, AutoImageProcessor

    try:
        if kind == "audio":
            return AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
        return AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    except (OSError, ValueError) as error:
        raise BadSettings(
            f"The model in {folder} does not say how its input is made: {error}",
            hint="The folder needs preprocessor_config.json.",
        ) from None


def _pooled(found: Any) -> Any:
    """The vectors (n, d), which newer versions of the library wrap."""
    return getattr(found, "pooler_output", found)


def _unit(vectors: Scores) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit


def _version(folder: Path) -> str:
    """24 hexadecimal digits of a hash of all that decides the vectors."""
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.json"), *folder.glob("*.txt")])
    parts = {path.name: file_sha256(path) for path in files}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def _key(path: Path) -> bytes:
    """16 bytes that name a file by what is in it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
    return digest.rstrip(b"\0")
