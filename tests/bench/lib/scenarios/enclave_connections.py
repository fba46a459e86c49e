"""The same with a new connection for each request, which the application closes after its answer."""

from bars import Bar
from scenarios.enclave import CONNECTIONS, MEASURE, PATH, PEERS, REFERENCES
from scenarios.passthrough_connections import load

__all__ = ["BARS", "CONNECTIONS", "MEASURE", "PATH", "PEERS", "REFERENCES", "TITLE", "load"]

TITLE = "enclave: GET of 20 bytes, a new connection for each, {connections} at a time"

BARS = [
    Bar("enclave-ours/enclave-socat connections/s", "requests_per_second", "enclave-ours", "enclave-socat", at_least=6.0),
]
