"""What obp says of the same logs: runs in its own environment (`requirements-obp.txt`).

    python -m benchmarks.peers.obp_worker FOLDER

FOLDER holds `oracle.npz`, `slates.npz`, `random.npz` and `bts.npz`, which `benchmarks.ope_peer`
wrote; `answer.json` and `target.npy`, the distribution of Bernoulli Thompson sampling with the
prior of the Open Bandit data, come beside them.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]

TAUS = (1.0, 5.0, 10.0, 50.0, 100.0)
LAMBDAS = (1.0, 10.0, 100.0, 1000.0)
FOLDS = 3


def main(folder: Path) -> None:
    """Do the task in `folder`."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.INFO)
    answer: dict[str, Any] = {"oracle": oracle(read(folder, "oracle"), read(folder, "slates"))}
    thompson = production_policy()
    np.save(folder / "target.npy", thompson, allow_pickle=False)
    uniform = np.full_like(thompson, 1.0 / len(thompson))
    for log, target in (("random", thompson), ("bts", uniform)):
        answer[log] = runs(read(folder, log), target)
    (folder / "answer.json").write_text(json.dumps(answer, indent=1))


def read(folder: Path, name: str) -> Arrays:
    """The arrays of one file."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
        return dict(file)


def estimators(taus: tuple[float, ...], lambdas: tuple[float, ...]) -> list[Any]:
    """Every estimator for single choices; switching and shrinking at each of its strengths."""
    from obp import ope

    return [
        ope.InverseProbabilityWeighting(estimator_name="ips"),
        ope.SelfNormalizedInverseProbabilityWeighting(estimator_name="snips"),
        ope.DirectMethod(estimator_name="dm"),
        ope.DoublyRobust(estimator_name="dr"),
        ope.SelfNormalizedDoublyRobust(estimator_name="sndr"),
        *(ope.SwitchDoublyRobust(tau=t, estimator_name=f"switch-dr tau={t:g}") for t in taus),
        *(
            ope.DoublyRobustWithShrinkage(lambda_=s, estimator_name=f"dr-os lambda={s:g}")
            for s in lambdas
        ),
    ]


def values(
    log: Arrays, target: np.ndarray, model: np.ndarray, tried: list[Any]
) -> dict[str, float]:
    """Each estimator's value of `target` (rounds, actions, positions)."""
    from obp import ope

    feedback = {**log, "n_rounds": len(log["action"]), "n_actions": target.shape[1]}
    asked = ope.OffPolicyEvaluation(bandit_feedback=feedback, ope_estimators=tried)
    found = asked.estimate_policy_values(action_dist=target, estimated_rewards_by_reg_model=model)
    return {name: float(value) for name, value in found.items()}


def oracle(log: Arrays, slates: Arrays) -> dict[str, float]:
    """The estimators on a log and a reward model that both sides are given."""
    from obp import ope

    target, model = log.pop("target"), log.pop("model")
    found = values(log, target, model, estimators((3.0,), (5.0,)))
    common = {name: slates[name] for name in ("slate_id", "reward", "position")}
    places = {name: slates[name] for name in slates if name not in common}
    for name, estimator in (
        ("slate-ips", ope.SlateStandardIPS(len_list=3)),
        ("independent", ope.SlateIndependentIPS(len_list=3)),
        ("rips", ope.SlateRewardInteractionIPS(len_list=3)),
    ):
        found[name] = float(estimator.estimate_policy_value(**common, **places))
    return found


def production_policy() -> np.ndarray:
    """(items, positions): how often Thompson sampling with the data's prior shows each item."""
    from obp.policy import BernoulliTS

    policy = BernoulliTS(
        n_actions=34, len_list=3, is_zozotown_prior=True, campaign="men", random_state=12345
    )
    return policy.compute_batch_action_dist(n_rounds=1, n_sim=100_000)[0]


def runs(log: Arrays, target: np.ndarray) -> list[dict[str, float]]:
    """What each estimator says on each of the resampled logs, `rows` (runs, rounds)."""
    from obp import ope
    from sklearn.linear_model import LogisticRegression

    rows, items = log.pop("rows"), log.pop("action_context")
    out = []
    for run, chosen in enumerate(rows):
        drawn = {name: column[chosen] for name, column in log.items()}
        regression = ope.RegressionModel(
            n_actions=len(target),
            len_list=target.shape[1],
            action_context=items,
            base_model=LogisticRegression(C=1000, max_iter=1000, random_state=12345),
        )
        model = regression.fit_predict(**drawn, n_folds=FOLDS, random_state=run)
        everywhere = np.tile(target, (len(chosen), 1, 1))
        out.append(
            values({**drawn, "action_context": items}, everywhere, model, estimators(TAUS, LAMBDAS))
        )
    return out


if __name__ == "__main__":
    main(Path(sys.argv[1]))
