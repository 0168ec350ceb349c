"""What each metric says, in a few words; the order in which reports list them."""

from __future__ import annotations

__all__ = ["MAIN", "METRICS", "TABLE"]

_ACCURACY = {
    "ndcg": "the right item, worth less the later it stands",
    "recall": "share of right items found",
    "mrr": "1 / rank of the right item",
    "map": "average precision",
    "precision": "right share of the list",
    "f1": "harmonic mean of precision and recall",
    "hit_rate": "lists with a right item",
}
TABLE = ("ndcg@10", "recall@10", "mrr@10", "coverage@10", "novelty@10", "diversity@10")
"""What a narrow table has room for."""
MAIN = frozenset(
    (
        *TABLE,
        "auc",
        "popularity@10",
        "gini@10",
        "cold_item_recall@10",
        "precision@10",
        "rmse",
        "mae",
    )
)
"""What a page shows without being asked."""
METRICS: dict[str, str] = {
    **{f"{name}@{k}": words for name, words in _ACCURACY.items() for k in (5, 10, 20)},
    "auc": "share of other items that the right one beats",
    "cold_item_recall@10": "recall of items without any training event",
    "coverage@10": "share of the catalogue shown to anybody",
    "novelty@10": "mean surprise of an item, in bits",
    "diversity@10": "mean distance of the items of a list",
    "popularity@10": "mean popularity percentile of what is shown",
    "arp@10": "mean training events of what is shown",
    "gini@10": "how unequally items are shown, 0 to 1",
    "rmse": "root mean squared error of predicted ratings",
    "mae": "mean absolute error of predicted ratings",
}
