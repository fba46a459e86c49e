"""Memory inside an enclave, which is reserved for it, while connections are open that have had one answer."""

import idle
from bars import Bar
from scenarios import enclave
from scenarios.enclave import PATH, PEERS

__all__ = ["BARS", "CONNECTIONS", "MEASURE", "PATH", "PEERS", "TITLE", "load"]

TITLE = "enclave: memory while {connections} connections are open"

MEASURE, CONNECTIONS = idle, 200

BARS = [
    Bar("enclave-ours/enclave-socat MiB of its own", "own_mib", "enclave-ours", "enclave-socat", at_most=0.5),
    Bar("enclave-ours/enclave-socat KiB of an idle connection", "kib_per_connection", "enclave-ours", "enclave-socat", at_most=0.1),
]


def load(_):
    """What warms them up; the idle connections are opened one after the other."""
    return enclave.load(enclave.CONNECTIONS)
