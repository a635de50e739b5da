"""The ratios in the README, measured on this machine: `python -m tests.bench [preview] [deploy] [events] [pool]`."""

import sys

from tests.bench import deploy, events, pool, preview

BENCHMARKS = {"preview": preview.measure, "deploy": deploy.measure, "events": events.measure, "pool": pool.measure}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all. Returns 1 if one misses its target."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    ratios = [ratio for name in names or BENCHMARKS for ratio in BENCHMARKS[name]()]
    print("\n" + "\n".join(ratio.line() for ratio in ratios))
    return 0 if all(ratio.reached for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
