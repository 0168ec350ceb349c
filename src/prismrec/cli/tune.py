"""`prismrec tune`: which settings suit these data?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prismrec.cli.fit import sources_of
from prismrec.cli.options import AsJson, Config, FilePath, Seed
from prismrec.cli.output import errors, out, print_json, print_table

__all__ = ["tune"]


def tune(
    data: Annotated[str | None, typer.Argument(help="A folder with items and events.")] = None,
    into: Annotated[
        Path, typer.Option("--out", help="Keep trials, settings and report here.")
    ] = Path("tuning"),
    trials: Annotated[int, typer.Option(min=1, help="At most, earlier calls counted.")] = 30,
    minutes: Annotated[float, typer.Option(help="At most, in this call.")] = 60.0,
    vary: Annotated[
        str, typer.Option(help="Settings of [models] with commas between; empty: all.")
    ] = "",
    split: Annotated[str, typer.Option(help="leave-one-out, temporal or by-user.")] = (
        "leave-one-out"
    ),
    items: FilePath = None,
    events: FilePath = None,
    users: FilePath = None,
    config: Config = None,
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Search better settings for the transformer on validation cases, within a budget.

    An interrupted search goes on where it was. Use what it writes: prismrec fit DATA --config
    tuning/prism.toml.
    """
    from prismrec.config import read_settings
    from prismrec.learning.tuning import Budget
    from prismrec.learning.tuning import tune as look

    found = look(
        sources_of(data, items, events, users),
        into,
        budget=Budget(trials, minutes),
        vary=[name.strip() for name in vary.split(",") if name.strip()],
        split=split,
        settings=read_settings(config),
        seed=seed,
        tell=lambda text: errors.print(text, style="dim"),
    )
    if json:
        print_json(found.to_json())
        return
    rows = [(name, value) for name, value in found.changed.items()]
    print_table("Settings that changed", ["setting", "value"], rows)
    low, high = found.gain.low, found.gain.high
    out.print(
        f"nDCG@10 on people who chose nothing: {found.gain.mean:+.4f} ({low:+.4f} to {high:+.4f}). "
        f"{found.finished} trials finished, {found.given_up} given up.",
        highlight=False,
    )
    out.print(f"Use them with: prismrec fit DATA --config {into / 'prism.toml'}", markup=False)
