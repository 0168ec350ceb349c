"""The report as a table, as JSON and as a page: complete, escaped, and self-contained."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from prismrec.evaluation import plots
from prismrec.evaluation.groups import HISTORY, POPULARITY
from prismrec.evaluation.measures import Figures
from prismrec.evaluation.page import page
from prismrec.evaluation.report import table, write_html, write_json
from prismrec.evaluation.results import Comparison, Group, ModelReport, Report
from prismrec.evaluation.significance import Difference, Totals

EVIL = '<script>alert("x")</script> & $\\frac{1}{2}$'


def model(name: str, level: float) -> ModelReport:
    metrics = {"ndcg@10": level, "recall@10": 2 * level, "coverage@10": 0.3, "novelty@10": 9.5}
    spans = {name: (value * 0.9, value * 1.1) for name, value in metrics.items()}
    found = Figures(100, metrics, spans)
    groups = [Group(by, label, found) for by in (HISTORY, POPULARITY) for label in ("0", "1–4")]
    return ModelReport(name, found, tuple(groups), 1.5, 2.5, 300.0)


def report(*names: str, data: str = "toy") -> Report:
    models = tuple(model(name, 0.1 / (i + 1)) for i, name in enumerate(names))
    difference = Difference(0.05, 0.01, 0.09, 0.002)
    empty = Totals(np.zeros((1, 1)), np.ones(1))
    comparisons = tuple(
        Comparison("ndcg@10", names[0], other, difference, empty) for other in names[1:]
    )
    return Report(data, "temporal", "model", 1, False, 100, models, comparisons, ("A note.",))


class Page(HTMLParser):
    """Every tag that opens, every address that would be fetched, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.addresses, self.ids, self.words = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "xlink:href")]
        self.ids += [v for k, v in attrs if k == "id"]

    def handle_data(self, data):
        self.words += data


def test_every_string_from_outside_is_escaped() -> None:
    said = replace(report(EVIL, "b", data=EVIL), split=EVIL, notes=(EVIL,))
    seen = Page(page(said))
    assert "script" not in seen.tags
    assert seen.words.count(EVIL) >= 5


def test_the_page_asks_for_nothing_from_anywhere() -> None:
    text = page(report("default", "popularity"))
    seen = Page(text)
    assert all(address.startswith("#") for address in seen.addresses)
    assert not re.search(r"@import|url\((?!#)|<script|<link", text)
    assert "default-src 'none'" in text


def test_ids_are_unique_across_the_drawings_and_every_reference_is_answered() -> None:
    text = page(report("default", "popularity"))
    seen = Page(text)
    assert len(seen.ids) == len(set(seen.ids))
    references = {a[1:] for a in seen.addresses} | set(re.findall(r"url\(#([^)]+)\)", text))
    assert references <= set(seen.ids)


@pytest.mark.parametrize("draw", [plots.accuracy, plots.trade_off, plots.groups, plots.costs])
def test_drawings_take_all_their_colours_from_the_page(draw) -> None:
    names = [f"m{i}" for i in range(plots.SERIES + 2)]
    svg = draw(report(*names))
    ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns:xlink="x" ', 1))
    assert not re.search(r"#[0-9a-f]{6}\b", svg)
    assert 'role="img"' in svg
    assert "var(--s0)" in svg


def test_the_page_defines_every_colour_that_drawings_use_in_light_and_dark() -> None:
    text = page(report(*(f"m{i}" for i in range(plots.SERIES))))
    for name in set(re.findall(r"var\(--([a-z0-9]+)\)", text)):
        assert text.count(f"--{name}:") == 2, name


def test_the_same_report_makes_the_same_page() -> None:
    assert page(report("default", "b")) == page(report("default", "b"))


def test_one_model_alone_makes_a_page_without_comparisons() -> None:
    seen = Page(page(report("default")))
    assert "default is more accurate" not in seen.words
    assert "default against the others" not in seen.words
    assert "default" in seen.words


def test_the_table_shows_every_model_and_does_not_read_markup() -> None:
    out = io.StringIO()
    Console(file=out, width=200).print(table(report("default", "[red]b[/red]")))
    assert "[red]b[/red]" in out.getvalue()
    assert "0.1000 (0.0900 to 0.1100)" in out.getvalue()


def test_files_are_written_whole(tmp_path) -> None:
    said = report("default", "中文")
    write_json(said, tmp_path / "r.json")
    write_html(said, tmp_path / "r.html")
    assert json.loads((tmp_path / "r.json").read_text("utf-8")) == said.to_json()
    assert "中文" in (tmp_path / "r.html").read_text("utf-8")


def test_cold_users_have_a_table_of_their_own() -> None:
    said = report("default", "b")
    cold = Figures(7, {"ndcg@10": 0.0123}, {})
    models = tuple(
        replace(m, groups=(*m.groups, Group("users", "cold", cold))) for m in said.models
    )
    words = Page(page(replace(said, models=models))).words
    assert "users without training events7" in words
    assert "0.0123" in words
