"""Load by wrk."""

import re
import subprocess
from dataclasses import dataclass

from stage import Failure

_UNITS = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 60e3}


@dataclass(frozen=True)
class Sample:
    """What wrk says of one run."""

    requests: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: str  # what went wrong besides; empty: nothing


def run(url, seconds, connections, *arguments):
    """Loads a URL for some whole seconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *arguments, url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=seconds + 30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    requests = re.search(r"(\d+) requests in", output)
    if process.returncode != 0 or not requests or int(requests[1]) == 0:
        raise Failure(f"{' '.join(command)}: no figures\n{output}")
    return Sample(
        requests=int(requests[1]),
        requests_per_second=float(re.search(r"Requests/sec:\s*([\d.]+)", output)[1]),
        p50_ms=_latency(output, 50),
        p99_ms=_latency(output, 99),
        errors=", ".join(re.findall(r"Socket errors: .*|Non-2xx or 3xx responses: .*", output)))


def _latency(output, percentile):
    value, unit = re.search(rf"^\s*{percentile}%\s+([\d.]+)(us|ms|s|m)\s*$", output, re.MULTILINE).groups()
    return float(value) * _UNITS[unit]
