"""Connections that have had one answer and stay open: what each holds, and whether that is given back."""

import idle
from bars import Bar
from scenarios import passthrough
from scenarios.passthrough import PATH, PEERS

__all__ = ["BARS", "CONNECTIONS", "MEASURE", "PATH", "PEERS", "TITLE", "load"]

TITLE = "passthrough: memory of connections that are idle"

MEASURE, CONNECTIONS = idle, 10_000

BARS = [
    Bar("ours-tcp KiB of an idle connection", "kib_per_connection", "ours-tcp", None, at_most=1.0),
    Bar("ours-tcp KiB kept of each when they have closed", "kept_kib", "ours-tcp", None, at_most=0.25),
]


def load(_):
    """What warms them up; the idle connections are opened one after the other."""
    return passthrough.load(passthrough.CONNECTIONS)
