"""Rankers after the mixture: additive item terms and the diversity step."""

from prismrec.ranking.additive import AdditiveTerms, rankers_from
from prismrec.ranking.diversity import MaximalMarginalRelevance, diversity_from
from prismrec.ranking.settings import RankingSettings

__all__ = [
    "AdditiveTerms",
    "MaximalMarginalRelevance",
    "RankingSettings",
    "diversity_from",
    "rankers_from",
]
