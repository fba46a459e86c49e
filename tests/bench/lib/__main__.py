"""Command line and course of a run: build, start, check, warm up, measure in turns, report, end."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import build
import peers
import report
import scenarios
from processes import Processes
from stage import Failure, Stage

QUICK_BUDGET = 160  # seconds in all, a build aside; rounds are repeated only as long as this allows


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Load peers in turns over one backend on a unix socket.")
    parser.add_argument("--quick", action="store_true", help="21 rounds of 1 s, for some peers 7: less than 3 minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each peer (10; 21 with --quick)")
    parser.add_argument("--seconds", type=int, metavar="S", help="length of a round (5; 1 with --quick)")
    parser.add_argument("--warm-up", type=int, metavar="S", help="load on each peer before the first round (8; 3 with --quick)")
    parser.add_argument("--connections", type=int, metavar="N", help="connections of the load (64; the scenario may say another)")
    parser.add_argument("--only", metavar="NAME,…", help=f"of {', '.join(p.name for p in peers.ALL)}")
    parser.add_argument("--scenario", default="keep-alive", choices=sorted(scenarios.ALL), help="what is asked for (keep-alive)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round there, too")
    parser.add_argument("--no-build", action="store_true", help="take the Release builds that are there")
    parser.add_argument("--check", action="store_true", help="exit status 1 when a bar was missed or not measured")
    options = parser.parse_args()
    options.rounds = options.rounds or (21 if options.quick else 10)
    options.seconds = options.seconds or (1 if options.quick else 5)
    options.connections = options.connections or scenarios.ALL[options.scenario].CONNECTIONS
    if options.warm_up is None:
        options.warm_up = 3 if options.quick else 8
    if min(options.rounds, options.seconds, options.connections) <= 0 or options.warm_up < 0:
        parser.error("rounds, seconds and connections are positive")
    names = options.only.split(",") if options.only else scenarios.ALL[options.scenario].PEERS
    unknown = set(names) - {p.name for p in peers.ALL}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    options.peers = [p for p in peers.ALL if p.name in names]
    return options


def missing_tools(selected):
    """The Debian packages of the commands that are not here."""
    needed = {"wrk": "wrk", "nginx": "nginx-light", "dotnet": "dotnet-sdk-10.0"} | {p.command: p.package for p in selected if p.command}
    needed |= {file: package for p in selected for file, package in p.files.items()}
    return sorted({package for name, package in needed.items() if shutil.which(name) is None and not Path(name).is_file()})


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(options, stage, deadline):
    scenario = scenarios.ALL[options.scenario]
    targets = []
    for peer in options.peers:
        target = stage.start(peer, scenario.PATH, options.connections)
        stage.check(target)
        targets.append(target)
    say(f"every one of them answers: {', '.join(t.name for t in targets)}")

    load = scenario.load(options.connections)
    for target in targets:
        say(f"warming up {target.name}")
        for errors in scenario.MEASURE.warm_up(load, target, options.warm_up):
            say(f"{target.name} failed while it warmed up: {errors}")

    rounds = {t.name: {} for t in targets}
    seldom = {p.name for p in options.peers if options.quick and p.is_for_orientation}
    turns = [(number, target) for number in range(options.rounds)
             # Each of them comes first once: what goes before leaves its heat and its caches.
             for target in targets[number % len(targets):] + targets[:number % len(targets)]
             if number % 3 == 0 or target.name not in seldom]
    for done, (number, target) in enumerate(turns, start=1):
        def may_repeat(left=len(turns) - done):
            return deadline is None or time.monotonic() + (left + 1) * (options.seconds + 0.2) < deadline

        result = scenario.MEASURE.undisturbed(load, target, options.seconds, may_repeat)
        rounds[target.name][number] = result
        say(f"round {number + 1}/{options.rounds}  {target.name:<12} {scenario.MEASURE.one(result)}{report.errors(result)}")
    return rounds, scenario


def main():
    options = arguments()
    missing = missing_tools(options.peers)
    if missing:
        print(f"tests/bench/run: missing; apt-get install --no-install-recommends {' '.join(missing)}", file=sys.stderr)
        return 2

    # However it ends, what was started is ended: these become exceptions like Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))

    # A shell ignores it on behalf of what runs in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    scratch = Path(tempfile.mkdtemp(prefix="parent-proxy-bench-"))
    try:
        with Processes(scratch) as processes:
            if not options.no_build:
                build.release({p.project for p in options.peers if p.project})
            deadline = time.monotonic() + QUICK_BUDGET if options.quick else None
            rounds, scenario = run(options, Stage(scratch, processes), deadline)
        bars = report.bars(rounds, scenario)
        report.table(rounds, scenario, options)
        failed = report.failed(rounds)
        report.verdicts(bars)
        if options.json:
            report.write_json(options.json, rounds, scenario, options, bars)
    except Failure as failure:
        print(f"tests/bench/run: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tests/bench/run: interrupted", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 1 if failed or options.check and not all(bar.is_met for bar in bars) else 0


if __name__ == "__main__":
    sys.exit(main())
