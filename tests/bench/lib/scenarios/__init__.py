"""
What is asked for, and of whom. A scenario is a module here: TITLE, PEERS, BARS, PATH and CONNECTIONS, load(connections), which
gives (url, seconds) -> Sample, and MEASURE, the module that makes a figure of it, with the REFERENCES that this one needs.
"""

from scenarios import (
    enclave,
    enclave_connections,
    enclave_memory,
    keep_alive,
    passthrough,
    passthrough_bulk,
    passthrough_connections,
    passthrough_idle,
    transports,
)

ALL = {
    "enclave": enclave,
    "enclave-connections": enclave_connections,
    "enclave-memory": enclave_memory,
    "keep-alive": keep_alive,
    "passthrough": passthrough,
    "passthrough-bulk": passthrough_bulk,
    "passthrough-connections": passthrough_connections,
    "passthrough-idle": passthrough_idle,
    "transports": transports,
}
