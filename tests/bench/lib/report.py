"""Rounds in, table, verdicts and JSON out."""

import json
import os
import platform
from dataclasses import asdict

from bars import Verdict
from figures import median, ratio

DOUBT = " (disturbed: measure again where nothing else runs)"


def errors(result):
    """What went wrong in a round."""
    return f"  FAILED: {result.errors}" if result.errors else ""


def table(rounds, scenario, options):
    """The table."""
    print(f"\n{scenario.TITLE.format(connections=options.connections)}: medians of {options.rounds} rounds of {options.seconds:g} s, {os.cpu_count()} cores")
    for line in scenario.MEASURE.table(rounds, scenario):
        print(line)
    if any(r.is_disturbed for results in rounds.values() for r in results.values()):
        print("disturbed: something else took more than 5 % of the machine, also when tried again; such figures are too bad")


def failed(rounds):
    """Whether requests failed in a round that counts; says which."""
    failures = [(name, r.errors) for name, results in rounds.items() for r in results.values() if r.errors]
    for name, errors in failures:
        print(f"FAILED: {name}: {errors}")
    return bool(failures)


def bars(rounds, scenario):
    """What became of the bars."""
    verdicts = []
    for bar in scenario.BARS:
        both = [*rounds.get(bar.peer, {}).values(), *rounds.get(bar.reference or "", {}).values()]
        verdicts.append(Verdict(
            bar,
            ratio=ratio(rounds, bar.figure, bar.peer, bar.reference) if bar.reference else median(rounds.get(bar.peer), bar.figure),
            is_doubtful=2 * sum(r.is_disturbed for r in both) > len(both)))
    return verdicts


def verdicts(all_bars):
    """A line for each bar."""
    print()
    for verdict in all_bars:
        bar = verdict.bar
        limit = f"≥ {bar.at_least:.2f}" if bar.at_least is not None else f"≤ {bar.at_most:.2f}"
        if verdict.ratio is None:
            print(f"{bar.title} {limit}: not measured")
        else:
            print(f"{bar.title} {limit}: {verdict.ratio:.2f} {'ok' if verdict.is_met else 'MISSED'}{DOUBT if verdict.is_doubtful else ''}")


def write_json(path, rounds, scenario, options, all_bars):
    """Every round, for whoever compares runs."""
    path.write_text(json.dumps({
        "scenario": options.scenario,
        "title": scenario.TITLE.format(connections=options.connections),
        "connections": options.connections,
        "seconds": options.seconds,
        "warmUp": options.warm_up,
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine(), "kernel": platform.release()},
        "peers": {
            name: {"median": {figure: median(results, figure) for figure in asdict(next(iter(results.values()))) if figure not in ("errors", "attempts")}, "rounds": {number: asdict(r) for number, r in results.items()}}
            for name, results in rounds.items()
        },
        "bars": [{**asdict(v.bar), "ratio": v.ratio, "met": v.is_met, "doubtful": v.is_doubtful} for v in all_bars],
    }, indent=2, ensure_ascii=False) + "\n")
