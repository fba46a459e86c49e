"""Small answers over connections that stay open, byte for byte: what carrying costs that looks at nothing."""

from bars import Bar
from scenarios.keep_alive import CONNECTIONS, MEASURE, PATH, load

__all__ = ["BARS", "CONNECTIONS", "MEASURE", "PATH", "PEERS", "REFERENCES", "TITLE", "load"]

TITLE = "passthrough: GET of 20 bytes over {connections} kept connections"

REFERENCES = "haproxy-tcp", "haproxy-tcp"

PEERS = ["direct", "nginx-stream", "haproxy-tcp", "socat", "ours-tcp"]

BARS = [
    Bar("ours-tcp/haproxy-tcp req/s", "requests_per_second", "ours-tcp", "haproxy-tcp", at_least=1.05),
    Bar("ours-tcp/haproxy-tcp CPU per request", "cpu_microseconds", "ours-tcp", "haproxy-tcp", at_most=0.9),
]
