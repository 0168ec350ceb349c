"""Words of praise, of complaint, and of the topics that reviews of products speak of."""

from __future__ import annotations

from collections.abc import Mapping

from prismrec.language.segmentation import segment

__all__ = ["TOPICS", "leaning", "topics_of"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GOOD = _words("""good great excellent perfect love loved lovely nice best amazing awesome happy
pleased satisfied comfortable beautiful recommend recommended fast quick easy sturdy solid well
works wonderful fantastic helpful friendly fresh delicious worth cheap smooth
好 很好 不错 喜欢 满意 棒 赞 漂亮 快 很快 舒服 舒适 完美 值得 推荐 好吃 新鲜 划算 便宜 实惠 正品
清晰 流畅 好看 方便 给力 合适 精美 好用 开心 热情 超值
挺好 干净 甜 香 美味 柔软 耐用""")
_BAD = _words("""bad poor terrible awful horrible worst hate hated broke broken breaks useless
disappointed disappointing disappointment waste return returned refund slow late never defective
uncomfortable ugly dirty rude expensive faulty fell leaks leaked damaged wrong missing smells
差 很差 太差 垃圾 失望 坏 坏了 慢 太慢 难用 退货 退款 后悔 假货 破 烂 难吃 差评 骗 骗人 不值 问题
掉 脏 臭 异味 贵 太贵 投诉 根本 卡 死机 难闻 难看 不行 上当 忽悠 受骗 开裂 褪色 刺鼻
酸 生气 郁闷 无语""")
_NOT = frozenset(_words("not no hardly isn't wasn't don't doesn't didn't 不 没 没有 别 不太 不是"))
_VOICE = {**dict.fromkeys(_GOOD, 1), **dict.fromkeys(_BAD, -1)}
_REACH = 2
"""Words after a denial that it denies."""

TOPICS: Mapping[str, tuple[str, ...]] = {
    "quality": _words("""quality broke broken durable sturdy solid material made defective
        质量 做工 品质 材质 坏 坏了 耐用"""),
    "price": _words("""price expensive cheap money worth value cost
        价格 价钱 便宜 贵 划算 实惠 性价比 超值 降价"""),
    "delivery": _words("""delivery delivered shipping shipped arrived parcel package courier
        物流 快递 发货 送货 包装 到货 配送"""),
    "service": _words("""service support seller staff customer refund return
        服务 客服 卖家 态度 售后 退货 店家 前台"""),
    "looks": _words("""looks look color colour beautiful ugly design style
        外观 颜色 好看 难看 漂亮 款式 样子"""),
    "fit": _words("""size fit fits small large tight loose comfortable
        尺码 大小 合适 偏大 偏小 舒服 舒适"""),
    "taste": _words("""taste tastes flavour flavor delicious fresh
        味道 口感 好吃 难吃 新鲜 甜"""),
}
"""The words by which a sentence is about a topic; what is about none counts only as a whole."""


def leaning(text: str) -> float:
    """How far `text` leans to praise (1) or to complaint (-1); 0 where no word says. Words just
    after a denial count the other way."""
    said, denied = [], 0
    for word in segment(text):
        voice = _VOICE.get(word, 0)
        if voice:
            said.append(-voice if denied else voice)
        denied = _REACH if word in _NOT else max(0, denied - 1)
    return sum(said) / len(said) if said else 0.0


def topics_of(text: str, topics: Mapping[str, tuple[str, ...]] = TOPICS) -> tuple[str, ...]:
    """The topics that `text` has a word of, in their order."""
    words = set(segment(text))
    return tuple(name for name, known in topics.items() if words.intersection(known))
