"""The words that a claim about an aspect may be made of. What is not here is not said.

A list of what may be said, not of what may not: whatever else a language model thinks of (prices,
stock, praise, other aspects, `not` and `less`) is in none of these lists.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["HISTORY", "PLAIN", "WORDS"]


def _by_aspect(written: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {aspect: frozenset(words.split()) for aspect, words in written.items()}


PLAIN = _by_aspect(
    {
        "en": "a an the this that these it its it's to of for with and as is are be has have in on "
        "at by from than more better here there so just what which who we our one ones item items "
        "product products other others candidate candidates you your you're yours",
        "zh": "的 了 是 在 和 与 也 都 这 那 它 它们 其 更 您 你 我们 件 款 个 商品 产品 物品 候选 "
        "其他 比 而且 并且 因为 所以 对 为 把 被 让 会 能 可 以 会更",
    }
)
"""Words that claim nothing, by language."""

HISTORY = _by_aspect(
    {
        "en": "history past choices liked read watched bought viewed seen saw picked events",
        "zh": "历史 以往 过去 看过 买过 选过 喜欢 喜欢过 浏览 记录",
    }
)
"""Words of somebody's past, for the aspects that come from it."""

WORDS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "en": _by_aspect(
        {
            "words": "word words match matches matching search searched query text title closely "
            "exactly",
            "wish": "kind brand property names named search asked type",
            "meaning": "meaning means close closer close-by near nearer search look looking",
            "asked": "language model compared put further up",
            "judged": "judged right such searches search rated fitting",
            "shown": "shows show shown picture image look looks looking close closer search",
            "text": "description describes described text reads close closer similar much alike "
            "theme subject",
            "look": "shows show shown picture image look looks close closer similar",
            "follows": "follows follow following next after often usually then comes",
            "together": "together goes go fits pairs pair often usually combined",
            "goes": "goes go fits pairs description described text together people choose chose "
            "alike close closer often",
            "related": "related known belongs belong goes together",
            "likeness": "like alike similar fits resembles",
            "neighbours": "people similar alike choose chose often",
            "pattern": "pattern fits fit matches usual",
            "order": "course recent recently lately fits fit follows",
            "attributes": "brand category categories features feature kind type match matches "
            "fits fit shares share same",
            "popular": "popular popularity many people often chosen choose widely",
            "taste": "taste own suits suit fits personal",
            "new": "new newer recent recently arrived arrival added",
            "again": "again back come return likely likelier",
            "featured": "shop features featured",
            "profile": "profile fits fit matches match",
            "newcomers": "new someone likely likelier choice start",
            "sorted": "order earlier asked comes first",
        }
    ),
    "zh": _by_aspect(
        {
            "words": "字词 词语 搜索 匹配 相符 符合 标题",
            "wish": "品牌 类别 特征 种类 搜索 提到 正是",
            "meaning": "意思 含义 接近 更接近 要找 搜索 内容",
            "asked": "语言 模型 比较 排 靠前",
            "judged": "评为 合适 同类 搜索 结果 更像",
            "shown": "呈现 图片 图像 看起来 接近 更接近 要找 内容",
            "text": "介绍 描述 内容 接近 更接近 相似 主题 题材",
            "look": "呈现 图片 图像 看起来 接近 更接近 相似 内容",
            "follows": "之后 接着 常 经常 常常 更常 出现",
            "together": "一起 常 经常 更常 搭配",
            "goes": "介绍 描述 内容 接近 相配 搭配 一起 常 经常 更常 人 选择",
            "related": "相关 关联 相关联",
            "likeness": "相似 类似 符合",
            "neighbours": "人们 相近 相似 的人 更多 选择",
            "pattern": "规律 符合 更符合",
            "order": "最近 走向 符合 更符合",
            "attributes": "品牌 类别 特点 特征 符合 更符合 相同",
            "popular": "受欢迎 欢迎 热门 很多 人 选择 更受欢迎",
            "taste": "口味 合 更合 喜好",
            "new": "新 更新 新近 上架 最近",
            "again": "再次 再 回购 可能",
            "featured": "店铺 推荐",
            "profile": "资料 符合 更符合",
            "newcomers": "新 新来 的人 可能 选择",
            "sorted": "排序 靠前 所选",
        }
    ),
}
"""Words about each aspect, by language."""
