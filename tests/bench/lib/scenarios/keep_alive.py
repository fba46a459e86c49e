"""Small answers over connections that stay open: what a request costs when nothing else does."""

import measure
import wrk
from bars import Bar

TITLE = "GET of 20 bytes over {connections} kept connections"

MEASURE, CONNECTIONS, PATH = measure, 64, "/bench"

# Whose speed and whose CPU per request the table compares with.
REFERENCES = "nginx", "socat"

PEERS = ["direct", "nginx", "haproxy", "socat", "ours", "ours-unmeasured", "ours-logged", "yarp", "yarp-bare"]

BARS = [
    Bar("ours/nginx req/s", "requests_per_second", "ours", "nginx", at_least=0.55),
    Bar("ours/socat CPU per request", "cpu_microseconds", "ours", "socat", at_most=1.0),
    Bar("ours/yarp req/s", "requests_per_second", "ours", "yarp", at_least=1.15),
]


def load(connections):
    return lambda url, seconds: wrk.run(url, seconds, connections)
