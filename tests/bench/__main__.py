"""Ratios, measured on this machine: `python -m tests.bench [NAME …] [--whole] [--megabytes N]`; all without a name."""

import argparse
from functools import partial

from tests.bench import backup, deploy, events, pool, preview, workers


def main() -> int:
    """Run the named benchmarks, or all. Returns 1 if one misses its target."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--whole", action="store_true", help="the workers for ten minutes instead of one")
    parser.add_argument("--megabytes", type=int, default=2000, help="size of the database of backup and compressions")
    options = parser.parse_args()
    benchmarks = {
        "preview": preview.measure,
        "deploy": deploy.measure,
        "events": events.measure,
        "pool": pool.measure,
        "workers": partial(workers.measure, workers.WHOLE if options.whole else workers.SHORT),
        "backup": partial(backup.measure, options.megabytes),
        "compressions": partial(backup.compressions, options.megabytes),
    }
    names: list[str] = options.names or list(benchmarks)
    unknown = [name for name in names if name not in benchmarks]
    if unknown:
        parser.error(f"no benchmark {unknown[0]}; there are {', '.join(benchmarks)}")
    ratios = [ratio for name in names for ratio in benchmarks[name]()]
    print("\n" + "\n".join(ratio.line() for ratio in ratios))
    return 0 if all(ratio.reached for ratio in ratios) else 1


if __name__ == "__main__":
    raise SystemExit(main())
