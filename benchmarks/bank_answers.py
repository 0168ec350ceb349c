"""Do paraphrased questions find their answer, and does the desk know when it has none?

    python -m benchmarks.bank_answers [DATA] [--questions 300] [--seed 0] [--json]

A collection is made of `bank-answers` (1,778 questions and answers of a bank). Asked are
questions that stand in it once, of every second item, each paraphrased by `paraphrase`: the frame
of the question is changed by rule, words are exchanged by a list of synonyms, function words are
dropped. The other items are what constants were chosen on, and their paraphrases are the pairs of
question and answer that the desk learns from; `own` is a desk that learned from the catalogue's own
questions alone.
Trials: the answer is there (`stored`); it is left out, and every other with the same text
(`withheld`); it is taken out of the collection and its sentences put in as passages of their own,
without a question (`split`; answers of two to six sentences); searches of an electronics shop
(`foreign`).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import prismrec as pr
from benchmarks.places import data_folder
from prismrec.collection import Collection
from prismrec.core import AnswerVerdict, Item, generator
from prismrec.language.answers.passages import sentences
from prismrec.learning.answers import Desk, Reply

FRAMES = (
    (r"^how (?:do|can|should) i (.+)$", ("i want to {0}, what should i do", "steps to {0}")),
    (r"^what (?:is|are) (?:the |an? )?(.+)$", ("tell me about the {0}", "please explain {0}")),
    (r"^how much (.+)$", ("what amount {0}", "tell me how much {0}")),
    (r"^can i (.+)$", ("is it possible to {0}", "am i able to {0}")),
    (r"^(?:is|are) there (?:any |an? )?(.+)$", ("do you have {0}", "i would like to know if {0}")),
    (r"^(?:do|does) (.+)$", ("i wonder whether {0}", "please say if {0}")),
    (r"^(?:where|when|who|which|why) (.+)$", ("could you say {1} {0}", "need to know {1} {0}")),
)
SYNONYMS = {
    "documents": "papers", "document": "paper", "required": "needed", "require": "need",
    "obtain": "get", "get": "receive", "receive": "get", "purchase": "buy", "buy": "purchase",
    "charges": "fees", "charge": "fee", "fees": "charges", "fee": "charge", "benefits": "merits",
    "features": "properties", "minimum": "lowest", "maximum": "highest", "tenure": "duration",
    "term": "duration", "avail": "use", "apply": "ask", "application": "request", "amount": "sum",
    "change": "update", "update": "change", "transfer": "move", "pay": "settle",
    "payment": "paying",
    "customer": "client", "customers": "clients", "block": "stop", "lost": "missing",
    "eligible": "qualified", "eligibility": "conditions", "procedure": "process", "close": "end",
    "process": "procedure", "open": "start", "register": "sign up", "long": "much time",
    "difference": "distinction", "money": "funds", "funds": "money", "bank": "branch",
    "happens": "follows", "work": "function", "works": "functions", "free": "without cost",
}  # fmt: skip
DROPPED = frozenset(("the", "a", "an", "of", "for", "to", "my", "your", "any", "on", "in"))


@dataclass(frozen=True)
class Asked:
    """A question to which `item` is the answer."""

    item: Item
    text: str


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line a trial, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--collection", type=Path, help="fitted on bank-answers before")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        path = asked.collection or Path(folder) / "bank.prism"
        if not path.exists():
            pr.fit(asked.data / "bank-answers", out=path).close()
        rows = measured(path, asked)
    print(json.dumps(rows) if asked.json else "\n".join(map(line, rows)))
    return 0


def measured(path: Path, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """The figures of every trial."""
    begun = time.process_time()
    with Collection.open(path) as bank:
        questions, pairs = (drawn(bank, asked, half) for half in (1, 0))
        desk = Desk(bank)
        desk.learn(seed=asked.seed)
        rows = [stored(bank, desk, questions) | {"desk": "own"}]
        rows.append(withheld(bank, desk, questions) | {"desk": "own"})
        desk.learn([AnswerVerdict(one.text, one.item.item_id) for one in pairs], seed=asked.seed)
        rows += [stored(bank, desk, questions), withheld(bank, desk, questions)]
        rows.append(foreign(desk, asked))
        rows.append(split(bank, questions))
    return [row | {"cpu_seconds": round(time.process_time() - begun, 1)} for row in rows]


def drawn(bank: Collection, asked: argparse.Namespace, parity: int) -> list[Asked]:
    """Paraphrases of questions that stand in the catalogue once, of every second item."""
    catalogue = bank.snapshot.catalogue
    items = [catalogue.item(place) for place in range(len(catalogue))]
    often = Counter(item.title.lower().strip() for item in items)
    half = [
        item
        for place, item in enumerate(items)
        if place % 2 == parity and often[item.title.lower().strip()] == 1
    ]
    rng = generator(asked.seed, "bank answers")
    some = rng.permutation(len(half))[: asked.questions]
    return [Asked(half[i], paraphrase(half[i].title, rng)) for i in np.sort(some)]


def paraphrase(question: str, rng: np.random.Generator) -> str:
    """`question` in other words: another frame where a rule knows its own, every word that the list
    of synonyms has exchanged, and each function word dropped with probability one half."""
    text = " ".join(re.sub(r"[?.!]", " ", question.lower()).split())
    for pattern, frames in FRAMES:
        found = re.match(pattern, text)
        if found:
            frame = frames[int(rng.integers(len(frames)))]
            text = frame.format(found[1], text.split()[0])
            break
    words = [SYNONYMS.get(word, word) for word in text.split()]
    return " ".join(word for word in words if word not in DROPPED or rng.random() < 0.5)


def stored(bank: Collection, desk: Desk, questions: Sequence[Asked]) -> dict[str, Any]:
    """The answer at 1: of the search alone, and of the desk; what the desk says of it."""
    search, right, replies = 0, [], []
    for one in questions:
        search += (
            bank.item(bank.search(one.text, n=1)[0].item_id).description == one.item.description
        )
        reply = desk.ask(one.text)
        replies.append(reply)
        right.append(bank.item(reply.item_id).description == one.item.description)
    given = np.array([reply.kind == "stored" for reply in replies])
    hits = np.array(right)
    confidence = np.array([reply.confidence for reply in replies])
    return counted("stored", replies) | {
        "answer_at_1_search": round(search / len(questions), 4),
        "answer_at_1": round(float(hits.mean()), 4),
        "right_of_given": round(float(hits[given].mean()), 4) if given.any() else None,
        "mean_confidence": round(float(confidence.mean()), 4),
    }


def withheld(bank: Collection, desk: Desk, questions: Sequence[Asked]) -> dict[str, Any]:
    """The right answer is not there: a stored one that goes out is wrong."""
    catalogue = bank.snapshot.catalogue
    items = [catalogue.item(place) for place in range(len(catalogue))]
    replies = []
    for one in questions:
        same = [item.item_id for item in items if item.description == one.item.description]
        replies.append(desk.ask(one.text, without=same))
    return counted("withheld", replies)


def foreign(desk: Desk, asked: argparse.Namespace) -> dict[str, Any]:
    """Questions about something else altogether."""
    table = pl.read_parquet(asked.data / "electronics-search" / "judgments.parquet")
    texts = table["query"].unique(maintain_order=True).to_list()[:100]
    return counted("foreign", [desk.ask(text) for text in texts])


def split(bank: Collection, questions: Sequence[Asked]) -> dict[str, Any]:
    """Answers of several sentences become passages of one sentence each."""
    some = [one for one in questions if 2 <= len(sentences(one.item.description)) <= 6]
    parts = [
        Item(f"{one.item.item_id}/{n}", description=text, categories=one.item.categories)
        for one in some
        for n, text in enumerate(sentences(one.item.description))
    ]
    bank.remove([one.item.item_id for one in some])
    bank.upsert(items=parts)
    desk = Desk(bank)
    replies = [desk.ask(one.text) for one in some]
    own = [
        np.mean([cited.source.startswith(f"{one.item.item_id}/") for cited in reply.sentences])
        for one, reply in zip(some, replies, strict=True)
        if reply.kind == "composed"
    ]
    right = [share > 0 for share in own]
    bank.remove([part.item_id for part in parts])
    bank.upsert(items=[one.item for one in some])
    return counted("split", replies) | {
        "composed_with_the_right_source": round(float(np.mean(right)), 4) if right else None,
        "sentences_of_the_right_answer": round(float(np.mean(own)), 4) if own else None,
    }


def counted(trial: str, replies: Sequence[Reply]) -> dict[str, Any]:
    """Shares of the kinds of reply."""
    kinds = Counter(reply.kind for reply in replies)
    n = max(len(replies), 1)
    row: dict[str, Any] = {"trial": trial, "questions": len(replies)}
    return row | {
        kind: round(kinds[kind] / n, 4) for kind in ("stored", "composed", "unsure", "out_of_scope")
    }


def line(row: dict[str, Any]) -> str:
    """A row as text."""
    return "  ".join(f"{name} {value}" for name, value in row.items())


if __name__ == "__main__":
    sys.exit(main())
