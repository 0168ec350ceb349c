"""A causal language model in a local folder, decoded greedily, within the schema where it can be.

Nothing of the folder is executed: weights are safetensors, code of a model's own is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from prismrec.core import BadSettings, ChatRefused, NotFound
from prismrec.language.chat.grammar import Free, is_walkable, walk
from prismrec.language.chat.source import Failed, Messages, Reply, Schema
from prismrec.language.chat.time_limit import TimeLimit
from prismrec.language.folder import ModelFolder, file_sha256

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["LocalModel"]

_PIECE = 128
"""Tokens of a prompt read at once: between two pieces the deadline is looked at."""


class LocalModel:
    """One model, one answer at a time, in a thread of its own: whoever waits for it leaves when the
    deadline comes, and it stops at its next token."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str
    ) -> None:
        self.name = name
        self._model: Any = model.eval()
        self._tokenizer: Any = tokenizer
        self._longest = int(getattr(model.config, "max_position_embeddings", 0) or 2**31)
        self._harmless = _harmless_tokens(tokenizer, int(model.config.vocab_size))
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="prismrec-chat")

    @classmethod
    def read(cls, folder: str | Path) -> LocalModel:
        """The model in `folder`. Raises `NotFound` or `BadSettings` where it cannot be used."""
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise NotFound(
                f"There is no folder {folder} to read a chat model from.",
                hint="Correct chat.model, or set chat.endpoint.",
            )
        checked = ModelFolder.read(path)
        try:
            model = AutoModelForCausalLM.from_pretrained(
                path, use_safetensors=True, trust_remote_code=False, local_files_only=True
            )
            tokenizer = AutoTokenizer.from_pretrained(
                path, trust_remote_code=False, local_files_only=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise BadSettings(
                f"The model in {path} cannot be loaded: {error}",
                hint="Take a causal model that transformers knows without code of its own.",
            ) from None
        weights = "+".join(file_sha256(file) for file in checked.weights)
        name = f"{path.name} {hashlib.sha256(weights.encode()).hexdigest()[:24]}"
        return cls(model, tokenizer, name)

    def most_tokens(self, messages: Messages, schema: Schema) -> int:
        """The tokens of the prompt, exactly."""
        return len(self._prompt(messages))

    def say(self, messages: Messages, schema: Schema, tokens: int, limit: TimeLimit) -> Reply:
        prompt = self._prompt(messages)
        if len(prompt) + tokens > self._longest:
            raise Failed("too-large", "The prompt is longer than the model reads.", free=True)
        task = self._worker.submit(self._answer, prompt, schema, tokens, limit)
        try:
            text, used = task.result(timeout=limit.left())
        except TooLate:
            task.cancel()
            raise ChatRefused("deadline", "The language model did not answer in time.") from None
        return Reply(text, len(prompt), used)

    def _prompt(self, messages: Messages) -> list[int]:
        turns = [dict(message) for message in messages]
        if self._tokenizer.chat_template:
            text = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True
            )
        else:
            text = "\n\n".join(turn["content"] for turn in turns) + "\n\n"
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _answer(
        self, prompt: list[int], schema: Schema, tokens: int, limit: TimeLimit
    ) -> tuple[str, int]:
        with torch.inference_mode():
            said = _Speech(self._model, prompt, tokens, limit)
            if not is_walkable(schema):
                return self._plain(said), said.used
            return self._walked(said, schema), said.used

    def _plain(self, said: _Speech) -> str:
        """The likeliest token after the other, until the model ends."""
        ends = self._model.generation_config.eos_token_id
        ends = {ends} if isinstance(ends, int) else set(ends or ())
        found: list[int] = []
        while said.used < said.most:
            token = int(said.logits.argmax())
            if token in ends:
                break
            found.append(token)
            said.push([token])
        return str(self._tokenizer.decode(found, skip_special_tokens=True))

    def _walked(self, said: _Speech, schema: Schema) -> str:
        steps, text = walk(schema), ""
        try:
            asked = next(steps)
            while True:
                one = self._free(said, asked) if isinstance(asked, Free) else self._one(said, asked)
                text += one
                asked = steps.send(one)
        except StopIteration:
            return text

    def _one(self, said: _Speech, texts: Sequence[str]) -> str:
        """The likeliest of `texts`, token by token along the tree of their tokens."""
        left = {text: self._tokens(text) for text in texts}
        at = 0
        while len(left) > 1:
            same = next((text for text, tokens in left.items() if len(tokens) == at), None)
            if same is not None:  # texts that this tokenizer cannot tell apart
                return same
            allowed = sorted({tokens[at] for tokens in left.values()})
            token = allowed[int(said.logits[allowed].argmax())]
            left = {text: tokens for text, tokens in left.items() if tokens[at] == token}
            said.push([token])
            at += 1
        ((text, tokens),) = left.items()
        if tokens[at:]:
            said.push(tokens[at:])
        return text

    def _free(self, said: _Speech, free: Free) -> str:
        """Likeliest tokens of which none closes the string, until one that does is likelier."""
        quote = self._tokens('"')[0]
        found: list[int] = []
        while len(found) < free.longest:
            token = int(np.where(self._harmless, said.logits, -np.inf).argmax())
            if said.logits[quote] >= said.logits[token]:
                break
            found.append(token)
            said.push([token])
        text = str(self._tokenizer.decode(found))[: free.longest]
        return json.dumps(text, ensure_ascii=False)[1:-1]

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))


class _Speech:
    """What was read and said so far, and the `logits` (vocabulary,) of the next token."""

    def __init__(self, model: Any, prompt: list[int], most: int, limit: TimeLimit) -> None:
        self._model, self._limit, self._past = model, limit, None
        self.most, self.used = most, 0
        self.logits: np.ndarray = np.zeros(0)
        self._read(prompt)

    def push(self, tokens: list[int]) -> None:
        """Says `tokens`. Raises `Failed` where they would be more than may be said."""
        self.used += len(tokens)
        if self.used > self.most:
            raise Failed("tokens", "The answer needs more tokens than chat.answer_tokens.")
        self._read(tokens)

    def _read(self, tokens: list[int]) -> None:
        for start in range(0, len(tokens), _PIECE):
            self._limit.left()
            piece = torch.tensor([tokens[start : start + _PIECE]], device=self._model.device)
            out = self._model(input_ids=piece, past_key_values=self._past, use_cache=True)
            self._past = out.past_key_values
        self.logits = out.logits[0, -1].float().cpu().numpy()


def _harmless_tokens(tokenizer: Any, size: int) -> np.ndarray:
    """(size,): tokens that a JSON string may hold as they are, and that are text."""
    special = set(tokenizer.all_special_ids)
    out = np.zeros(size, bool)
    for token in range(min(size, len(tokenizer))):
        text = tokenizer.decode([token])
        out[token] = token not in special and bool(text) and text.isprintable() and '"' not in text
        out[token] &= "\\" not in text
    return out
