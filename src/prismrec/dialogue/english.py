"""How people steer a conversation in English."""

from __future__ import annotations

import re

from prismrec.dialogue.phrases import Phrases

__all__ = ["PHRASES"]

_ORDINALS = {
    word: place
    for place, words in enumerate(
        ("first 1st one", "second 2nd two", "third 3rd three", "fourth 4th four", "fifth 5th five",
         "sixth 6th six", "seventh 7th", "eighth 8th", "ninth 9th", "tenth 10th")
    )
    for word in words.split()
} | {"last": -1}  # fmt: skip
_NTH = "|".join(word for word in _ORDINALS if word not in ("one", "two", "three", "four", "five"))
_THING = r"(?:\s+(?:one|item|product|option|result))?"


def _item(name: str) -> str:
    """The second one; number 2; #2; that one; it."""
    counted = rf"(?:the\s+)?(?P<{name}>{_NTH})\b{_THING}"
    numbered = rf"(?:number|no\.|item|#)\s*(?P<{name}_number>\d{{1,2}}|one|two|three|four|five)\b"
    return rf"(?:{counted}|{numbered}|(?:that|this)(?:\s+one|\s+item)?\b|it\b)"


def _said(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_FACETS = {
    "brand": "brand", "make": "brand", "colour": "color", "color": "color", "price": "price",
    "budget": "price", "size": "size", "material": "material", "style": "style",
}  # fmt: skip
_FACET = "|".join(_FACETS)
_NO = r"(?:not|no|don['\u2019]?t\s+(?:like|want)|do\s+not\s+(?:like|want)|dislike|hate|avoid)"

PHRASES = Phrases(
    acts={
        "restart": _said(
            r"\b(?:start(?:ing)?\s+(?:over|again|afresh)|new\s+search|reset"
            r"|forget\s+(?:it|that|everything|all\s+(?:of\s+)?that)|from\s+scratch)\b[,.!]*"
        ),
        "hello": _said(r"^(?:hi|hello|hey|good\s+(?:morning|evening|day))(?:\s+there)?[!. ]*$"),
        "thanks": _said(
            r"^(?:(?:ok(?:ay)?|great|perfect|good)[,! ]*)?(?:thanks?(?:\s+you)?|cheers|bye|goodbye)"
            r"(?:\s+(?:a\s+lot|so\s+much|very\s+much))?[!. ]*$"
        ),
        "others": _said(
            r"\b(?:(?:none|neither)\s+of\s+(?:these|them|those)|(?:not|no\s+to)\s+(?:any\s+of\s+)?(?:these|them|those)"
            r"|(?:i\s+)?(?:don['\u2019]?t|do\s+not)\s+(?:like|want)\s+(?:any(?:\s+of\s+(?:these|them))?"
            r"|these|them|those)|(?:show\s+me\s+)?(?:something|anything)\s+else|(?:(?:any|what)\s+)?other\s+(?:ones|options)"
            r"|different\s+ones)\b[,.!]*"
        ),
        "more": _said(
            r"^(?:can\s+you\s+)?(?:please\s+)?(?:show\s+(?:me\s+)?)?(?:some\s+|a\s+few\s+)?"
            r"(?:more(?:\s+(?:options|results|items|of\s+(?:these|them)))?|what\s+else|next(?:\s+page)?)"
            r"(?:\s+please)?[?!. ]*$"
        ),
    },
    free=_said(
        rf"\b(?:(?:other|all)\s+({_FACET})s\s+(?:too|also|as\s+well)|any\s+({_FACET})(?!\s+(?:but|except))(?:\s+(?:is|will|would)\s+(?:fine|ok|okay|do))?"
        rf"|(?:i\s+)?(?:don['\u2019]?t|do\s+not)\s+(?:care|mind)(?:\s+about)?(?:\s+the)?(?:\s+({_FACET}))?"
        rf"|(?:the\s+)?({_FACET})\s+(?:does\s*n['\u2019]?t|does\s+not)\s+matter"
        rf"|no\s+preference(?:\s+(?:on|for|about)(?:\s+the)?\s+({_FACET}))?"
        rf"|(?:it\s+)?(?:does\s*n['\u2019]?t|does\s+not)\s+matter|whatever|either(?:\s+is\s+fine)?)\b"
    ),
    cheaper=_said(
        r"\b(?:(?:a\s+(?:bit|little)\s+)?(?:cheaper|less\s+(?:expensive|pricey)|lower[\s-]priced?)"
        r"|(?:(?:it|that|this|they)(?:['\u2019]s|\s+is|\s+are|['\u2019]re)\s+)?too\s+(?:expensive|dear|pricey)"
        r"|more\s+affordable|over\s+my\s+budget)\b(?!\s+than\s+\W?\d)"
        rf"(?:\s+(?:ones?|options?))?(?:\s+than\s+{_item('place')})?"
    ),
    dearer=_said(
        r"\b(?:more\s+(?:expensive|upmarket)|pricier|dearer|higher[\s-](?:end|priced)"
        r"|(?:(?:it|that|this|they)(?:['\u2019]s|\s+is|\s+are|['\u2019]re)\s+)?too\s+cheap)\b"
        rf"(?!\s+than\s+\W?\d)(?:\s+(?:ones?|options?))?(?:\s+than\s+{_item('place')})?"
    ),
    cheapest=_said(
        r"\b(?:(?:which|what)(?:\s+one)?\s+is\s+|show\s+(?:me\s+)?)?(?:the\s+)?"
        r"(?:cheapest|least\s+expensive|lowest[\s-]price[d]?)(?:\s+(?:ones?|first|options?))?\b"
    ),
    dearest=_said(
        r"\b(?:(?:which|what)(?:\s+one)?\s+is\s+|show\s+(?:me\s+)?)?(?:the\s+)?"
        r"(?:most\s+expensive|priciest)(?:\s+(?:ones?|first|options?))?\b"
    ),
    not_brand=_said(
        rf"\b(?:(?:{_NO}|other\s+than|anything\s+but)\s+(?:that|this|the\s+same|the)\s+"
        rf"(?:brand|make|maker)(?:\s+of\s+{_item('place')})?"
        rf"|(?:(?:i\s+)?{_NO}\s+)?the\s+brand\s+of\s+{_item('place_too')}"
        r"|(?:another|(?:a\s+)?different|some\s+other)\s+(?:brand|make|maker))\b"
    ),
    not_item=_said(
        rf"\b(?:i\s+)?(?:{_NO}|skip|remove|drop|without|except(?:\s+for)?|forget)\s+{_item('place')}"
    ),
    alike=_said(
        r"\b(?:(?:something|anything|one|ones|more|another)\s+)?"
        rf"(?:(?:i\s+)?like|similar\s+to|the\s+same\s+as)\s+{_item('place')}"
        r"|\b(?:something|anything|one|ones|more)\s+similar\b"
    ),
    ask_price=_said(r"\b(?:how\s+(?:much|expensive)|what(?:['\u2019]s|\s+is)\s+the\s+(?:price|cost)|what\s+does\s+.+\s+cost)\b"),
    ask_stock=_said(
        r"\b(?:(?:is|are)\s+.+\s+(?:in\s+stock|available)|(?:do\s+you\s+)?have\s+.+\s+in\s+stock)\b"
    ),
    reference=_said(_item("place")),
    ordinals=_ORDINALS,
    facets=_FACETS,
    said_as=(
        (_said(rf"\bany\s+(?:{_FACET}|one|thing)\s+(?:but|except(?:\s+for)?)\b"), "not"),
        (_said(rf"\b(?:i\s+)?{_NO.replace('not|no|', '', 1)}\b"), "not"),
        (_said(r"\b(?:with\s+|on\s+)?(?:(?:a|my)\s+)?budget\s*(?:of|is|:)?\s*(?=\W?\d)"), "up to "),
    ),
    joined=_said(
        r"^(?:(?:(?:no|yes)\s*(?:,|$)|(?:ok(?:ay)?|well|hmm+|and|but|please|maybe|rather|instead)\b)[\s,]*)+"
        r"|\b(?:please|instead|though)\b|\s+(?:but|and)\s*$"
    ),
)  # fmt: skip
