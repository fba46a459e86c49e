"""A new connection for each request, which the backend closes after its answer."""

import wrk
from bars import Bar
from scenarios.passthrough import CONNECTIONS, MEASURE, PATH, PEERS, REFERENCES

__all__ = ["BARS", "CONNECTIONS", "MEASURE", "PATH", "PEERS", "REFERENCES", "TITLE", "load"]

TITLE = "passthrough: GET of 20 bytes, a new connection for each, {connections} at a time"

BARS = [
    Bar("ours-tcp/haproxy-tcp connections/s", "requests_per_second", "ours-tcp", "haproxy-tcp", at_least=1.0),
    Bar("ours-tcp/socat connections/s", "requests_per_second", "ours-tcp", "socat", at_least=6.0),
]


def load(connections):
    return lambda url, seconds: wrk.run(url, seconds, connections, "-H", "Connection: close")
