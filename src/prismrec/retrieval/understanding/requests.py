"""Words that only ask: "I am looking for ...", 我想买一个...的. What remains is what is looked for.

They say nothing of the item and are left out only where a whole request is made of them, at the
beginning or the end, so that titles that begin like one (我的世界, Find Me Guilty) stay whole.
"""

from __future__ import annotations

import re

from prismrec.language.segmentation import contains_han
from prismrec.retrieval.understanding.catalogue_terms import CatalogueTerms

__all__ = ["without_request"]

_ENGLISH = re.compile(
    r"\s*(?:(?:hi|hello|hey)[\s,!.]+)?(?:please\s+)?(?P<cue>"
    r"(?:i(?:\s+am|['\u2019]m)\s+)?looking\s+for|i\s+(?:want|need|would\s+like)|i['\u2019]d\s+like"
    r"|(?:can|could)\s+you\s+(?:find|show|recommend)(?:\s+me)?|(?:show|find|give)\s+me|search\s+for"
    r"|do\s+you\s+have|where\s+can\s+i\s+(?:buy|find|get)|recommend(?:\s+me)?)"
    r"(?P<to>\s+to\s+(?:buy|get|find|see|have))?\s+(?:(?:an?|some|any|the)\s+)?(?=\w)",
    re.IGNORECASE,
)
_PLEASE = re.compile(r"[\s,]+please\s*[.!?]*\s*$", re.IGNORECASE)
_VERBS = (
    "想要",
    "想买",
    "要买",
    "购买",
    "推荐一下",
    "推荐",
    "求购",
    "寻找",
    "找",
    "买",
    "求",
    "需要",
    "看看",
    "有没有",
    "有什么",
    "哪里有",
    "哪里买",
)
"""What makes words in front a request; without one of them, 我的 is the beginning of a title."""
_CHINESE = re.compile(
    r"\s*(?:你好|您好)?[,，!！\s]*(?:请问|麻烦|请)?(?:能不能|可以|能)?(?:帮我|给我|我|帮忙)?(?:想|要)?"
    rf"(?P<verb>{'|'.join(_VERBS)})(?:一下)?(?:给我)?"
    r"(?:[一几两][个款台双件条本部只些种套瓶张副盒支顶把]|个|些)?"
)
_PARTICLES = re.compile(r"(?:推荐|有哪些|哪个好|吗|呢|吧|啊|呀|嘛|谢谢|[?？!！。.\s])+$")
_SHORTEST = 2
"""Characters that must remain: 找我 is no request for 我."""


def without_request(text: str, terms: CatalogueTerms) -> str:
    """`text` without the words that only ask. Where nothing else would remain, `text` as it is."""
    found = (_chinese(text) if contains_han(text) else _english(text, terms)).strip()
    return found if len(found) >= _SHORTEST else text


def _english(text: str, terms: CatalogueTerms) -> str:
    text = _PLEASE.sub("", text)
    asked = _ENGLISH.match(text)
    if asked is None:
        return text
    rest = text[asked.end() :]
    following = re.match(r"\w+", text[asked.end("cue") :].lstrip())
    named = following is not None and terms.is_name(asked["cue"], following.group())
    return text if named else rest


def _chinese(text: str) -> str:
    """Without what asks in front and particles behind; the 的 of a sentence joins and says nothing,
    in a bare name it stays."""
    asked = _CHINESE.match(text)
    if asked is None:
        return _PARTICLES.sub("", text)
    return _PARTICLES.sub("", text[asked.end() :]).replace("的", " ")
