"""A classifier that reads: the text encoder with a head, trained together by counted work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from prismrec.core import State
from prismrec.core.arrays import Longs, Scores
from prismrec.descent.randomness import seeded
from prismrec.descent.step import backward, gradient_step
from prismrec.language.classifier.settings import Course
from prismrec.language.trainable import TrainableEncoder, padded, warm_up_then_linear

__all__ = ["ReadingPart", "fit_reading"]

FIRST_LIKENESS = 20.0
"""How many units of a logit one unit of cosine is worth before training."""
_BLOCK = 64  # texts of like length read at once, where nothing is learned
_WINDOW = 16  # batches among which texts of like length are put together
_DEPTH = re.compile(r"\b(?:layer|layers|h)\.(\d+)\.")


class ReadingPart:
    """Logits as the products of a text's vector, of length one, with a vector for each class."""

    kind = "reading"

    def __init__(self, encoder: TrainableEncoder, head: nn.Linear, max_tokens: int) -> None:
        self.encoder, self.head, self.max_tokens = encoder.eval(), head, max_tokens

    def vectors(self, texts: Sequence[str]) -> Scores:
        """(n, d) float32, of length one."""
        return _vectors(self.encoder, self.encoder.lines(texts, self.max_tokens)).numpy()

    def logits(self, texts: Sequence[str]) -> Scores:
        """(n, c) float32."""
        with torch.inference_mode():
            return np.asarray(self.head(torch.from_numpy(self.vectors(texts))).numpy())

    def goes_on(
        self, examples: tuple[Sequence[str], Longs], course: Course, rng: np.random.Generator
    ) -> ReadingPart:
        """This part, changed in place by learning from `examples` too, as `fit_reading` does."""
        texts, classes = examples
        self.head.requires_grad_(True)
        if course.mode == "frozen":
            _fit_head(self.head, torch.from_numpy(self.vectors(texts)), classes)
        else:
            lines = self.encoder.lines(texts, self.max_tokens)
            with seeded(rng):
                _train(self.encoder, self.head, (lines, classes), course, rng)
        self.head.requires_grad_(False)
        return self

    def state(self) -> State:
        """The head; the encoder is a folder of its own, see `save`."""
        arrays = {name: tensor.numpy() for name, tensor in self.head.state_dict().items()}
        return State(self.kind, {"max_tokens": self.max_tokens}, arrays)

    def save(self, folder: Path) -> None:
        """Writes the encoder into the new folder `folder`."""
        self.encoder.save(folder)

    @classmethod
    def from_state(cls, state: State, folder: Path) -> ReadingPart:
        """The part that `state` describes, with the encoder in `folder`."""
        encoder = TrainableEncoder(folder, "frozen", np.random.default_rng(0))
        weight = torch.from_numpy(np.array(state.arrays["weight"]))
        head = nn.Linear(weight.shape[1], weight.shape[0])
        head.load_state_dict({"weight": weight, "bias": torch.tensor(state.arrays["bias"])})
        return cls(encoder, head.requires_grad_(False), state.settings["max_tokens"])


def fit_reading(
    folder: Path,
    examples: tuple[Sequence[str], Longs],
    count: int,
    course: Course,
    max_tokens: int,
    rng: np.random.Generator,
) -> ReadingPart:
    """Train the encoder in `folder` and a head on `examples`, texts and their classes (n,), numbers
    below `count`, each found at least once.

    The head begins at the mean vectors of the classes (Snell, Swersky and Zemel, "Prototypical
    networks for few-shot learning", 2017). Words' own vectors stay as they are: on a CPU they would
    cost more than all layers. Raises `TrainingDiverged` where the loss is no number.
    """
    texts, classes = examples
    encoder = TrainableEncoder(folder, course.mode, rng, rank=course.rank)
    if course.mode == "full":
        encoder.model.get_input_embeddings().requires_grad_(False)
    vectors = _vectors(encoder.eval(), encoder.lines(texts, max_tokens))
    head = _prototypes(vectors, classes, count)
    part = ReadingPart(encoder, head, max_tokens)
    return part.goes_on(examples, course, rng)


def _prototypes(vectors: Tensor, classes: Longs, count: int) -> nn.Linear:
    sums = torch.zeros(count, vectors.shape[1]).index_add_(0, torch.from_numpy(classes), vectors)
    head = nn.Linear(vectors.shape[1], count)
    with torch.no_grad():
        head.weight.copy_(FIRST_LIKENESS * functional.normalize(sums, dim=1))
        head.bias.zero_()
    return head


def _fit_head(head: nn.Linear, vectors: Tensor, classes: Longs) -> None:
    """Logistic regression on vectors that stay as they are; its optimum does not depend on luck."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=30.0, max_iter=300).fit(vectors.numpy(), classes)
    weights, bias = torch.tensor(found.coef_), torch.tensor(found.intercept_)
    if len(weights) == 1:
        weights, bias = torch.cat([-weights, weights]) / 2, torch.cat([-bias, bias]) / 2
    with torch.no_grad():
        head.weight.copy_(weights)
        head.bias.copy_(bias)


def _train(
    encoder: TrainableEncoder,
    head: nn.Linear,
    examples: tuple[list[list[int]], Longs],
    course: Course,
    rng: np.random.Generator,
) -> None:
    lines, classes = examples
    optimiser = _optimiser(encoder, head, course)
    steps = course.passes * -(-len(lines) // course.batch)
    done = 0
    encoder.train()
    for _ in range(course.passes):
        for rows in _batches(lines, course.batch, rng):
            share = warm_up_then_linear(done, steps, course.warm_up)
            for group in optimiser.param_groups:
                group["lr"] = group["rate"] * share
            loss = _loss(encoder, head, [lines[i] for i in rows], classes[rows], course)
            backward(loss, "the text classifier")
            gradient_step(optimiser)
            done += 1
    encoder.eval()


def _loss(
    encoder: TrainableEncoder, head: nn.Linear, lines: list[list[int]], own: Longs, course: Course
) -> Tensor:
    logits, classes = head(_read(encoder, lines)), torch.from_numpy(own)
    return functional.cross_entropy(logits, classes, label_smoothing=course.smoothing)


def _optimiser(encoder: TrainableEncoder, head: nn.Linear, course: Course) -> torch.optim.Optimizer:
    """Each layer at its own rate; what belongs to no layer learns as the lowest does."""
    learning = [(name, p) for name, p in encoder.model.named_parameters() if p.requires_grad]
    found = [_DEPTH.search(name) for name, _ in learning]
    depths = [int(match[1]) if match else -1 for match in found]
    top = max(depths, default=0)
    groups: list[dict[str, Any]] = [{"params": list(head.parameters()), "rate": course.head_rate}]
    for depth in sorted(set(depths)):
        own = [p for (_, p), at in zip(learning, depths, strict=True) if at == depth]
        groups.append({"params": own, "rate": course.learning_rate * course.decay ** (top - depth)})
    return torch.optim.AdamW(groups, lr=course.learning_rate, weight_decay=0.01, fused=True)


def _batches(lines: list[list[int]], size: int, rng: np.random.Generator) -> Iterator[Longs]:
    """Every text once, in batches of like length, so that little is computed for padding."""
    lengths = np.array([len(line) for line in lines])
    order = rng.permutation(len(lines))
    batches: list[Longs] = []
    for at in range(0, len(order), size * _WINDOW):
        some = order[at : at + size * _WINDOW]
        some = some[np.argsort(lengths[some], kind="stable")]
        batches += [some[i : i + size] for i in range(0, len(some), size)]
    for place in rng.permutation(len(batches)):
        yield batches[place]


def _vectors(encoder: TrainableEncoder, lines: list[list[int]]) -> Tensor:
    """(n, d), without learning."""
    out = torch.zeros(len(lines), encoder.width)
    order = sorted(range(len(lines)), key=lambda i: len(lines[i]))
    with torch.no_grad():
        for at in range(0, len(order), _BLOCK):
            rows = order[at : at + _BLOCK]
            out[rows] = _read(encoder, [lines[i] for i in rows])
    return out


def _read(encoder: TrainableEncoder, lines: list[list[int]]) -> Tensor:
    ids, mask = padded(lines)
    return functional.normalize(encoder.pooled(encoder(ids, mask), mask), dim=1)
