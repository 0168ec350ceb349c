"""What items are called when a language model names them: short, different, and in few tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from prismrec.core.arrays import Longs

__all__ = ["END", "short_names", "trained_tokenizer"]

END = "<|end|>"
"""Begins a history, and ends a name that another one goes on from."""
_NOT_A_WORD = re.compile(r"[^\w\s'.%]+")


def short_names(titles: Sequence[str], words: int) -> list[str]:
    """A name an item, no two alike: the first `words` words of its title in small letters, as many
    more as it takes to be the only one, and where the whole titles are equal, a number: the second
    item in order of position is `title 2`. An item without a title is called `item` and a number.
    """
    taken: dict[str, int] = {}
    for title in titles:
        name = _first_free(_NOT_A_WORD.sub(" ", title.lower()).split() or ["item"], words, taken)
        taken[name] = 1
    return list(taken)


def _first_free(spoken: list[str], words: int, taken: dict[str, int]) -> str:
    """The first name for these words that is not `taken`; there each name has the last number that
    was put behind it, from which the next search goes on."""
    for length in range(min(words, len(spoken)), len(spoken) + 1):
        name = " ".join(spoken[:length])
        if name not in taken:
            return name
    taken[name] += 1
    while f"{name} {taken[name]}" in taken:
        taken[name] += 1
    return f"{name} {taken[name]}"


def trained_tokenizer(names: Sequence[str], counts: Longs, vocabulary: int) -> Tokenizer:
    """Byte-pair encoding (Sennrich et al., "Neural machine translation of rare words with subword
    units", 2016) of whole names, each counted once and `counts` (n,) times more.

    Merges go across spaces: what is often taken together as one name becomes one token, and the
    rare name is spelt in pieces that it shares with others. At most `vocabulary` tokens.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_as_taken(names, counts), trainer)
    return tokenizer


def _as_taken(names: Sequence[str], counts: Longs) -> Iterator[str]:
    for name, count in zip(names, counts, strict=True):
        yield from (name for _ in range(1 + int(count)))
