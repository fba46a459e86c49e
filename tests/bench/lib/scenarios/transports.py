"""The same answers over each way to an enclave that a machine without vsock has: what a transport costs by itself."""

from bars import Bar
from scenarios.keep_alive import CONNECTIONS, MEASURE, PATH, load

__all__ = ["BARS", "CONNECTIONS", "MEASURE", "PATH", "PEERS", "REFERENCES", "TITLE", "load"]

TITLE = "GET of 20 bytes of a simulated enclave over {connections} kept connections"

REFERENCES = "ours-unix", "ours-unix"

PEERS = ["ours-unix", "ours-hybrid"]

BARS = [
    Bar("ours-hybrid/ours-unix CPU per request", "cpu_microseconds", "ours-hybrid", "ours-unix", at_most=1.05),
    Bar("ours-hybrid/ours-unix req/s", "requests_per_second", "ours-hybrid", "ours-unix", at_least=0.95),
]
