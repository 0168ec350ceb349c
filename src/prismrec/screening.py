"""The content policy of a collection, put together from its settings and what people decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from prismrec.assembly import with_content
from prismrec.config import Settings
from prismrec.core import BadSettings, Ruling
from prismrec.core.arrays import Vectors
from prismrec.data.catalogue import Catalogue
from prismrec.language import CachedEncoder
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.folder import file_sha256
from prismrec.retrieval.lexical.analysis import texts_of
from prismrec.retrieval.shop.content import ContentPolicy, ContentSettings, Judge, read_terms
from prismrec.snapshot import Snapshot
from prismrec.store import Store

__all__ = ["Screened", "Screening", "content_of", "lessons"]


class Screened(Protocol):
    """The collection that is screened."""

    path: Path
    settings: Settings
    store: Store

    def change(self, change: Callable[[Snapshot], Snapshot]) -> None:
        """Change what is served, one change at a time."""
        ...


class Screening:
    """People's decisions about what a collection shows."""

    def __init__(self, shop: Screened) -> None:
        self._shop = shop

    def decide(self, ruling: Ruling, *, by: str = "owner") -> Ruling:
        """Decide who may see an item, durable on return; the next answer follows it."""
        made = self._shop.store.rulings.put(ruling, who=by)
        self._shop.change(self._ruled)
        return made

    def undecide(self, item_id: str, *, by: str = "owner") -> None:
        """Take a decision back; `NotFound` where there is none."""
        self._shop.store.rulings.remove(item_id, who=by)
        self._shop.change(self._ruled)

    def _ruled(self, seen: Snapshot) -> Snapshot:
        """The next snapshot, which follows the rulings of the store as they are now."""
        shop = self._shop
        rulings, content = shop.store.rulings.list(), seen.content
        if content is None:
            content = content_of(shop.settings.content, seen.catalogue, rulings, shop.path)
        return with_content(seen, None if content is None else content.ruled(rulings))


def content_of(
    settings: ContentSettings, catalogue: Catalogue, rulings: Iterable[Ruling], path: Path
) -> ContentPolicy | None:
    """What may be shown of the catalogue; `None` where nothing is set and nothing was decided.

    `path` is the collection's folder: lists are looked for there, and what the classifier said of
    a text is kept there. Raises `BadSettings`, `NotFound` or `Corrupt` where a list or classifier
    cannot be used: a policy that cannot be kept is no reason to show everything.
    """
    rulings = list(rulings)
    if not (settings.terms or settings.classifier or rulings):
        return None
    terms = read_terms(path / settings.terms) if settings.terms else None
    judge = _judge(settings, path) if settings.classifier else None
    items = [catalogue.item(place) for place in range(len(catalogue))]
    return ContentPolicy.of(settings, items, rulings, terms=terms, judge=judge)


def lessons(catalogue: Catalogue, rulings: Iterable[Ruling]) -> list[dict[str, str]]:
    """What people decided as rows of `text` and `label`, to train the next classifier by. Rulings
    on items that are gone teach nothing."""
    rows = []
    for ruling in rulings:
        if catalogue.position(ruling.item_id) >= 0:
            text = " \n ".join(filter(None, texts_of(catalogue.get(ruling.item_id))))
            rows.append({"text": text, "label": ruling.label})
    return rows


class _Probabilities:
    """A classifier as an encoder: the vector of a text is how likely each label is, so that what it
    said is kept as vectors are."""

    def __init__(self, classifier: TextClassifier, version: str) -> None:
        self._classifier = classifier
        self.name, self.version = "content", version
        self.dimension = len(classifier.labels)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, labels) float32."""
        return self._classifier.probabilities(texts).astype(np.float32)


def _judge(settings: ContentSettings, path: Path) -> Judge:
    """The classifier of the settings, which looks at a text once."""
    folder = path / Path(settings.classifier).expanduser()
    classifier = TextClassifier.load(folder)
    unknown = {*settings.blocks, *settings.restricts} - set(classifier.labels)
    if unknown:
        raise BadSettings(
            f"The classifier in {folder} knows no label {min(unknown)!r}.",
            hint=f"It knows: {', '.join(classifier.labels)}.",
        )
    said = _Probabilities(classifier, file_sha256(folder / "classifier.json")[:24])
    kept = CachedEncoder(said, path / "cache")
    meant = np.stack(
        [np.isin(classifier.labels, names) for names in (settings.blocks, settings.restricts)], 1
    )
    return lambda texts: kept.encode(texts) @ meant.astype(np.float32)
