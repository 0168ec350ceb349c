"""From a dataset to what learners learn from: sequences by user, and their views."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from prismrec.core import BadInput, Bags, Interactions, ItemFeatures, Sequences
from prismrec.core.arrays import Longs
from prismrec.data.dataset import Dataset
from prismrec.data.feedback import POSITIVE, Feedback
from prismrec.data.knowledge import links_of
from prismrec.data.tokens import TokenVocabulary, user_facts

__all__ = ["attribute_view", "interactions", "profile_vocabulary", "time_gaps"]

GAP_BUCKETS = 32


def interactions(
    dataset: Dataset,
    features: ItemFeatures | None = None,
    feedback: Feedback = POSITIVE,
    *,
    event_types: Sequence[str] = (),
) -> Interactions:
    """The sequences of a dataset: users by `Dataset.user_ids`, items by `Dataset.item_ids`.

    `features` are those of the catalogue with the same positions; `None` means that nothing is
    known of the items. `event_types` are those of an earlier release and keep their places; others
    follow, sorted by name. Vectorised: no loop over events.
    """
    n_items = len(dataset.items)
    if features is not None and len(features) < n_items:
        raise BadInput(
            f"There are features of {len(features)} items for a catalogue of {n_items}.",
            hint="Make the features from the catalogue of this dataset.",
        )
    events = dataset.events
    further = set(events["event"].unique().to_list()) - set(event_types)
    types = (*event_types, *sorted(further))
    coded = events["event"].replace_strict(types, range(len(types)), return_dtype=pl.Int16)
    kinds = coded.to_numpy().astype(np.int16)
    values = events["value"].cast(pl.Float32).fill_null(np.nan).to_numpy().astype(np.float32)
    sequences = Sequences(
        indptr=_row_ends(dataset),
        items=_positions(events["item_id"], dataset.items["item_id"]),
        kinds=kinds,
        times=events["timestamp"].to_numpy().astype(np.int64),
        weights=feedback.weights_by_kind(types, kinds, values),
        values=values,
    )
    known = ItemFeatures.bare(n_items) if features is None else features
    return Interactions(
        sequences,
        known,
        types,
        dataset.has_clock,
        _profiles(dataset),
        links_of(dataset.relations, "items", dataset.item_ids),
        links_of(dataset.relations, "users", dataset.user_ids),
    )


def time_gaps(sequences: Sequences, ends: Longs | None = None) -> np.ndarray:
    """The time view: how long before the next event (the query for the last one) each event was,
    (events,) int16 buckets below `GAP_BUCKETS`.

    Bucket 0 means that there is no next time (`ends` (rows,), when each query is asked, may give
    one); otherwise 1 + floor(log2(1 + seconds)), cut at the last bucket (about 34 years).
    """
    n = len(sequences.items)
    following = np.full(n, np.iinfo(np.int64).min)
    following[:-1] = sequences.times[1:]
    filled = np.flatnonzero(sequences.lengths > 0)
    last = sequences.indptr[1:][filled] - 1
    following[last] = np.iinfo(np.int64).min if ends is None else ends[filled]
    is_known = following != np.iinfo(np.int64).min
    seconds = np.where(is_known, np.maximum(following - sequences.times, 0), 0) / 1000
    buckets = 1 + np.floor(np.log2(1 + seconds)).astype(np.int64)
    return np.where(is_known, np.minimum(buckets, GAP_BUCKETS - 1), 0).astype(np.int16)


def attribute_view(sequences: Sequences, features: ItemFeatures) -> Bags:
    """The attribute view: the bag of tokens of each event's item, one row an event."""
    return features.attributes.take(sequences.items)


def _row_ends(dataset: Dataset) -> Longs:
    """Where the events of each user end; the events are sorted by user already."""
    lengths = dataset.events["user_id"].rle().struct.field("len").to_numpy()
    ends = np.zeros(len(dataset.user_ids) + 1, np.int64)
    np.cumsum(lengths, out=ends[1 : len(lengths) + 1])
    ends[len(lengths) + 1 :] = ends[len(lengths)]
    return ends


def _positions(ids: pl.Series, known: pl.Series) -> np.ndarray:
    places = pl.DataFrame({"id": known}).with_row_index("place")
    joined = pl.DataFrame({"id": ids}).join(places, on="id", how="left", maintain_order="left")
    return joined["place"].to_numpy().astype(np.int32)


def profile_vocabulary(dataset: Dataset) -> TokenVocabulary:
    """How the profiles of these users are spelled, without any token yet."""
    return TokenVocabulary.learned(user_facts(user) for user in dataset.iter_users())


def _profiles(dataset: Dataset) -> Bags | None:
    """A bag of profile tokens a user, `None` where nothing is known of anyone."""
    facts = {user.user_id: user_facts(user) for user in dataset.iter_users()}
    vocabulary = profile_vocabulary(dataset)
    bags = vocabulary.bags(facts.get(user_id, {}) for user_id in dataset.user_ids)
    return bags if len(bags.names) else None
