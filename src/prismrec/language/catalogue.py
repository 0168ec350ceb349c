"""A catalogue as models read it: its texts encoded, its attributes by position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prismrec.core import ItemFeatures, TextEncoder
from prismrec.data.catalogue import Catalogue
from prismrec.language.choice import choose_encoder
from prismrec.language.settings import LanguageSettings

__all__ = ["EncodedCatalogue", "encode_catalogue"]


@dataclass(frozen=True)
class EncodedCatalogue:
    """`encoder` is `None` where no item has text; `report` says which was chosen, and why."""

    encoder: TextEncoder | None
    features: ItemFeatures
    report: Mapping[str, Any]


def encode_catalogue(
    catalogue: Catalogue, settings: LanguageSettings, *, cache: Path | None = None
) -> EncodedCatalogue:
    """Choose an encoder by what the texts are written in, and encode them.

    `cache` keeps vectors on disk, so that a second run encodes only what changed. An empty
    catalogue gets an encoder all the same, for the items to come.
    """
    texts = catalogue.texts()
    if texts and not any(texts):
        return EncodedCatalogue(None, catalogue.features(), {"encoder": None})
    chosen = choose_encoder(texts, settings, cache=cache)
    features = catalogue.features(chosen.encoder.encode(texts))
    return EncodedCatalogue(chosen.encoder, features, chosen.report)
