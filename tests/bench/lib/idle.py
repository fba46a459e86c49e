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

SETTLING = 2  # seconds after the last answer
GIVING_BACK = 30  # seconds in which what was held is to go
GIVEN_BACK = 0.1  # KiB for each connection: what nobody waits for
SPARE = 400  # descriptors that a peer needs beside two for each connection
REQUEST = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
ANSWER_SECONDS = 10

_before = {}


@dataclass(frozen=True)
class Round:
    """What one round gave."""

    connections: int
    before_mib: float  # PSS of the process tree before the first round
    kib_per_connection: float  # more than then, while all are open
    kept_kib: float  # more than then for each of them, after they have closed
    seconds: float  # from the close until no more than GIVEN_BACK was kept, or GIVING_BACK
    errors: str
    attempts: int = 1

    @property
    def is_disturbed(self):
        """Memory does not depend on who else uses the processor."""
        return False


def warm_up(load, target, seconds):
    """A load that opens and closes, so that code and pools are there; then what memory is compared with."""
    yield from measure.warm_up(load, target, seconds)
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
        held = _pss(target.pid)
    finally:
        for connection in connections:
            connection.close()
    count = max(1, len(connections))
    started = time.monotonic()
    while True:
        time.sleep(1)
        kept, seconds = (_pss(target.pid) - before) / count, time.monotonic() - started
        if kept <= GIVEN_BACK or seconds > GIVING_BACK:
            break
    return Round(len(connections), before / 1024, (held - before) / count, kept, seconds, errors)


def possible(wanted):
    """As many connections as a process may carry that has two descriptors for each."""
    return min(wanted, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - SPARE) // 2)


def one(result):
    """One round, while it runs."""
    return (f"{result.connections:6,d} connections  {result.kib_per_connection:7.2f} KiB each  {result.kept_kib:7.2f} KiB kept"
            f" after {result.seconds:3.0f} s")


def table(rounds, scenario):
    """The lines of the table."""
    del scenario
    yield f"{'':<12} {'connections':>11} {'MiB before':>11} {'KiB each':>9} {'kept KiB':>9} {'after s':>8}"
    for name, results in rounds.items():
        yield (f"{name:<12} {median(results, 'connections'):11,.0f} {median(results, 'before_mib'):11.1f}"
               f" {median(results, 'kib_per_connection'):9.2f} {median(results, 'kept_kib'):9.2f} {median(results, 'seconds'):8.0f}")


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
    total = 0
    for pid in cpu.tree(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += int(re.search(r"^Pss:\s+(\d+) kB$", file.read(), re.MULTILINE)[1])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total
