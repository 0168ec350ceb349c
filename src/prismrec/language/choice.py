"""Which encoder reads these texts: measured on the texts, never guessed, never silent."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prismrec.core import TextEncoder
from prismrec.language.cache import CachedEncoder, QueryCache
from prismrec.language.encoder import TransformerEncoder
from prismrec.language.find import Located, find_encoder
from prismrec.language.folder import ModelFolder
from prismrec.language.scripts import mostly_han, sample, script_shares
from prismrec.language.settings import DEFAULT_ENCODER, LanguageSettings
from prismrec.language.tfidf import fit_tfidf

__all__ = ["ChosenEncoder", "EncoderWarning", "choose_encoder"]


class EncoderWarning(UserWarning):
    """The texts are read less well than they could be; the message says what to change."""


@dataclass(frozen=True)
class ChosenEncoder:
    """`encoder` is for the catalogue (kept on disk where a cache was given), `query_encoder` the
    same one for queries (kept in memory). Both have the same version.

    `report` has `encoder`, `version`, `dimension`, `dtype`, `source` (settings, cache, package,
    hub, fitted), `why`, `scripts` (share of letters by script), `unknown_rate` (share of tokens
    unknown, by model that was measured), `sampled` (texts measured), `tried` (ways that led
    nowhere) and `warnings`. All of it is JSON.
    """

    encoder: TextEncoder
    query_encoder: TextEncoder
    report: dict[str, Any]


@dataclass
class _Search:
    """What is known so far while looking for an encoder."""

    texts: list[str]
    settings: LanguageSettings
    scripts: dict[str, float]
    rates: dict[str, float] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def look(self, name: str) -> tuple[Located, ModelFolder] | None:
        """The model `name` where it can be had, its unknown rate noted."""
        located = find_encoder(name, self.settings, self.tried)
        if located is None:
            return None
        folder = ModelFolder.read(located.path)
        self.rates[located.name] = folder.unknown_rate(self.texts)
        return located, folder

    def reads(self, located: Located) -> bool:
        return self.rates[located.name] <= self.settings.unknown_limit

    def warn(self, message: str) -> None:
        self.warnings.append(message)
        warnings.warn(message, EncoderWarning, stacklevel=5)


def choose_encoder(
    texts: Sequence[str], settings: LanguageSettings, *, cache: Path | None = None
) -> ChosenEncoder:
    """The encoder for a catalogue with these texts.

    `auto` takes the default encoder where it knows the tokens of the texts, else a multilingual one
    that does, else TF-IDF of words and character n-grams, with a warning. A model named in the
    settings is taken as it is, with a warning where it does not know the tokens. `cache` is a
    folder for the vectors of pretrained encoders.
    """
    taken = sample(texts)
    search = _Search(taken, settings, script_shares(taken))
    found, why = _pretrained(search)
    if found is None:
        encoder: TextEncoder = fit_tfidf(texts, settings.tfidf_dimension)
        source, dtype, kept = "fitted", "float32", encoder
    else:
        located, folder = found
        pretrained = TransformerEncoder(folder, located.name, settings)
        encoder, source, dtype = pretrained, located.source, pretrained.dtype
        kept = CachedEncoder(encoder, cache, settings.cache_mb) if cache else encoder
    report = {
        "encoder": encoder.name,
        "version": encoder.version,
        "dimension": encoder.dimension,
        "dtype": dtype,
        "source": source,
        "why": why,
        "scripts": search.scripts,
        "unknown_rate": search.rates,
        "sampled": len(taken),
        "tried": search.tried,
        "warnings": search.warnings,
    }
    return ChosenEncoder(kept, QueryCache(encoder, settings.query_cache), report)


_Found = tuple[tuple[Located, ModelFolder] | None, str]


def _pretrained(search: _Search) -> _Found:
    """The pretrained encoder to take, or `None` for TF-IDF, and why."""
    settings = search.settings
    if settings.encoder == "tfidf":
        return None, "language.encoder asks for TF-IDF"
    automatic = settings.encoder == "auto"
    first = search.look(DEFAULT_ENCODER if automatic else settings.encoder)
    if first is not None:
        located = first[0]
        rate = f"{search.rates[located.name]:.1%} of the tokens are unknown to '{located.name}'"
        if search.reads(located):
            _warn_of_some_chinese(search, first)
            return first, f"{rate}, at most {settings.unknown_limit:.0%} are allowed"
        if not automatic:
            search.warn(
                f"{rate}. It is used because language.encoder names it; set that to 'auto' to have"
                " an encoder chosen that reads these texts."
            )
            return first, "language.encoder names it"
        return _for_other_scripts(search, rate)
    latin = search.scripts.get("latin", 0.0) if search.scripts else 1.0
    if automatic and latin < 1.0 - settings.unknown_limit:
        return _for_other_scripts(search, "the texts are not in Latin script")
    search.warn(
        "No pretrained language model was found; TF-IDF fitted on the catalogue takes its place."
        " Install prismrec[offline], or name a model's folder in language.encoder."
    )
    return None, "no pretrained encoder was found"


def _for_other_scripts(search: _Search, reason: str) -> _Found:
    """A multilingual encoder that reads the texts, else TF-IDF with a warning."""
    name = search.settings.multilingual
    found = search.look(name) if name else None
    if found is not None and search.reads(found[0]):
        return found, f"{reason}; '{found[0].name}' reads them"
    search.warn(
        f"{reason[0].upper()}{reason[1:]}, and no multilingual encoder that reads them was found;"
        " TF-IDF of words and character n-grams fitted on the catalogue takes its place. Name the"
        " folder of a multilingual encoder in language.multilingual."
    )
    return None, f"{reason}; no multilingual encoder that reads them was found"


def _warn_of_some_chinese(search: _Search, taken: tuple[Located, ModelFolder]) -> None:
    """A catalogue that reads well as a whole may still hold Chinese texts that do not."""
    chinese = [text for text in search.texts if mostly_han(text)]
    if not chinese:
        return
    rate = taken[1].unknown_rate(chinese)
    if rate > search.settings.unknown_limit:
        search.warn(
            f"{len(chinese)} of {len(search.texts)} sampled texts are mostly Chinese, and"
            f" {rate:.0%} of their tokens are unknown to '{taken[0].name}'. Name a multilingual"
            " encoder's folder in language.encoder, or set it to 'tfidf'."
        )
