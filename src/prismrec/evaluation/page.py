"""The report as one page of HTML: every string escaped, nothing loaded from anywhere."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from prismrec.evaluation import plots
from prismrec.evaluation.groups import USERS
from prismrec.evaluation.results import Comparison, Report
from prismrec.evaluation.words import MAIN, METRICS, TABLE

__all__ = ["page"]


def page(report: Report) -> str:
    """The whole page."""
    title = f"{report.data}: evaluation"
    body = [
        _header(report),
        _verdict(report),
        _cards(report),
        _figure("How accurate", plots.accuracy(report), _ACCURACY),
        _figure("For whom", plots.groups(report), _GROUPS),
        _figure("Accuracy and breadth", plots.trade_off(report), _TRADE),
        _figure("What it costs", plots.costs(report), _COSTS),
        _metric_table(report),
        _users_table(report),
        _comparison_table(report),
        _notes(report),
    ]
    style = files("prismrec.evaluation").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(body)}</main>\n</body>\n</html>\n"
    )


_ACCURACY = (
    "Dots are means over all test cases, bars 95% intervals from resampling users. Every item of "
    "the catalogue is ranked for every case; nothing is sampled."
)
_GROUPS = (
    "The same figures where little and where much is known. Under each label: how many cases. "
    "The band is the interval of the first model."
)
_TRADE = "Up is more accurate, right is broader: showing everyone the same few items sits at left."
_COSTS = "Measured on the machine that ran this evaluation, one model after the other."

_USERS = {
    "all": "all cases, with a history or without",
    "warm": "users with training events",
    "cold": "users without training events",
}


def _header(report: Report) -> str:
    facts = [
        ("split", report.split),
        ("protocol", report.protocol),
        ("test cases", f"{report.cases:,}"),
        ("items had before", "may return" if report.repeats else "filtered"),
        ("seed", str(report.seed)),
    ]
    pills = "".join(f"<li>{escape(k)} <b>{escape(v)}</b></li>" for k, v in facts)
    return (
        '<header><p class="brand"><span class="prism" aria-hidden="true"></span>PrismRec</p>'
        f'<h1>{escape(report.data)}</h1><ul class="facts">{pills}</ul></header>\n'
    )


def _verdict(report: Report) -> str:
    found = [c for c in report.comparisons if c.metric == "ndcg@10"]
    if not found:
        return ""
    better = [c for c in found if c.difference.low > 0]
    worse = [c for c in found if c.difference.high < 0]
    first = escape(found[0].model)
    said = f"<b>{first}</b> is more accurate than "
    said += "every other model" if len(better) == len(found) else f"{len(better)} of {len(found)}"
    even = len(found) - len(better) - len(worse)
    said += f", level with {even}" if even else ""
    said += f", and less accurate than {_names(worse)}" if worse else ""
    return f'<p class="verdict">{said} (ndcg@10, 95% intervals of paired differences).</p>\n'


def _names(comparisons: list[Comparison]) -> str:
    return ", ".join(escape(c.against) for c in comparisons)


def _cards(report: Report) -> str:
    figures = report.models[0].figures
    out = []
    for name in TABLE:
        if name not in figures.metrics:
            continue
        span = figures.intervals.get(name)
        under = f"{_number(name, span[0])} to {_number(name, span[1])}" if span else "of all lists"
        out.append(
            f'<div class="stat"><dt>{escape(name)}</dt>'
            f"<dd>{_number(name, figures.metrics[name])}<small>{under}</small></dd></div>"
        )
    label = f"Figures of {escape(report.models[0].name)}"
    return f'<section aria-label="{label}"><dl class="stats">{"".join(out)}</dl></section>\n'


def _figure(title: str, svg: str, caption: str) -> str:
    return (
        f"<figure><h2>{escape(title)}</h2>"
        f'<div class="plot">{svg}</div><figcaption>{escape(caption)}</figcaption></figure>\n'
    )


def _metric_table(report: Report) -> str:
    names = [n for n in METRICS if any(n in m.figures.metrics for m in report.models)]
    rest = [n for n in names if n not in MAIN]
    more = (
        '<details class="table"><summary>Further metrics and cutoffs</summary>'
        f"{_scroll('Further metrics', *_metric_rows(report, rest))}</details>\n"
    )
    main = [name for name in names if name in MAIN]
    return _table("The figures", *_metric_rows(report, main)) + (more if rest else "")


def _metric_rows(report: Report, names: list[str]) -> tuple[str, list[str]]:
    head = "".join(f'<th scope="col">{escape(model.name)}</th>' for model in report.models)
    rows = []
    for name in names:
        cells = "".join(_metric_cell(report, i, name) for i in range(len(report.models)))
        label = f'<th scope="row">{escape(name)}<small>{escape(METRICS[name])}</small></th>'
        rows.append(f"<tr>{label}{cells}</tr>")
    return f'<th scope="col">metric</th>{head}', rows


def _metric_cell(report: Report, i: int, name: str) -> str:
    figures = report.models[i].figures
    if name not in figures.metrics:
        return "<td>–</td>"
    span = figures.intervals.get(name)
    under = f"{_number(name, span[0])} to {_number(name, span[1])}" if span else ""
    return f"<td>{_number(name, figures.metrics[name])}<small>{under}</small></td>"


def _users_table(report: Report) -> str:
    groups = [model.group(USERS) for model in report.models]
    if "cold" not in groups[0]:
        return ""
    rows = []
    for label, said in _USERS.items():
        if label in groups[0]:
            cells = [f"<td>{groups[0][label].cases:,}</td>"]
            cells += [f"<td>{group[label].metrics['ndcg@10']:.4f}</td>" for group in groups]
            rows.append(f'<tr><th scope="row">{escape(said)}</th>{"".join(cells)}</tr>')
    names = ["ndcg@10 by user", "cases", *(model.name for model in report.models)]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    return _table("Known and new users", head, rows)


def _comparison_table(report: Report) -> str:
    if not report.comparisons:
        return ""
    rows = []
    for c in report.comparisons:
        found = c.difference
        sign = "up" if found.low > 0 else "down" if found.high < 0 else "even"
        word = {"up": "better", "down": "worse", "even": "no difference shown"}[sign]
        rows.append(
            f'<tr><th scope="row">{escape(c.against)}</th><td>{escape(c.metric)}</td>'
            f"<td>{found.mean:+.4f}</td><td>{found.low:+.4f} to {found.high:+.4f}</td>"
            f'<td>{found.p:.3f}</td><td class="{sign}">{word}</td></tr>'
        )
    titles = ("against", "metric", "difference", "95% interval", "p", "verdict")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    return _table(f"{report.comparisons[0].model} against the others", head, rows)


def _table(title: str, head: str, rows: list[str]) -> str:
    inside = _scroll(title, head, rows)
    return f'<section class="table"><h2>{escape(title)}</h2>{inside}</section>\n'


def _scroll(title: str, head: str, rows: list[str]) -> str:
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title, quote=True)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _notes(report: Report) -> str:
    if not report.notes:
        return ""
    items = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    title = "<h2>What to know about these figures</h2>"
    return f'<section class="notes">{title}<ul>{items}</ul></section>\n'


def _number(name: str, value: float) -> str:
    if name.startswith(("novelty", "arp")):
        return f"{value:,.2f}"
    return f"{value:.4f}"
