"""How people steer a conversation in Chinese."""

from __future__ import annotations

import re

from prismrec.dialogue.phrases import Phrases

__all__ = ["PHRASES"]

_ORDINALS = {word: place for place, word in enumerate("一二三四五六七八九十")} | {
    "两": 1,
    "最后": -1,
}
_COUNTER = "[个款件双种条部台本只张瓶顶]"


def _item(name: str) -> str:
    """第二个; 最后一款; 这个; 它。"""
    counted = rf"第(?P<{name}>[一二两三四五六七八九十]|\d{{1,2}}){_COUNTER}?"
    last = rf"(?P<{name}_last>最后)一?{_COUNTER}"
    return rf"(?:{counted}|{last}|[这那](?:一)?{_COUNTER}|它)"


_FACETS = {
    "品牌": "brand", "牌子": "brand", "颜色": "color", "价格": "price", "预算": "price",
    "尺寸": "size", "尺码": "size", "材质": "material", "款式": "style",
}  # fmt: skip
_FACET = "|".join(_FACETS)
_NO = "(?:不要|不喜欢|不想要|别要|去掉|排除|除了)"

PHRASES = Phrases(
    acts={
        "restart": re.compile("(?:重新开始|从头(?:来|开始)|重来|重新找|清空)[吧，,。]*"),
        "hello": re.compile("^(?:你好|您好|嗨|在吗)[呀啊！!。? ？]*$"),
        "thanks": re.compile("^(?:好的?[，, ]*)?(?:谢谢|多谢|感谢|再见)[你您了啦！!。 ]*$"),
        "others": re.compile(
            "(?:这些|它们)?都不(?:喜欢|要|行|好|合适|想要)|换一批|换一些|换几个|不喜欢这些"
            "|有没有(?:别的|其他的?)|(?:看看)?(?:别的|其他的)(?:吧|呢)?$"
        ),
        "more": re.compile(
            "^(?:请)?(?:还有(?:吗|更多|没有|哪些)?|更多|再(?:来|看)(?:几|一)?(?:个|些|款)?|下一页|继续)"
            "[吗呢吧的？?。 ]*$"
        ),
    },
    free=re.compile(
        f"(?:不限|不在乎|不介意|无所谓)({_FACET})|({_FACET})(?:不限|无所谓|随便|都可以|都行|不重要)"
        f"|(?:任何|什么)({_FACET})都(?:可以|行)|无所谓|随便|都可以|都行|没有?偏好"
    ),
    cheaper=re.compile(
        rf"(?:比{_item('place')})?(?:太贵了?|(?:更|再|要)?便宜(?:一?[点些])|更便宜|便宜些"
        "|(?:更|再)?实惠(?:一?[点些])?|超(?:出|过)(?:了)?(?:我的)?预算)的?(?:有吗|吗)?"
    ),
    dearer=re.compile(
        rf"比{_item('place_than')}要?贵|(?:比{_item('place')})?(?:太便宜了?|(?:更|再|要)?贵(?:一?[点些])|更贵|更?高档(?:一?[点些])?"
        "|更?高端(?:一?[点些])?)的?"
    ),
    cheapest=re.compile("(?:哪[个款]|什么)?(?:是)?(?:最便宜|价格最低|最低价)的?(?:是哪[个款])?"),
    dearest=re.compile("(?:哪[个款]|什么)?(?:是)?(?:最贵|价格最高)的?(?:是哪[个款])?"),
    not_brand=re.compile(
        rf"(?:{_NO}(?:这个|那个|这|那|该|{_item('place')}的?)?(?:品牌|牌子)"
        "|[这那]个?(?:品牌|牌子)我?(?:不喜欢|不要|不行)|换(?:一)?个(?:品牌|牌子)|(?:别的|其他)(?:品牌|牌子))的?"
    ),
    not_item=re.compile(rf"{_NO}{_item('place')}"),
    alike=re.compile(
        rf"(?:(?:像|跟|和|与|类似){_item('place')}(?:那样|一样|这样|类似|差不多|相似)?的?"
        rf"|{_item('place_too')}(?:那样|这样|类似)的)"
    ),
    ask_price=re.compile("多少钱|什么价|价格(?:是)?多少|价格是|的价格[呢？?。 ]*$"),
    ask_stock=re.compile("有货|有没有货|现货|库存|缺货"),
    reference=re.compile(_item("place")),
    ordinals=_ORDINALS,
    facets=_FACETS,
    said_as=((re.compile("不想要|不喜欢|别要|不想买"), "不要"),),
    joined=re.compile("^(?:(?:但是?|不过|只是|而且|那么?|嗯+|好的?|还是|最好是?|请)[，,\\s]*)+"),
)
