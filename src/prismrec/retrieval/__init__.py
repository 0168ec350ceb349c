"""Candidates: exact and approximate vectors, words, popular, recent, repeat; fusion; filters."""

from prismrec.retrieval.everything import Everything
from prismrec.retrieval.filters import FilterIndex, filter_mask
from prismrec.retrieval.fusion import reciprocal_rank_fusion, union
from prismrec.retrieval.settings import RetrievalSettings
from prismrec.retrieval.shop.facets import facet_counts
from prismrec.retrieval.sources import Popular, Recent, Repeat
from prismrec.retrieval.vectors.retrievers import ScorerVectors, TextVectors

__all__ = [
    "Everything",
    "FilterIndex",
    "Popular",
    "Recent",
    "Repeat",
    "RetrievalSettings",
    "ScorerVectors",
    "TextVectors",
    "facet_counts",
    "filter_mask",
    "reciprocal_rank_fusion",
    "union",
]
