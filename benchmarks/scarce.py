"""What is the whitened start of the text view worth, and how little data does it need?

    python -m benchmarks.scarce [--data beauty] [--shares 0.05,0.2,1] [--seed 0]

The transformer alone learns from a share of the users' events and the text of every item; it is
asked for the next item of all users, on validation cases. Compared are its text view started at
random and from the principal directions of the catalogue's texts, learned from no event.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.places import data_folder
from benchmarks.views import learned_from
from prismrec.core import generator
from prismrec.evaluation.significance import paired
from prismrec.models.sequence.prism import Prism
from prismrec.models.validation import ndcg_of
from prismrec.threads import every_core

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """One line a share."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="beauty", help=f"a set in {data_folder().name}")
    parser.add_argument("--shares", default="0.05,0.2,1")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    with every_core():
        train, cases, repeats = learned_from(asked.data, asked.seed)
        order = generator(asked.seed, "users").permutation(train.n_users)
        for share in map(float, asked.shares.split(",")):
            kept = np.zeros(train.n_users, bool)
            kept[order[: round(share * train.n_users)]] = True
            events = train.sequences.where(kept[train.sequences.rows])
            values = []
            for whitened in (False, True):
                learner = Prism(whitened=whitened)
                rng = generator(asked.seed, "fit")
                scorer = learner.fit(replace(train, sequences=events), rng, validation=cases)
                values.append(ndcg_of(scorer, cases, repeats))
            gap = paired(values[1], values[0], cases.clusters, generator(asked.seed, "paired"))
            print(
                f"{asked.data}, {share:4.0%} of the users, {len(events.items)} events: nDCG@10 "
                f"{values[1].mean():.4f}, at random {values[0].mean():.4f}, "
                f"{gap.mean / values[0].mean():+.1%} ({gap.low:+.4f} to {gap.high:+.4f})",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
