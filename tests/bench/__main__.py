"""Ratios, measured on this machine: `python -m tests.bench [preview] [deploy] [events] [pool] [workers] [--whole]`.

`--whole`: the workers for ten minutes instead of one.
"""

import sys
from functools import partial

from tests.bench import deploy, events, pool, preview, workers


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all. Returns 1 if one misses its target."""
    names = [argument for argument in arguments if argument != "--whole"]
    seconds = workers.WHOLE if len(names) < len(arguments) else workers.SHORT
    benchmarks = {
        "preview": preview.measure,
        "deploy": deploy.measure,
        "events": events.measure,
        "pool": pool.measure,
        "workers": partial(workers.measure, seconds),
    }
    unknown = [name for name in names if name not in benchmarks]
    if unknown:
        print(f"no benchmark {unknown[0]}; there are {', '.join(benchmarks)}", file=sys.stderr)
        return 2
    ratios = [ratio for name in names or benchmarks for ratio in benchmarks[name]()]
    print("\n" + "\n".join(ratio.line() for ratio in ratios))
    return 0 if all(ratio.reached for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
