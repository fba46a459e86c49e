"""Memory of connections that are open and idle: what each holds, and whether it is given back when they have closed."""

import os
import re
import resource
import select
import socket
import time
from dataclasses import dataclass

import cpu
import measure
from figures import median
from stage import BODY, Failure

WARM_UPS, WARM_CONNECTIONS = 20, 100  # few at a time: what many hold is to be measured
SETTLING = 6  # seconds in which whoever gives memory back when it is idle has done so
GIVING_BACK = 30  # seconds in which what was held is to go
GIVEN_BACK = 0.1  # KiB for each connection: what nobody waits for
KERNEL_STACK = 16  # KiB, on x86-64 and arm64
SPARE = 400  # descriptors that a peer needs beside two for each connection
REQUEST = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ANSWER_SECONDS = 10

_before = {}


@dataclass(frozen=True)
class Round:
    """What one round gave."""

    connections: int
    before_mib: float  # PSS of the process tree before the first round
    held_mib: float  # while all are open
    own_mib: float  # then, what nobody else has: anonymous pages, and what the kernel keeps for processes
    after_mib: float  # when they have closed
    kib_per_connection: float  # what is held for each: more than before or after, whichever is less
    kept_kib: float  # what is kept of each: more after than before
    seconds: float  # from the close until no more than GIVEN_BACK was kept, or GIVING_BACK
    errors: str
    attempts: int = 1

    @property
    def is_disturbed(self):
        """Memory does not depend on who else uses the processor."""
        return False


def warm_up(load, target, seconds):
    """A load, and connections that open and close, so that code and pools are there; then what memory is compared with."""
    yield from measure.warm_up(load, target, seconds)
    for _ in range(WARM_UPS):
        for connection in [_asked(target) for _ in range(WARM_CONNECTIONS)]:
            connection.close()
    time.sleep(SETTLING)
    _before[target.name] = _pss(target.pid)


def undisturbed(load, target, seconds, may_repeat):
    """One round; none is repeated."""
    del load, seconds, may_repeat
    before, connections, errors = _before[target.name], [], ""
    try:
        try:
            for _ in range(possible(target.idle_connections)):
                connections.append(_asked(target))
        except OSError as error:
            errors = f"{len(connections)} connections, then {error}"
        time.sleep(SETTLING)
        closed = sum(_is_readable(connection) for connection in connections)
        if closed:
            errors = f"{errors} {closed} of {len(connections)} were closed while they were idle".strip()
        held, own = _pss(target.pid), _own(target.pid)
    finally:
        for connection in connections:
            connection.close()
    count = max(1, len(connections))
    started = time.monotonic()
    time.sleep(SETTLING)
    while True:
        after, seconds = _pss(target.pid), time.monotonic() - started
        if after - before <= GIVEN_BACK * count or seconds > GIVING_BACK:
            break
        time.sleep(1)
    # What was there before may have been more than was needed: the least counts.
    each, kept = (held - min(before, after)) / count, (after - before) / count
    return Round(len(connections), before / 1024, held / 1024, own / 1024, after / 1024, each, kept, seconds, errors)


def possible(wanted):
    """As many connections as a process may carry that has two descriptors for each."""
    return min(wanted, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - SPARE) // 2)


def one(result):
    """One round, while it runs."""
    return (f"{result.connections:6,d} connections  {result.kib_per_connection:7.2f} KiB each  {result.kept_kib:7.2f} KiB kept"
            f" after {result.seconds:3.0f} s  ({result.before_mib:.1f}, {result.held_mib:.1f}, {result.after_mib:.1f} MiB;"
            f" {result.own_mib:.1f} its own)")


def table(rounds, scenario):
    """The lines of the table."""
    del scenario
    yield f"{'':<12} {'connections':>11} {'MiB before':>11} {'MiB held':>9} {'its own':>8} {'KiB each':>9} {'kept KiB':>9} {'after s':>8}"
    for name, results in rounds.items():
        yield (f"{name:<12} {median(results, 'connections'):11,.0f} {median(results, 'before_mib'):11.1f}"
               f" {median(results, 'held_mib'):9.1f}"
               f" {median(results, 'own_mib'):8.1f} {median(results, 'kib_per_connection'):9.2f} {median(results, 'kept_kib'):9.2f} {median(results, 'seconds'):8.0f}")


def _asked(target):
    """A connection that has had one answer."""
    connection = socket.create_connection(("127.0.0.1", target.port), timeout=ANSWER_SECONDS)
    connection.sendall(REQUEST % target.path.encode())
    answer = b""
    while not answer.endswith(BODY.encode()):
        piece = connection.recv(4096)
        if not piece:
            raise Failure(f"{target.name} closes a connection after {answer!r}")
        answer += piece
    return connection


def _is_readable(connection):
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _pss(root):
    """KiB of a process tree, with its share of what is shared."""
    return _sum(root, "smaps_rollup", "Pss")


def _own(root):
    """
    KiB that a process tree takes beside the files that it runs, which an enclave has in memory whether or not they run: anonymous pages,
    page tables, and a kernel stack for each thread. What else the kernel keeps for a process is not counted.
    """
    return _sum(root, "smaps_rollup", "Pss_Anon") + _sum(root, "status", "VmPTE") + KERNEL_STACK * _sum(root, "status", "Threads")


def _sum(root, file, name):
    total = 0
    for pid in cpu.tree(root):
        try:
            with open(f"/proc/{pid}/{file}", encoding="utf-8", errors="replace") as lines:
                total += int(re.search(rf"^{name}:\s+(\d+)", lines.read(), re.MULTILINE)[1])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total
