"""The backend, and the peers in front of it."""

import contextlib
import http.client
import os
import random
import socket
import time
from dataclasses import dataclass

import configuration

BODY = "twenty bytes of it.\n"
STARTING = 20  # seconds
BULK = 1024 * 1024  # bytes of /bulk
VSOCK_PORT = 5000  # which hybrid vsock asks for by name


class Failure(Exception):
    """Something could not run."""


@dataclass(frozen=True)
class Target:
    """What is measured: where it listens, and whose CPU it uses."""

    name: str
    port: int
    pid: int
    path: str

    # How many are opened when their memory is measured.
    idle_connections: int

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"


class Stage:
    """Starts the backend at once and peers as they are asked for."""

    def __init__(self, scratch, processes):
        self.scratch = scratch
        self.processes = processes
        self.backend_socket = scratch / "backend.sock"
        self.backend_port = self.free_port()
        backend = self._backend()
        self._await("backend", backend, self.backend_port, "/bench")
        self.backend_pid = backend.pid

    def start(self, peer, path, connections):
        """Starts a peer and waits until it answers."""
        path, connections = peer.path or path, min(connections, peer.idle_connections)
        if peer.command_line is None:
            return Target(peer.name, self.backend_port, self.backend_pid, path, connections)
        port = self.free_port()
        process = self.processes.start(peer.name, peer.command_line(self, peer.name, port))
        self._await(peer.name, process, port, path)
        return Target(peer.name, port, process.pid, path, connections)

    def check(self, target):
        """Two requests over one connection: status and body are the backend's, or the length of what the simulated enclave sends."""
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=5)
        try:
            for _ in range(2):
                connection.request("GET", target.path)
                response = connection.getresponse()
                body = response.read().decode("latin-1")
                right = body == BODY if target.path == "/bench" else len(body) == (BULK if target.path == "/bulk" else len(BODY))
                if response.status != 200 or not right:
                    name = target.name if target.pid != self.backend_pid else "backend"
                    self.processes.fail(name, f"answers {response.status} {body[:100]!r}, {len(body)} bytes")
        finally:
            connection.close()

    def simulator(self, program, transport):
        """The address of a simulated enclave: a backend that can do the handshake of hybrid vsock."""
        path = self.scratch / f"{transport}.sock"
        address = f"{transport}:{path}:{VSOCK_PORT}" if transport == "hybrid" else f"{transport}:{path}"
        process = self.processes.start(f"simulator-{transport}", [*program, "--listen", address])
        until = time.monotonic() + STARTING
        while not path.exists():
            if process.poll() is not None or time.monotonic() > until:
                self.processes.fail(f"simulator-{transport}", "does not listen")
            time.sleep(0.05)
        return {"Id": "0", "Transport": transport, "Path": str(path), "Port": VSOCK_PORT}

    def write(self, name, text):
        """A configuration file for a peer."""
        path = self.scratch / name
        path.write_text(text)
        return path

    @staticmethod
    def free_port():
        """A port that was free a moment ago, and is none that the kernel gives to whoever connects."""
        while True:
            port = random.randrange(10_000, 32_768)
            with contextlib.suppress(OSError), socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
                return port

    def nginx(self, name, use, file="nginx.conf", **values):
        """The command line of an nginx with one worker that keeps its hands off this machine's files."""
        folder = self.scratch / name
        folder.mkdir()
        path = self.write(f"{name}.conf", configuration.read(file, use, **values))
        return ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(path)]

    def _backend(self):
        body = BODY.replace("\n", "\\n")
        command = self.nginx("backend", "backend", port=self.backend_port, socket=self.backend_socket, body=body)
        (self.scratch / "backend/bulk").write_bytes(os.urandom(BULK))
        return self.processes.start("backend", command)

    def _await(self, name, process, port, path):
        until = time.monotonic() + STARTING
        while True:
            if process.poll() is not None:
                self.processes.fail(name, f"ended with status {process.returncode}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            if time.monotonic() > until:
                self.processes.fail(name, f"does not answer 200 within {STARTING} s")
            time.sleep(0.05)
