"""A desk over a collection of answers: stored, put together, handed over."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest
from typer.testing import CliRunner

import prismrec as pr
from end_to_end.worlds import light_config
from prismrec.cli.main import app
from prismrec.collection import Collection
from prismrec.core import AnswerVerdict, Item
from prismrec.learning.answers import LEARNED, Desk

THINGS = ("card", "loan", "account", "cheque", "deposit", "password", "transfer", "pension")
DEEDS = ("open", "close", "block", "renew", "change")


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    rows = [
        {
            "item_id": f"{deed}-{thing}",
            "title": f"How do I {deed} a {thing}",
            "description": f"To {deed} the {thing}, use form {i}{j}. It takes {i + j} days.",
        }
        for i, deed in enumerate(DEEDS)
        for j, thing in enumerate(THINGS)
    ]
    (folder / "data").mkdir()
    pl.DataFrame(rows).write_csv(folder / "data" / "items.csv")
    from prismrec.config import read_settings

    settings = read_settings(light_config(folder))
    pr.fit(folder / "data", out=folder / "bank.prism", settings=settings).close()
    return folder / "bank.prism"


def test_a_question_finds_its_answer_and_a_foreign_one_a_person(bank):
    with Collection.open(bank) as opened:
        desk = Desk(opened)
        reply = desk.ask("please block the card of mine")
        assert (reply.kind, reply.item_id) == ("stored", "block-card")
        assert reply.sentences[0].source == "block-card"
        assert (bank / LEARNED).is_file()
        assert desk.ask("do whales sleep at night").handed_over
        assert desk.ask("鲸鱼睡觉").kind == "out_of_scope"
        gone = desk.ask("block a card", without=["block-card"])
        assert gone.confidence < reply.confidence
        assert opened.store.exposures.since(0, 10) == []


def test_passages_are_quoted_where_no_answer_is_stored(bank):
    with Collection.open(bank) as opened:
        opened.upsert(
            items=[
                Item("p1", description="A mortgage is granted against a house. Nothing else is."),
                Item("p2", description="The mortgage interest follows the central bank."),
            ]
        )
        reply = Desk(opened).ask("mortgage interest granted against a house")
        opened.remove(["p1", "p2"])
    assert reply.kind == "composed"
    assert {one.source for one in reply.sentences} == {"p1", "p2"}
    texts = "A mortgage is granted against a house. The mortgage interest follows"
    assert all(one.text.split()[0] in texts for one in reply.sentences)


def test_feedback_lowers_what_did_not_solve(bank):
    question = "renew my pension"
    with Collection.open(bank) as opened:
        desk = Desk(opened)
        before = desk.ask(question).confidence
        desk.learn([AnswerVerdict(question, "renew-pension", False)] * 200)
        assert desk.ask(question).confidence < before
        desk.learn()


def test_a_verdict_moves_the_answer_it_is_about(bank):
    """One right answer that words do not lead to: people say what solved it, and what did not."""
    question, right = "my plastic is gone, make it stop working", "block-card"
    with Collection.open(bank) as opened:
        desk = Desk(opened)
        desk.learn()
        before = desk.ask(question, least=0)
        wrong = before.item_id
        assert wrong != right
        said = [AnswerVerdict(question, wrong, False, f"no-{n}") for n in range(4)]
        said += [AnswerVerdict(question, right, True, f"yes-{n}") for n in range(4)]
        assert opened.store.verdicts.add(said) == 8
        assert desk.ask(question, least=0).item_id == wrong  # Not before it is learned.
        desk.learn()
        after = desk.ask(question)
        assert (after.kind, after.item_id) == ("stored", right)
        assert after.confidence > 0.7
        again = Desk(opened).ask(question)  # What was learned is read back.
        assert (again.item_id, again.confidence) == (right, pytest.approx(after.confidence))
        assert desk.ask("renew my pension please").item_id == "renew-pension"
        assert desk.ask("do whales sleep at night").handed_over


def test_feedback_is_kept_once_audited_and_asks_for_a_key(bank, tmp_path):
    bank = shutil.copytree(bank, tmp_path / "bank.prism")
    from fastapi.testclient import TestClient

    from prismrec.serving.app import create_app

    row = {"question": "how to shut an account", "item_id": "close-account", "solved": True}
    rows = [row | {"feedback_id": "f-1"}, row | {"feedback_id": "f-1", "solved": False}]
    with Collection.open(bank) as opened, TestClient(create_app([opened])) as client:
        before = len(opened.store.verdicts.list())

        def post(route, body, **headers):
            return client.post(
                f"/v1/bank/{route}", json=body, headers={"host": "localhost"} | headers
            )

        gone = row | {"item_id": "nobody"}
        told = post("answer/feedback", {"feedback": [*rows, gone]}).json()
        assert told == {"accepted": 1, "duplicate": 1, "unknown": 1}
        assert post("answer/feedback", {"feedback": rows}).json()["duplicate"] == 2
        kept = opened.store.verdicts.list()[before:]
        assert [(one.feedback_id, one.solved) for one in kept] == [("f-1", True)]
        line = opened.store.audit.lines()[-2]
        assert (line.action, line.who) == ("answer.feedback", "local")
        assert "shut" not in json.dumps(dict(line.details))
        assert post("answer/learn", {}).json()["verdicts"] == opened.store.verdicts.last
        assert opened.store.audit.lines()[-1].action == "answer.learn"
        key = opened.store.keys.create("reader", "read")
        client.app.state.key_ring.forget()
        assert post("answer/feedback", {"feedback": rows}).status_code == 401
        headers = {"x-api-key": key}
        assert post("answer/feedback", {"feedback": rows}, **headers).status_code == 403
        assert post("answer", {"question": "close an account"}, **headers).status_code == 200
    with Collection.open(bank) as opened:
        assert [one.feedback_id for one in opened.store.verdicts.list()[before:]] == ["f-1"]


def test_the_command_answers(bank, tmp_path):
    (tmp_path / "told.csv").write_text(
        "question,item_id,solved\nhow to close a loan,close-loan,1\n"
    )
    words = ["answer", str(bank), "close the loan", "--learn", str(tmp_path / "told.csv"), "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["sentences"] == [
        {"text": "To close the loan, use form 11. It takes 2 days.", "source": "close-loan"}
    ]
    assert told["kind"] == "stored"


def test_the_service_answers_and_knows_a_new_answer_at_once(bank):
    from fastapi.testclient import TestClient

    from prismrec.serving.app import create_app

    with Collection.open(bank) as opened, TestClient(create_app([opened])) as client:

        def ask(question, **more):
            told = client.post(
                "/v1/bank/answer",
                json={"question": question, **more},
                headers={"host": "localhost"},
            )
            assert told.status_code == 200, told.text
            return told.json()

        reply = ask("please block the card of mine")
        assert (reply["kind"], reply["item_id"]) == ("stored", "block-card")
        assert reply["sentences"] == [
            {"text": "To block the card, use form 20. It takes 2 days.", "source": "block-card"}
        ]
        assert ask("please block the card of mine", least=1.0)["handed_over"]
        asked = "are your branches shut on sundays"
        assert ask(asked)["handed_over"]
        fresh = Item("sunday", "Are branches shut on sundays", "Yes, all branches are shut.")
        opened.upsert(items=[fresh])
        assert ask(asked)["item_id"] == "sunday"
        opened.remove(["sunday"])
        assert ask(asked)["item_id"] != "sunday"
