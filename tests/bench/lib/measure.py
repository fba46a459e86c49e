"""One round: load on one peer, and whose CPU it took."""

import os
import time
from dataclasses import dataclass

import cpu
from figures import median, ratio_text

WARM = 100_000  # requests; by then the runtime has its last code for what they use
FOREIGN_LIMIT = 0.05  # of all cores
REPEATS = 2


@dataclass(frozen=True)
class Round:
    """What one round gave."""

    requests_per_second: float
    cpu_microseconds: float  # of the peer, per request
    p50_ms: float
    p99_ms: float
    foreign: float  # share of all cores that neither load, backend nor any peer used
    errors: str  # broken connections, time-outs, answers that are not 2xx; empty: none
    attempts: int

    @property
    def is_disturbed(self):
        return self.foreign > FOREIGN_LIMIT


def warm_up(load, target, seconds):
    """Load without a figure, on a slow machine up to three times as long; gives what went wrong."""
    requests = 0
    for _ in range(3 if seconds else 0):
        sample = load(target.url, seconds)
        if sample.errors:
            yield sample.errors
        requests += sample.requests
        if requests >= WARM:
            break


def undisturbed(load, target, seconds, may_repeat):
    """A round in which nothing else ran and nothing failed, or the best of some."""
    best = None
    for attempt in range(1, REPEATS + 2):
        result = _round(load, target, seconds, attempt)
        if best is None or (result.errors != "", result.foreign) < (best.errors != "", best.foreign):
            best = result
        if not (best.is_disturbed or best.errors) or not may_repeat():
            break
    return best


def _round(load, target, seconds, attempt):
    started, machine, known, peer = _now(target)
    sample = load(target.url, seconds)
    ended, machine_after, known_after, peer_after = _now(target)
    foreign = (machine_after - machine) - (known_after - known)
    return Round(
        requests_per_second=sample.requests_per_second,
        cpu_microseconds=(peer_after - peer) / sample.requests * 1e6,
        p50_ms=sample.p50_ms,
        p99_ms=sample.p99_ms,
        foreign=max(0.0, foreign / ((ended - started) * os.cpu_count())),
        errors=sample.errors,
        attempts=attempt)


def _now(target):
    # All that is known descends from us: backend, peers, and the load once it was waited for.
    return time.monotonic(), cpu.of_machine(), cpu.of_tree(os.getpid()), cpu.of_tree(target.pid)


def one(result):
    """One round, while it runs."""
    return (f"{result.requests_per_second:9,.0f} req/s {result.cpu_microseconds:6.1f} µs  p99 {result.p99_ms:6.2f} ms"
            f"{_disturbance(result)}")


def table(rounds, scenario):
    """The lines of the table."""
    faster, cheaper = scenario.REFERENCES
    yield (f"{'':<12} {'req/s':>9} {'vs ' + faster:>14} {'µs/request':>11} {'vs ' + cheaper:>14} {'p99 ms':>7}"
           f"  {'req/s range':>17}  disturbed")
    for name, results in rounds.items():
        speeds = [r.requests_per_second for r in results.values()]
        yield (f"{name:<12} {median(results, 'requests_per_second'):9,.0f} {ratio_text(rounds, 'requests_per_second', name, faster):>14}"
               f" {median(results, 'cpu_microseconds'):11.1f} {ratio_text(rounds, 'cpu_microseconds', name, cheaper):>14}"
               f" {median(results, 'p99_ms'):7.2f}  {min(speeds):8,.0f}–{max(speeds):<8,.0f}"
               f"  {sum(r.is_disturbed for r in results.values())}/{len(results)}")


def _disturbance(result):
    if result.is_disturbed:
        return f"  DISTURBED: {result.foreign:.0%} of the machine was elsewhere"
    return f"  (attempt {result.attempts})" if result.attempts > 1 else ""
