"""Reading, validating and sequencing real logs: seconds and peak memory of each set.

    python -m benchmarks.ingest [--data FOLDER] [--sets news-clicks beauty]

Prints JSON. Every set is read in a process of its own, so that its peak memory is its own. The
goal: the 2,988,181 events of `news-clicks` in under 60 s and 2 GiB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.places import data_folder

SETS = ("news-clicks", "beauty")


def measure(folder: Path) -> dict[str, object]:
    """One set: tables to dataset, dataset to catalogue, both to interactions."""
    start = time.perf_counter()
    from prismrec.data import Catalogue, interactions, read

    loaded = time.perf_counter()
    dataset = read(folder)
    validated = time.perf_counter()
    catalogue = Catalogue.of(dataset.iter_items())
    built = time.perf_counter()
    sequences = interactions(dataset, catalogue.features()).sequences
    done = time.perf_counter()
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {
        "data": folder.name,
        "events": len(sequences.items),
        "users": len(sequences),
        "items": len(catalogue),
        "quarantined": dataset.report.quarantined,
        "seconds": {
            "import": round(loaded - start, 3),
            "read": round(validated - loaded, 3),
            "catalogue": round(built - validated, 3),
            "sequences": round(done - built, 3),
            "total": round(done - start, 3),
        },
        "peak_rss_mib": round(peak / 2**20, 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the sets and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--json", action="store_true", help="the output is JSON either way")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one:
        print(json.dumps(measure(options.one)))
        return 0
    results = []
    for name in options.sets:
        folder = Path(options.data) / name
        if not folder.is_dir():
            print(f"There is no set {folder}; give --data.", file=sys.stderr)
            return 3
        command = [sys.executable, "-m", "benchmarks.ingest", "--one", str(folder.resolve())]
        root = Path(__file__).parents[1]
        child = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
        results.append(json.loads(child.stdout))
    print(json.dumps({"benchmark": "ingest", "cores": os.cpu_count(), "sets": results}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
