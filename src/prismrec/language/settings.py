"""What can be set about language models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prismrec.core import BadSettings

__all__ = ["DEFAULT_ENCODER", "MULTILINGUAL_ENCODER", "LanguageSettings"]

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
MULTILINGUAL_ENCODER = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
DTYPES = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class LanguageSettings:
    """Which text encoder is taken, and how it runs.

    `encoder` is `auto` (chosen by what the texts are written in), `tfidf`, a folder in
    sentence-transformers form, or the name of a model on the hub. `multilingual` is the same for
    texts of which the default encoder does not know more than `unknown_limit` of the tokens; empty
    for none. `dtype` is `auto` (bfloat16 on a CPU with matrix units for it, else float32),
    `float32` or `bfloat16`. A text is cut after `max_tokens` tokens. `cache_mb` bounds the vectors
    kept on disk, per encoder version; `query_cache` is how many encoded queries stay in memory.
    `hub` false never asks the network; `hub_timeout_s` is how long the hub may take to answer
    before it counts as out of reach. `tfidf_dimension` is the length of the vectors of the encoder
    that is fitted on the catalogue itself. `media` names, for vectors of items that
    `prismrec media` made (`image`, ...), the folder of the model that made them: texts then find
    what they show. `extract` has `fit` read from their texts what items lack of
    brand, categories and attributes; models learn from it, and it is kept apart from what is given.
    `extract_confidence` is how sure such a value must be (`prismrec extract` too).
    """

    encoder: str = "auto"
    multilingual: str = MULTILINGUAL_ENCODER
    unknown_limit: float = 0.10
    dtype: str = "auto"
    batch_size: int = 64
    max_tokens: int = 256
    cache_mb: int = 1024
    query_cache: int = 4096
    hub: bool = True
    hub_timeout_s: float = 3.0
    tfidf_dimension: int = 256
    media: Mapping[str, str] = field(default_factory=dict)
    extract: bool = False
    extract_confidence: float = 0.5

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise BadSettings(
                f"language.dtype is '{self.dtype}', which is not a number format known here.",
                hint=f"Set it to one of: {', '.join(DTYPES)}.",
            )
        for share in ("unknown_limit", "extract_confidence"):
            if not 0.0 <= getattr(self, share) <= 1.0:
                raise BadSettings(
                    f"language.{share} is {getattr(self, share)}, which is not a share.",
                    hint="Set it to a number from 0 to 1.",
                )
        if not self.encoder:
            raise BadSettings(
                "language.encoder is empty.",
                hint="Set it to 'auto', 'tfidf', a folder, or the name of a model.",
            )
        lowest = {"batch_size": 1, "max_tokens": 4, "cache_mb": 0, "query_cache": 0}
        for name, least in {**lowest, "hub_timeout_s": 0, "tfidf_dimension": 1}.items():
            if not getattr(self, name) >= least:
                raise BadSettings(
                    f"language.{name} is {getattr(self, name)}.",
                    hint=f"Set it to {least} or more.",
                )
