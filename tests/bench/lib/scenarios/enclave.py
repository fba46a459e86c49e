"""Inside an enclave: what carries bytes from the parent to the application, in the place of a socat."""

from bars import Bar
from scenarios.keep_alive import CONNECTIONS, MEASURE, PATH, load

__all__ = ["BARS", "CONNECTIONS", "MEASURE", "PATH", "PEERS", "REFERENCES", "TITLE", "load"]

TITLE = "enclave: GET of 20 bytes over {connections} kept connections"

REFERENCES = "enclave-socat", "enclave-socat"

PEERS = ["enclave-socat", "enclave-ours"]

BARS = [
    Bar("enclave-ours/enclave-socat req/s", "requests_per_second", "enclave-ours", "enclave-socat", at_least=1.5),
    Bar("enclave-ours/enclave-socat CPU per request", "cpu_microseconds", "enclave-ours", "enclave-socat", at_most=0.5),
]
