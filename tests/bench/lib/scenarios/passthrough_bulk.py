"""Answers of 1 MiB over connections that stay open: what a byte costs."""

from bars import Bar
from scenarios.passthrough import MEASURE, PEERS, REFERENCES, load

__all__ = ["BARS", "CONNECTIONS", "MEASURE", "PATH", "PEERS", "REFERENCES", "TITLE", "load"]

TITLE = "passthrough: GET of 1 MiB over {connections} kept connections"

CONNECTIONS, PATH = 16, "/bulk"

BARS = [
    Bar("ours-tcp/haproxy-tcp 1 MiB answers/s", "requests_per_second", "ours-tcp", "haproxy-tcp", at_least=1.3),
]
