"""Scripted conversations with checked outcomes, with and without a language model.

    python -m benchmarks.conversation [--json]

Conversations in English and Chinese with two made-up shops (`benchmarks/conversations`):
read by rules alone; and with a chat model beside them that obeys whatever it reads, for turns whose
words the rules and the shop do not know. Ten more speak in words that only a model can read; they
are run without one, and with one that reads them as it should. Every turn is checked, and that
whatever is said of an item stands in the catalogue.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.conversations.catalogue import chinese, english, fitted
from benchmarks.conversations.scripts import Script, Understanding, faults, scripts
from benchmarks.obedient import Obedient
from prismrec.collection import Collection
from prismrec.core import ChatModel
from prismrec.language.chat import ChatSettings, LimitedChat

__all__ = ["Found", "main", "measure"]

SCRIPTS = Path(__file__).parent / "conversations"
Model = Callable[[Script], ChatModel | None]


@dataclass
class Found:
    """Conversations of one file, read in one way."""

    file: str
    model: str
    conversations: int = 0
    turns: int = 0
    as_scripted: int = 0
    faults: list[str] = field(default_factory=list)


def measure(folder: Path) -> list[Found]:
    """Every file in every way."""
    obedient = LimitedChat(Obedient(), ChatSettings(model="obedient", failures=10**9))
    without: tuple[str, Model] = ("none", lambda script: None)
    obeying: tuple[str, Model] = ("obeys what it reads", lambda script: obedient)
    reading: tuple[str, Model] = ("reads what is meant", lambda s: Understanding(s.meant))
    out = []
    with Collection.open(fitted(english(), folder / "english")) as shop:
        out += [_run(shop, "english", *way) for way in (without, obeying)]
        out += [_run(shop, "paraphrased", *way) for way in (without, reading)]
    with Collection.open(fitted(chinese(), folder / "chinese")) as shop:
        out += [_run(shop, "chinese", *way) for way in (without, obeying)]
    return out


def _run(shop: Collection, file: str, name: str, model: Model) -> Found:
    found = Found(file, name)
    for script in scripts(SCRIPTS / f"{file}.txt"):
        wrong = faults(shop, script, model(script))
        found.conversations += 1
        found.turns += len(script.turns)
        found.as_scripted += not wrong
        found.faults += wrong
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; 0 when all went as scripted that should."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="conversation-") as folder:
        found = measure(Path(folder))
    if asked.json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            told = f"{one.as_scripted} of {one.conversations} as scripted ({one.turns} turns)"
            print(f"{one.file:>12}, model: {one.model:<20} {told}")
            print("".join(f"    {fault}\n" for fault in one.faults), end="")
    plain = [one for one in found if (one.file, one.model) != ("paraphrased", "none")]
    return int(any(one.as_scripted < one.conversations for one in plain))


if __name__ == "__main__":
    sys.exit(main())
