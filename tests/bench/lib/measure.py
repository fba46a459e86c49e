"""One round: load on one peer, and whose CPU it took."""

import os
import time
from dataclasses import dataclass

import cpu

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
