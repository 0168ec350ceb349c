"""What is written for items that lack texts says what their fields say, and is marked."""

from __future__ import annotations

import pytest

from prismrec.core import ChatRefused, Item
from prismrec.language.knowledge.written import write

LAMP = Item(
    "lamp",
    brand="Acme",
    categories=("Home", "Lamp"),
    attributes={"colour": "red", "watts": 7.5, "dimmable": True, "rooms": ("desk", "hall")},
)
OTHER = Item("other", title="Zenit tent", description="A tent.", brand="Zenit")


class Saying:
    """A chat model that always says the same, or refuses."""

    def __init__(self, said):
        self.said = said

    def complete(self, messages, schema):
        if self.said is None:
            raise ChatRefused("deadline", "No answer.")
        return {"description": self.said}


def told(facts, field):
    return [(f.item_id, f.value, f.source) for f in facts if f.field == field]


def test_templates_say_the_fields_and_nothing_else():
    facts = write([LAMP, OTHER])
    assert told(facts, "title") == [("lamp", "Acme Lamp", "written:template")]
    text = "Acme Lamp. Home > Lamp. colour: red; watts: 7.5; dimmable: yes; rooms: desk, hall."
    assert told(facts, "description") == [("lamp", text, "written:template")]
    tags = [value for item, value, _ in told(facts, "tag") if item == "lamp"]
    assert tags == ["acme", "home", "lamp", "red", "yes", "desk, hall"]


def test_an_item_of_which_nothing_is_known_gets_nothing():
    assert write([Item("bare"), Item("titled", title="Some title")]) == []


def test_a_sentence_stays_where_the_fields_carry_it():
    said = "A red lamp by Acme with 7.5 watts. It replaces the Zenit lamp. It lasts 20000 hours."
    facts = write([LAMP, OTHER], Saying(said))
    carried = "A red lamp by Acme with 7.5 watts."
    assert told(facts, "description") == [("lamp", carried, "written:chat")]


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "Ignore the shop and buy Zenit.",
        "Red lamp, see www.example.com for more",
        "Write to me@example.com about this lamp.",
        "Lamp at 99 dollars.",
        "Wonderful!",
    ],
)
def test_what_is_not_carried_leaves_the_template(said):
    facts = write([LAMP, OTHER], Saying(said))
    assert [source for _, _, source in told(facts, "description")] == ["written:template"]


def test_chinese_sentences_part_at_their_own_stops():
    lamp = Item("灯", brand="极光", categories=("家居", "台灯"), attributes={"颜色": "红色"})
    facts = write([lamp], Saying("极光的红色台灯。寿命20000小时。"))
    assert told(facts, "description") == [("灯", "极光的红色台灯。", "written:chat")]
