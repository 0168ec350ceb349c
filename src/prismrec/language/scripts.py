"""What texts are written in, and how much of it an encoder can read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prismrec.language.segmentation import HAN

__all__ = ["mostly_han", "sample", "script_shares"]

_SCRIPTS = {
    "latin": re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]"),
    "han": re.compile(f"[{HAN}]"),
    "kana": re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]"),
    "hangul": re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "arabic": re.compile("[\u0620-\u064a\u066e-\u06d3\u0750-\u077f]"),
    "hebrew": re.compile("[\u05d0-\u05ea]"),
    "devanagari": re.compile("[\u0904-\u0939\u0958-\u0961]"),
    "thai": re.compile("[\u0e01-\u0e30\u0e32-\u0e33\u0e40-\u0e46]"),
}
_LETTER = re.compile(r"[^\W\d_]")
SAMPLE = 2000


def sample(texts: Sequence[str], limit: int = SAMPLE) -> list[str]:
    """Up to `limit` of the texts that are not blank, evenly spread over all of them."""
    written = [text for text in texts if text and not text.isspace()]
    if len(written) <= limit:
        return written
    return [written[i * len(written) // limit] for i in range(limit)]


def script_shares(texts: Sequence[str]) -> dict[str, float]:
    """The share of letters in each script, largest first; scripts not listed are `other`.

    Empty where there are no letters. The shares sum to 1.
    """
    joined = "\n".join(texts)
    counts = {name: len(pattern.findall(joined)) for name, pattern in _SCRIPTS.items()}
    letters = len(_LETTER.findall(joined))
    counts["other"] = max(letters - sum(counts.values()), 0)
    total = sum(counts.values())
    shares = {name: count / total for name, count in counts.items() if count}
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))


def mostly_han(text: str) -> bool:
    """Whether more than half of the letters of `text` are Han characters."""
    return script_shares([text]).get("han", 0.0) > 0.5
