"""Record the keys that a chart's values may have: ``python -m tests.contract.record_values NAME CHART… --source TEXT``.

Each CHART is an unpacked chart of another version, of one name and one major version; what one of them knows is known.
The result is ``settings/known_values/NAME.txt``, with which the program checks the ``values`` of a stack file.
"""

import argparse
import sys
from pathlib import Path

from tests.contract.chart_keys import Key, keys

TARGET = Path(__file__).resolve().parents[2] / "settings" / "known_values"


def main() -> int:
    """Write the file and name it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="chart and major version, such as airbyte-2")
    parser.add_argument("charts", type=Path, nargs="+")
    parser.add_argument("--source", required=True, help="versions of the chart, and where it comes from")
    parser.add_argument("--also", nargs="*", default=[], help="dotted keys of versions that are not at hand")
    parser.add_argument(
        "--without", nargs="*", default=[], help="dotted keys that a packager added, or that are no longer to be used"
    )
    given = parser.parse_args()
    found: set[Key] = set()
    for chart in given.charts:
        found |= keys(chart)
    without = [tuple(key.split(".")) for key in given.without]
    kept = {key for key in found if not any(key[: len(it)] == it for it in without)}
    also = {tuple(key.split(".")) for key in given.also}
    lines = sorted(".".join(key) for key in _without_beginnings(kept | also))
    target = TARGET / f"{given.name}.txt"
    target.write_text("\n".join([f"# {given.source}", *lines]) + "\n")
    print(f"{target}: {len(lines)} keys of {len(given.charts)} charts")
    return 0


def _without_beginnings(found: set[Key]) -> set[Key]:
    """Keys that are not the beginning of others: those say enough."""
    return found - {key[:length] for key in found for length in range(1, len(key))}


if __name__ == "__main__":
    sys.exit(main())
