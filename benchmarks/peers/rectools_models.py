"""Transformers of RecTools, with their authors' settings for sets of the same kind.

SASRec (Kang and McAuley, 2018), BERT4Rec (Sun et al., 2019) and eSASRec (Tikhonovich et al.,
"eSASRec: enhancing transformer-based recommendations in a modular fashion", RecSys 2025: SASRec
with LiGR layers and a sampled softmax). Leave-one-out sets take what that paper's code uses for
Amazon's (256 wide, one block, one head, 50 events, dropout 0.2, 256 negatives); temporal sets take
RecTools' defaults (two blocks, four heads, 100 events). The loss of SASRec is RecTools' default,
cross-entropy over the whole catalogue (Klenitskiy and Vasilev, "Turning dross into gold loss",
RecSys 2023).

RecTools pads every session to the full length, and computes the scores of the whole catalogue for
the padding too, of which no loss comes. `Lean` leaves these out: same loss, same gradient, and
several times faster where sessions are short, so that a CPU can train these models at all.

After each epoch the validation cases are asked; training stops after `PATIENCE` epochs without a
better figure, after `EPOCHS`, or when the minutes are over, and the best weights answer the test.
"""

from __future__ import annotations

import copy
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from pytorch_lightning import Callback, Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import BERT4RecModel, SASRecModel
from rectools.models.nn.transformers.data_preparator import SequenceDataset
from rectools.models.nn.transformers.lightning import TransformerLightningModule
from rectools.models.nn.transformers.ligr import LiGRLayers
from torch.utils.data import DataLoader

from benchmarks.peers.task import Answer, Rows, Task, ndcg, popular, top

EPOCHS = 200
PATIENCE = 10
BATCH = 256
SHORT = {"n_factors": 256, "session_max_len": 50, "n_blocks": 1, "n_heads": 1}
LONG = {"n_factors": 256, "session_max_len": 100, "n_blocks": 2, "n_heads": 4}
COMMON = {"dropout_rate": 0.2, "lr": 0.001, "batch_size": 128}


def sasrec(task: Task) -> Answer:
    """SASRec with cross-entropy."""
    return _answer(SASRecModel, task, {"loss": "softmax"})


def esasrec(task: Task) -> Answer:
    """SASRec with LiGR layers and 256 negatives for every position."""
    more = {
        "loss": "sampled_softmax",
        "n_negatives": 256,
        "transformer_layers_type": LiGRLayers,
        "use_key_padding_mask": True,
    }
    return _answer(SASRecModel, task, more)


def bert4rec(task: Task) -> Answer:
    """BERT4Rec with cross-entropy; a share of 0.15 of the events is masked."""
    return _answer(BERT4RecModel, task, {"loss": "softmax", "mask_prob": 0.15})


class Lean(TransformerLightningModule):
    """RecTools' training step, scoring only the positions that have something to predict."""

    def training_step(self, batch: dict[str, torch.Tensor], batch_idx: int) -> torch.Tensor:
        model, inside = self.torch_model, batch["y"] != 0  # (b, l)
        items = model.item_model.get_all_embeddings()  # (n, d)
        states = model.encode_sessions(batch, items)[inside][None]  # (1, p, d)
        right, weights = batch["y"][inside], batch["yw"][inside]  # (p,)
        if self._requires_negatives:
            shown = torch.cat([right[:, None], batch["negatives"][inside]], dim=1)  # (p, 1 + k)
            logits = model.similarity_module(states, items, shown[None])[0] / self.logits_t
            right = torch.zeros_like(right)
        else:
            logits = model.similarity_module(states, items)[0] / self.logits_t  # (p, n)
        loss = torch.nn.functional.cross_entropy(logits, right, reduction="none") * weights
        return loss.sum() / (loss > 0).sum()


class Watch(Callback):
    """Validates after each epoch, keeps the best weights, and says when to stop."""

    def __init__(self, asked: Asked, task: Task) -> None:
        self.asked, self.task = asked, task
        self.curve: list[tuple[float, float]] = []
        self.best: dict[str, torch.Tensor] = {}
        self.figure, self.since, self.spent, self.converged = -1.0, 0, 0.0, False
        self.end = time.monotonic() + task.seconds

    def __deepcopy__(self, memo: object) -> Watch:
        return self  # RecTools trains with a copy of its trainer; what is watched must come back

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        self.start = time.process_time()

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        if time.monotonic() > self.end:
            trainer.should_stop = True

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        self.spent += time.process_time() - self.start
        figure = self.asked.validated()
        module.train()
        self.curve.append((self.spent, figure))
        print(f"epoch {len(self.curve)}: {self.spent:.0f} s, ndcg@10 {figure:.4f}", flush=True)
        self.since += 1
        if figure > self.figure:
            self.figure, self.since = figure, 0
            self.best = copy.deepcopy(module.torch_model.state_dict())
        self.converged = self.since >= PATIENCE or len(self.curve) >= EPOCHS
        trainer.should_stop = trainer.should_stop or self.converged


class Asked:
    """A RecTools transformer that answers histories of our item positions."""

    def __init__(self, model: Any, task: Task) -> None:
        self.model, self.task, self.popular = model, task, popular(task)

    def validated(self) -> float:
        """Mean nDCG@10 of the validation cases."""
        parts, at = [], 0
        for rows, scores in self._scored(self.task.validation):
            targets = self.task.targets[at : at + len(rows)]
            parts.append(ndcg(self.task, scores, rows, targets))
            at += len(rows)
        return float(np.concatenate(parts).mean())

    def lists(self) -> np.ndarray:
        """The best items of every test case, (cases, k)."""
        answered = [top(self.task, scores, rows) for rows, scores in self._scored(self.task.test)]
        return np.concatenate(answered)

    def _scored(self, histories: Rows) -> Any:
        """Histories and the scores of all items (b, n), a batch at a time; -inf where an item is
        unknown to the model, counts where the whole history is."""
        preparator = self.model.data_preparator
        extra = preparator.n_item_extra_tokens
        known = np.asarray(preparator.get_known_item_ids(), np.int64)
        inside = np.zeros(self.task.n_items, np.int64)
        inside[known] = np.arange(len(known)) + extra
        for start in range(0, len(histories), BATCH):
            rows = histories[start : start + BATCH]
            sessions = [[int(i) for i in inside[row] if i] for row in rows]
            readable = np.array([bool(s) for s in sessions])
            out = np.full((len(rows), self.task.n_items), -np.inf, np.float32)
            if readable.any():
                people, items = self._vectors([s for s in sessions if s])
                out[np.ix_(readable, known)] = (people @ items[extra:].T).numpy()
            out[~readable] = self.popular
            yield rows, out

    def _vectors(self, sessions: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """The vectors of sessions (b, d) and of all tokens (n, d), by the library's own code."""
        weights = [[1.0] * len(s) for s in sessions]
        loader = DataLoader(
            SequenceDataset(sessions=sessions, weights=weights),
            batch_size=BATCH,
            collate_fn=self.model.data_preparator._collate_fn_recommend,
        )
        vectors: tuple[torch.Tensor, torch.Tensor]
        vectors = self.model.lightning_model._get_user_item_embeddings(loader, "cpu")
        return vectors


def _answer(kind: Any, task: Task, more: dict[str, Any]) -> Answer:
    """Train to convergence and answer."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(int(task.plan["threads"]))
    seed_everything(int(task.plan["seed"]), verbose=False)
    sizes = SHORT if task.plan["split"] == "leave-one-out" else LONG
    settings = {**sizes, **COMMON, **more}
    model = kind(**settings, lightning_module_type=Lean, recommend_torch_device="cpu")
    watch = Watch(Asked(model, task), task)
    model._trainer = Trainer(
        accelerator="cpu",
        max_epochs=EPOCHS,
        callbacks=[watch],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    model.fit(dataset(task))
    model.torch_model.load_state_dict(watch.best)
    start = time.process_time()
    lists = watch.asked.lists()
    seconds = time.process_time() - start
    plain = {k: v if isinstance(v, int | float | str) else v.__name__ for k, v in settings.items()}
    return Answer(lists, watch.spent, seconds, watch.converged, plain, watch.curve)


def dataset(task: Task) -> Dataset:
    """The training events; the time of an event is its place."""
    frame = pd.DataFrame(
        {
            Columns.User: task.users,
            Columns.Item: task.items,
            Columns.Weight: 1.0,
            Columns.Datetime: pd.to_datetime(np.arange(len(task.items)), unit="s"),
        }
    )
    return Dataset.construct(frame)
