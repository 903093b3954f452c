"""python -m benchmarks NAME [ARGUMENT...] runs benchmarks/NAME.py; without a name it lists them."""

import runpy
import sys
from pathlib import Path


def names() -> list[str]:
    """The benchmarks there are."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in names():
        raise SystemExit(f"./run bench NAME, where NAME is one of: {', '.join(names())}")
    name = sys.argv.pop(1)
    runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
