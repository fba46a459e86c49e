"""Rounds in, table, verdicts and JSON out."""

import json
import os
import platform
import statistics
from dataclasses import asdict

from bars import Verdict

DOUBT = " (disturbed: measure again where nothing else runs)"


def median(rounds, figure):
    """The median of one figure, or None."""
    return statistics.median(getattr(r, figure) for r in rounds.values()) if rounds else None


def ratio(rounds, figure, peer, reference):
    """
    How one peer's figure is to another's, or None. Of each round by itself, and the median of these: what slows the machine
    down for some rounds slows both down.
    """
    mine, theirs = rounds.get(peer, {}), rounds.get(reference, {})
    pairs = [(getattr(mine[number], figure), getattr(theirs[number], figure)) for number in mine.keys() & theirs.keys()]
    return statistics.median(one / other for one, other in pairs) if pairs and all(other for _, other in pairs) else None


def one(result):
    """One round, while it runs."""
    return (f"{result.requests_per_second:9,.0f} req/s {result.cpu_microseconds:6.1f} µs  p99 {result.p99_ms:6.2f} ms"
            f"{_disturbance(result)}{_errors(result)}")


def table(rounds, scenario, options):
    """The table."""
    print(f"\n{scenario.TITLE.format(connections=options.connections)}: medians of {options.rounds} rounds of {options.seconds:g} s, {os.cpu_count()} cores")
    print(f"{'':<10} {'req/s':>9} {'vs nginx':>9} {'µs/request':>11} {'vs socat':>9} {'p99 ms':>7}  {'req/s range':>17}  disturbed")
    for name, results in rounds.items():
        speeds = [r.requests_per_second for r in results.values()]
        print(f"{name:<10} {median(results, 'requests_per_second'):9,.0f} {_ratio(rounds, 'requests_per_second', name, 'nginx'):>9}"
              f" {median(results, 'cpu_microseconds'):11.1f} {_ratio(rounds, 'cpu_microseconds', name, 'socat'):>9}"
              f" {median(results, 'p99_ms'):7.2f}  {min(speeds):8,.0f}–{max(speeds):<8,.0f}"
              f"  {sum(r.is_disturbed for r in results.values())}/{len(results)}")
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
        both = [*rounds.get(bar.peer, {}).values(), *rounds.get(bar.reference, {}).values()]
        verdicts.append(Verdict(
            bar,
            ratio=ratio(rounds, bar.figure, bar.peer, bar.reference),
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


def _ratio(rounds, figure, name, reference):
    value = None if name == "direct" else ratio(rounds, figure, name, reference)
    return "–" if value is None else f"{value:.2f}"


def _errors(result):
    return f"  FAILED: {result.errors}" if result.errors else ""


def _disturbance(result):
    if result.is_disturbed:
        return f"  DISTURBED: {result.foreign:.0%} of the machine was elsewhere"
    return f"  (attempt {result.attempts})" if result.attempts > 1 else ""
