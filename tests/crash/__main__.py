"""`./run crash`: run the machine, or with `--sabotage` switch each safeguard off and see that it is missed."""

from __future__ import annotations

import argparse
import os
import sys

from tests.crash.conductor import Plan, run
from tests.crash.figures import Figures
from tests.crash.sabotage import SABOTAGES, Sabotage
from tests.crash.world import Servers, serving

_SEEDS_FOR_A_SABOTAGE = 4


def main(arguments: list[str]) -> int:
    """0: the judge had nothing to say, or each sabotage was noticed."""
    options = _parse(arguments)
    with serving(str(os.getpid())) as servers:
        if options.sabotage is not None:
            return _sabotage(servers, options)
        return _run_seeds(servers, options)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./run crash", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs, each with the next seed")
    parser.add_argument("--months", type=float, default=12.0)
    parser.add_argument("--members", type=int, default=60)
    parser.add_argument(
        "--every-step",
        action="store_true",
        help="go on, up to ten times as long, until each step was struck",
    )
    parser.add_argument(
        "--goes-on", action="store_true", help="do not stop at the first judgement that finds something"
    )
    parser.add_argument(
        "--sabotage", nargs="?", const="", metavar="NAME", help=f"all, or one of {', '.join(SABOTAGES)}"
    )
    return parser.parse_args(arguments)


def _run_seeds(servers: Servers, options: argparse.Namespace) -> int:
    guilty = 0
    for seed in range(options.seed, options.seed + options.seeds):
        plan = Plan(
            seed, int(options.months * 30), options.members,
            stops_at_first=not options.goes_on, strikes_everywhere=options.every_step, judged_every=_judged_every(options),
        )  # fmt: skip
        figures = run(servers, plan, _say)
        guilty += _report(figures, options)
        if options.every_step and not figures.struck_everywhere:
            _say("FOUND: not every step was struck")
            guilty += 1
    return int(guilty > 0)


def _judged_every(options: argparse.Namespace) -> int:
    """Days: once a month, and twice in a run of a single one."""
    return 15 if options.months <= 1 else 30


def _report(figures: Figures, options: argparse.Namespace) -> bool:
    for line in figures.lines():
        _say(line)
    for finding in figures.findings:
        _say(f"FOUND: {finding}")
    if figures.findings:
        again = f"--seed {figures.seed} --months {options.months:g} --members {options.members}"
        _say(f"again: ./run crash {again}   (log, acts and steps: {figures.folder})")
    return bool(figures.findings)


def _sabotage(servers: Servers, options: argparse.Namespace) -> int:
    chosen = [SABOTAGES[options.sabotage]] if options.sabotage else list(SABOTAGES.values())
    unproven = [one.name for one in chosen if not prove(servers, one, options.seed)]
    _say(f"{len(chosen) - len(unproven)} of {len(chosen)} safeguards were missed when they were off")
    for name in unproven:
        _say(f"NOT PROVEN: {name}")
    return int(bool(unproven))


def prove(servers: Servers, sabotage: Sabotage, seed: int) -> bool:
    """Whether the judge sees, within a few seeds, that a safeguard is off, and has nothing to say of the same run with it."""
    for number in range(seed, seed + _SEEDS_FOR_A_SABOTAGE):
        figures = run(servers, _plan_of(sabotage, number, sabotage.name))
        seen = [one for one in figures.findings if any(words in one for words in sabotage.sees)]
        if seen:
            _say(
                f"{sabotage.name}: off ({sabotage.says}), seed {number}, {figures.seconds:.0f} s: red: {seen[0][:200]}"
            )
            return _is_green(servers, sabotage, number)
        for finding in dict.fromkeys(figures.findings):
            _say(f"{sabotage.name}: seed {number} shows something else ({figures.folder}): {finding[:200]}")
    _say(f"{sabotage.name}: off ({sabotage.says}): the judge saw nothing")
    return False


def _is_green(servers: Servers, sabotage: Sabotage, seed: int) -> bool:
    figures = run(servers, _plan_of(sabotage, seed, ""))
    for finding in figures.findings:
        _say(f"{sabotage.name}: on, and red all the same ({figures.folder}): {finding}")
    return not figures.findings


def _plan_of(sabotage: Sabotage, seed: int, off: str) -> Plan:
    return Plan(seed, sabotage.days, sabotage.members, sabotage.temper, off, judged_every=12)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
