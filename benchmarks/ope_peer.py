"""Off-policy estimates of obp beside ours: the same logs, the same reward models, the same runs."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.peers.environment import OBP, environment
from prismrec.core import PrismError, generator
from prismrec.core.arrays import Floats, Longs
from prismrec.exploration import estimators as single
from prismrec.exploration import slate_estimators as slates
from prismrec.exploration.logs import BanditLog, read_log
from prismrec.exploration.ope import estimates_of

__all__ = ["LOGS", "Oracle", "answered", "ours", "resampled", "task"]

SOURCE = Path(__file__).parents[1]
LOGS = {"random": "random-men", "bts": "bts-men"}
ROUNDS, ITEMS, PLACES = 600, 6, 3


@dataclass(frozen=True)
class Oracle:
    """A log of single choices with a target and a reward model (rounds, items, positions), and one
    of slates, as obp wants them; both made up."""

    choices: dict[str, np.ndarray]
    slates: dict[str, np.ndarray]

    @classmethod
    def of(cls, seed: int) -> Oracle:
        """Uniform rewards and propensities, so that nothing is round."""
        rng = generator(seed, "oracle")
        action = rng.integers(0, ITEMS, ROUNDS)
        position = rng.integers(0, PLACES, ROUNDS)
        target = rng.random((ROUNDS, ITEMS, PLACES))
        choices = {
            "action": action,
            "position": position,
            "reward": rng.random(ROUNDS),
            "pscore": rng.uniform(0.05, 0.9, ROUNDS),
            "context": rng.random((ROUNDS, 2)),
            "action_context": rng.random((ITEMS, 2)),
            "target": target / target.sum(axis=1, keepdims=True),
            "model": rng.random((ROUNDS, ITEMS, PLACES)),
        }
        given, wanted, alone, wished = (rng.uniform(0.1, 0.9, (ROUNDS, PLACES)) for _ in range(4))
        return cls(
            choices,
            {
                "slate_id": np.repeat(np.arange(ROUNDS), PLACES),
                "position": np.tile(np.arange(PLACES), ROUNDS),
                "reward": rng.random(ROUNDS * PLACES),
                "pscore": np.repeat(given.prod(axis=1), PLACES),
                "evaluation_policy_pscore": np.repeat(wanted.prod(axis=1), PLACES),
                "pscore_item_position": alone.ravel(),
                "evaluation_policy_pscore_item_position": wished.ravel(),
                "pscore_cascade": given.cumprod(axis=1).ravel(),
                "evaluation_policy_pscore_cascade": wanted.cumprod(axis=1).ravel(),
            },
        )

    def ours(self) -> dict[str, float]:
        """What our estimators say, under obp's names of the strengths."""
        log, shape = self.choices, (ROUNDS, PLACES)
        rows = np.arange(ROUNDS)
        target, model = (log[name][rows, :, log["position"]] for name in ("target", "model"))
        expected, predicted = single.under_model(model, target, log["action"])
        weights = single.importance_weights(target[rows, log["action"]], log["pscore"])
        given = (log["reward"], weights, expected, predicted)
        rewards = self.slates["reward"].reshape(shape)

        def ratio(kind: str) -> Floats:
            wanted, logged = (self.slates[n + kind] for n in ("evaluation_policy_pscore", "pscore"))
            return np.asarray((wanted / logged).reshape(shape), np.float64)

        upto = ratio("_cascade")
        step = upto / np.concatenate([np.ones((ROUNDS, 1)), upto[:, :-1]], axis=1)
        found = {
            "ips": single.ips(log["reward"], weights),
            "snips": single.self_normalised_ips(log["reward"], weights),
            "dm": single.direct_method(expected),
            "dr": single.doubly_robust(*given),
            "sndr": single.self_normalised_doubly_robust(*given),
            "switch-dr tau=3": single.switch_doubly_robust(*given, threshold=3.0),
            "dr-os lambda=5": single.optimistic_shrinkage(*given, strength=5.0),
            "slate-ips": slates.slate_ips(rewards, step),
            "independent": slates.independent_ips(rewards, ratio("_item_position")),
            "rips": slates.reward_interaction_ips(rewards, step),
        }
        return {name: terms.value for name, terms in found.items()}


def task(data: Path, seeds: range, folder: Path, oracle: Oracle) -> None:
    """Write what obp is asked."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "oracle.npz", allow_pickle=False, **oracle.choices)
    np.savez(folder / "slates.npz", allow_pickle=False, **oracle.slates)
    for name, place in LOGS.items():
        table = pl.read_parquet(data / place / "log.parquet")
        items = pl.read_parquet(data / place / "items.parquet").sort("item_id")
        people = table.select(pl.selectors.starts_with("user_feature"))
        kinds = items.select(pl.selectors.starts_with("item_feature").exclude("item_feature_0"))
        np.savez(
            folder / f"{name}.npz",
            allow_pickle=False,
            action=table["item_id"].to_numpy(),
            position=table["position"].to_numpy() - 1,
            reward=table["click"].to_numpy(),
            pscore=table["propensity_score"].to_numpy(),
            context=people.to_dummies(drop_first=True).to_numpy(),
            action_context=np.column_stack(
                [items["item_feature_0"].to_numpy(), *(_codes(column) for column in kinds)]
            ),
            rows=np.stack([resampled(len(table), seed) for seed in seeds]),
        )


def resampled(rounds: int, seed: int) -> Longs:
    """The rounds of one bootstrap run, drawn with replacement."""
    return np.asarray(generator(seed, "run").integers(0, rounds, rounds), np.int64)


def answered(folder: Path, environments: Path) -> dict[str, Any]:
    """Let obp answer the task in `folder`. Raises `PrismError` where it fails."""
    python = environment(environments, OBP)
    variables = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    command = [str(python), "-m", "benchmarks.peers.obp_worker", str(folder.resolve())]
    with (folder / "log.txt").open("w") as log:
        done = subprocess.run(command, env=variables, stdout=log, stderr=log, check=False)
    if done.returncode:
        raise PrismError("obp failed.", hint=f"Its output is in {folder / 'log.txt'}.")
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    return answer


def ours(data: Path, name: str, target: Floats, seeds: range) -> list[dict[str, float]]:
    """What our estimators say of `target` (items, positions) on each of the same resampled logs."""
    log = read_log(data / LOGS[name] / "log.parquet")
    places = [int(position) - 1 for position in log.positions]
    wanted = target[[int(item) for item in log.items]].T[places]
    out = []
    for seed in seeds:
        found = estimates_of(wanted, _drawn(log, resampled(len(log), seed)), seed=seed)
        out.append({estimate: terms.value for estimate, terms in found.items()})
    return out


def _drawn(log: BanditLog, rows: Longs) -> BanditLog:
    return replace(
        log,
        actions=log.actions[rows],
        strata=log.strata[rows],
        rewards=log.rewards[rows],
        propensities=log.propensities[rows],
        people=np.arange(len(rows)),
    )


def _codes(column: pl.Series) -> np.ndarray:
    return np.unique(column.cast(pl.String).to_numpy().astype(str), return_inverse=True)[1]
