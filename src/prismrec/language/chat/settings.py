"""Which chat model is asked, and what it may cost. Only the operator sets this, never a request."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from prismrec.core import BadSettings

__all__ = ["FORMATS", "ChatSettings"]

FORMATS = ("json_schema", "json_object", "none")


@dataclass(frozen=True)
class ChatSettings:
    """A chat model behind an OpenAI-compatible endpoint, or in a local folder; none by default.

    `endpoint` is a base address such as `https://host/v1`, `model` the name of a model there;
    without an endpoint, `model` is a folder in Hugging Face form (safetensors). `key_env` names the
    environment variable that holds the key. `private_hosts` are the host names, addresses and
    networks (`10.0.0.0/8`) that may be reached though they are private or plain `http`.
    `response_format` is how the endpoint is told the shape of the answer, `none` where it cannot
    be told.

    Limits of one request, over everything: `deadline_s` seconds, `attempts` at most, and
    `request_tokens` tokens, of which an answer takes at most `answer_tokens`. Limits of a day (UTC)
    of one process: `daily_tokens` and `daily_spend` (0: none), in the unit of `prompt_price` and
    `answer_price`, which are for a million tokens. Tokens are counted beforehand by an upper bound
    (the bytes of the prompt), so that no limit is ever exceeded, and settled by what was used.

    After `failures` failed requests in a row the model rests for `rest_s` seconds. `kept_answers`
    is how many answers are remembered by what was asked.
    """

    endpoint: str = ""
    model: str = ""
    key_env: str = ""
    private_hosts: tuple[str, ...] = ()
    response_format: str = "json_schema"
    deadline_s: float = 8.0
    attempts: int = 3
    request_tokens: int = 32_000
    answer_tokens: int = 512
    daily_tokens: int = 0
    daily_spend: float = 0.0
    prompt_price: float = 0.0
    answer_price: float = 0.0
    failures: int = 5
    rest_s: float = 30.0
    kept_answers: int = 1024

    def __post_init__(self) -> None:
        if self.response_format not in FORMATS:
            raise BadSettings(
                f"chat.response_format is '{self.response_format}'.",
                hint=f"Give one of: {', '.join(FORMATS)}.",
            )
        if self.endpoint and not self.model:
            raise BadSettings("chat.endpoint has no model.", hint="Set chat.model to its name.")
        if self.daily_spend and not (self.prompt_price or self.answer_price):
            raise BadSettings(
                "chat.daily_spend is set, but no price.",
                hint="Set chat.prompt_price and chat.answer_price, for a million tokens.",
            )
        lowest = {"attempts": 1, "request_tokens": 1, "answer_tokens": 1, "failures": 1}
        zero = ("deadline_s", "daily_tokens", "daily_spend", "prompt_price", "answer_price")
        for name, least in {
            **lowest,
            **dict.fromkeys((*zero, "rest_s", "kept_answers"), 0),
        }.items():
            value = getattr(self, name)
            if not (isfinite(value) and value >= least):
                raise BadSettings(
                    f"chat.{name} is {value}.", hint=f"Give a number of {least} or more."
                )
