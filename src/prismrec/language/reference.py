"""What a release keeps of its text encoder, and how the same encoder is opened again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prismrec.core import BadInput, Corrupt, NotFound, State, TextEncoder
from prismrec.language.folder import ModelFolder
from prismrec.language.settings import LanguageSettings

__all__ = ["encoder_from_reference", "encoder_reference", "transformer_folder"]

KIND = "language.transformer"


def encoder_reference(encoder: TextEncoder) -> State:
    """For a pretrained encoder its name, version and last place; for TF-IDF all of it.

    Caches around the encoder are seen through.
    """
    from prismrec.language.encoder import TransformerEncoder
    from prismrec.language.tfidf import TfidfEncoder

    inner = _innermost(encoder)
    if isinstance(inner, TfidfEncoder):
        return inner.state()
    if isinstance(inner, TransformerEncoder):
        settings = {
            "name": inner.name,
            "version": inner.version,
            "path": str(inner.folder.path),
            "dtype": inner.dtype,
            "max_tokens": inner.max_tokens,
        }
        return State(KIND, settings, {})
    raise BadInput(
        f"An encoder of type {type(inner).__name__} cannot be kept in a release.",
        hint="Take an encoder that choose_encoder gives.",
    )


def transformer_folder(encoder: TextEncoder | None) -> ModelFolder | None:
    """The folder of a pretrained encoder, caches seen through; `None` where it is no such one."""
    return getattr(_innermost(encoder), "folder", None)


def _innermost(encoder: TextEncoder | None) -> Any:
    inner: Any = encoder
    while hasattr(inner, "inner"):
        inner = inner.inner
    return inner


def encoder_from_reference(state: State, settings: LanguageSettings) -> TextEncoder:
    """The encoder that `state` names, at the precision and length it was used with.

    It is looked up in `settings.encoder` and `settings.multilingual` where they are folders, where
    it lay before, and by its name. Raises NotFound where it is nowhere, Corrupt where only another
    version of it can be had.
    """
    from prismrec.language.tfidf import KIND as TFIDF
    from prismrec.language.tfidf import TfidfEncoder

    if state.kind == TFIDF:
        return TfidfEncoder.from_state(state)
    if state.kind != KIND:
        raise Corrupt(f"'{state.kind}' is not a text encoder.", hint="Fit again.")
    return _reopened(state.settings, settings)


def _reopened(kept: Any, settings: LanguageSettings) -> TextEncoder:
    from dataclasses import replace

    from prismrec.language.encoder import TransformerEncoder, encoder_version
    from prismrec.language.find import find_encoder
    from prismrec.language.folder import is_complete

    same = replace(settings, dtype=kept["dtype"], max_tokens=kept["max_tokens"])
    tried: list[str] = []
    hints = [Path(hint).expanduser() for hint in (settings.encoder, settings.multilingual) if hint]
    folders = [hint for hint in (*hints, Path(kept["path"])) if is_complete(hint)]
    seen = False
    for folder in map(ModelFolder.read, folders):
        seen = True
        if encoder_version(folder, same.dtype, same.max_tokens) == kept["version"]:
            return TransformerEncoder(folder, kept["name"], same)
    named = None if Path(kept["name"]).is_dir() else find_encoder(kept["name"], same, tried)
    if named is not None:
        seen = True
        folder = ModelFolder.read(named.path)
        if encoder_version(folder, same.dtype, same.max_tokens) == kept["version"]:
            return TransformerEncoder(folder, kept["name"], same)
    if seen:
        raise Corrupt(
            f"The language model '{kept['name']}' found here is not the one this release was made"
            f" with (version {kept['version']}).",
            hint="Put the former model back and name its folder in language.encoder, or fit again.",
        )
    raise NotFound(
        f"The language model '{kept['name']}' of this release was not found"
        f" ({'; '.join(tried) or 'no place left to look'}).",
        hint="Install prismrec[offline], or name the model's folder in language.encoder.",
    )
