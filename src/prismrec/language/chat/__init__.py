"""Chat models: asked within limits, answered in a given shape, or refused.

Nothing heavy loads with this package; `prismrec.language.chat.local` imports torch when it is
called.
"""

from prismrec.language.chat.model import LimitedChat, chat_model, shared_chat_model
from prismrec.language.chat.prompts import fenced, prompt
from prismrec.language.chat.settings import ChatSettings

__all__ = ["ChatSettings", "LimitedChat", "chat_model", "fenced", "prompt", "shared_chat_model"]
