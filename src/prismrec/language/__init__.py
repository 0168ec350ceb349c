"""Language models: text encoders, how one is chosen, and the words of a text.

Nothing heavy loads with this package; `prismrec.language.choice`, `.reference`, `.encoder` and
`.tfidf` import torch and scikit-learn when they are called.
"""

from prismrec.language.cache import CachedEncoder, QueryCache
from prismrec.language.choice import ChosenEncoder, EncoderWarning, choose_encoder
from prismrec.language.reference import encoder_from_reference, encoder_reference
from prismrec.language.scripts import script_shares
from prismrec.language.segmentation import contains_han, segment
from prismrec.language.settings import LanguageSettings

__all__ = [
    "CachedEncoder",
    "ChosenEncoder",
    "EncoderWarning",
    "LanguageSettings",
    "QueryCache",
    "choose_encoder",
    "contains_han",
    "encoder_from_reference",
    "encoder_reference",
    "script_shares",
    "segment",
]
