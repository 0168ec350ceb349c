"""Which class reads which kind of state, and which learner a name means; nothing heavy is imported
before it is asked for."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from typing import Any

from prismrec.core import BadSettings, Corrupt, ItemFeatures, Learner, State

__all__ = ["LEARNERS", "SCORERS", "learner", "scorer_from_state"]

SCORERS: Mapping[str, str] = {
    "als": "factors.als:ALSScorer",
    "bert4rec": "sequence.bert4rec:BERT4RecScorer",
    "bpr": "factors.bpr:BPRScorer",
    "ease": "neighbours.ease:EASEScorer",
    "item_knn": "neighbours.item_knn:ItemKNNScorer",
    "language_model": "language_model.scorer:LanguageModelScorer",
    "lightgcn": "graph.lightgcn:LightGCNScorer",
    "matrix_factorisation": "factors.matrix_factorisation:MatrixFactorisationScorer",
    "mixture": "mixture.scorer:MixtureScorer",
    "neumf": "neural.neumf:NeuMFScorer",
    "popularity": "popularity:PopularityScorer",
    "prism": "sequence.scorer:PrismScorer",
    "profile": "neighbours.profile:ProfileScorer",
    "related": "neighbours.related:RelatedScorer",
    "repeats": "repeats:RepeatsScorer",
    "semantic_ids": "generative.scorer:SemanticIDsScorer",
    "text_ease": "neighbours.text_ease:TextEASEScorer",
    "text_knn": "neighbours.text_knn:TextKNNScorer",
    "transitions": "neighbours.transitions:TransitionsScorer",
    "two_tower": "neural.two_tower:TwoTowerScorer",
    "user_knn": "neighbours.user_knn:UserKNNScorer",
}
"""The kind of a scorer, and where its class stands in this room."""

LEARNERS: Mapping[str, str] = {
    "als": "factors.als:ALS",
    "bert4rec": "sequence.bert4rec:BERT4Rec",
    "bpr": "factors.bpr:BPR",
    "ease": "neighbours.ease:EASE",
    "item_knn": "neighbours.item_knn:ItemKNN",
    "language_model": "language_model.learner:LanguageModel",
    "lightgcn": "graph.lightgcn:LightGCN",
    "matrix_factorisation": "factors.matrix_factorisation:MatrixFactorisation",
    "neumf": "neural.neumf:NeuMF",
    "popularity": "popularity:Popularity",
    "profile": "neighbours.profile:Profile",
    "related": "neighbours.related:Related",
    "repeats": "repeats:Repeats",
    "semantic_ids": "generative.generator:SemanticIDs",
    "text_ease": "neighbours.text_ease:TextEASE",
    "text_knn": "neighbours.text_knn:TextKNN",
    "transitions": "neighbours.transitions:Transitions",
    "two_tower": "neural.two_tower:TwoTower",
    "user_knn": "neighbours.user_knn:UserKNN",
}
"""The name of a learner, as in `evaluate --models`, and where its class stands in this room."""


def scorer_from_state(state: State, features: ItemFeatures) -> Any:
    """The scorer that `state` was taken from, knowing the items of `features`.

    Raises `Corrupt` for a kind that this version does not know.
    """
    if state.kind not in SCORERS:
        raise Corrupt(
            f"The release holds a model of the unknown kind {state.kind!r}.",
            hint="Open it with the version of PrismRec that wrote it.",
        )
    return _load(SCORERS[state.kind]).from_state(state, features)


def learner(name: str, **settings: Any) -> Learner:
    """The learner called `name` with these settings.

    Raises `BadSettings` for an unknown name or an unknown setting.
    """
    if name not in LEARNERS:
        known = ", ".join(sorted(LEARNERS))
        raise BadSettings(f"There is no model named {name!r}.", hint=f"Choose one of: {known}.")
    made = _load(LEARNERS[name])
    allowed = {field.name for field in dataclasses.fields(made)} - {"name"}
    unknown = sorted(set(settings) - allowed)
    if unknown:
        raise BadSettings(
            f"The model {name} has no setting {', '.join(unknown)}.",
            hint=f"It has: {', '.join(sorted(allowed))}.",
        )
    result: Learner = made(**settings)
    return result


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(f"prismrec.models.{module}"), name)
