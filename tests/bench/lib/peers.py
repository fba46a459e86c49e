"""Who is measured. Each listens on TCP at 127.0.0.1, goes to the backend's unix socket, and has one worker or thread."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import build
import configuration


# Starts our program as every suite does, whichever build of it PARENT_PROXY names.
START = build.REPOSITORY / "tests/harness/start"

# A build of the product builds it, too.
SIMULATOR = [str(START), "simulator"]

# A module of its own.
NGINX_STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"

# What the parent's side of an enclave is made of, for all that stand in one.
PARENT = {"/usr/sbin/haproxy": "haproxy"}

# 20 bytes of the simulated enclave.
SIMULATED = "/bytes/20"


@dataclass(frozen=True)
class Peer:
    """One row of the table."""

    name: str

    # (stage, name, port) -> arguments of a process that stays in the foreground; None: the backend itself.
    command_line: Callable | None

    # The command that it needs, and the Debian package that brings it.
    command: str | None = None
    package: str | None = None

    # The .NET project that has to be built.
    project: Path | None = None

    # What else it needs: files, each with the package that brings it.
    files: dict[str, str] = field(default_factory=dict)

    # What it is asked for, when the backend that it goes to has nothing else.
    path: str | None = None

    # More connections than these are too many for it when they are idle.
    idle_connections: int = 1_000_000

    # No bar rests on it: with --quick it has its turn in every third round only.
    is_for_orientation: bool = False


def nginx(stage, name, port):
    return stage.nginx(name, "bench", port=port, enclave=stage.backend_socket)


def haproxy(stage, name, port):
    path = stage.write(f"{name}.cfg", configuration.read("haproxy.cfg", "bench", port=port, enclave=stage.backend_socket))
    return ["haproxy", "-db", "-f", str(path)]


def socat(stage, _, port):
    # Its accept queue has 5 places, else; a connection that finds no place comes a second later.
    return ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,backlog=4096", f"UNIX-CONNECT:{stage.backend_socket}"]


def nginx_stream(stage, name, port):
    return stage.nginx(name, "bench", "nginx-stream.conf", module=NGINX_STREAM, port=port, enclave=stage.backend_socket)


def haproxy_tcp(stage, name, port):
    path = stage.write(f"{name}.cfg", configuration.read("haproxy-tcp.cfg", "bench", port=port, enclave=stage.backend_socket))
    return ["haproxy", "-db", "-f", str(path)]


def _in_an_enclave(stage, name, port):
    """
    Starts what stands in the parent's place: HAProxy, which carries bytes to a unix socket. What is measured listens there, as it would
    on a vsock, and its CPU alone counts. Gives the path.
    """
    path = stage.scratch / f"{name}.sock"
    front = stage.write(f"{name}.cfg", configuration.read("haproxy-tcp.cfg", "bench", port=port, enclave=path))
    stage.processes.start(f"{name}-front", ["haproxy", "-db", "-f", str(front)])
    return path


def enclave_socat(stage, name, port):
    # Usual in an enclave, but for the longer accept queue.
    listen = f"UNIX-LISTEN:{_in_an_enclave(stage, name, port)},fork,backlog=4096"
    return ["socat", listen, f"TCP:127.0.0.1:{stage.backend_port}"]


def enclave_ours(stage, name, port):
    settings = stage.write(f"{name}.json", json.dumps({"Enclave": {
        "Ingress": [{"Listen": f"unix:{_in_an_enclave(stage, name, port)}", "To": f"127.0.0.1:{stage.backend_port}"}],
        "SetUpLoopback": False,
        "StopTimeout": "00:00:01",
    }}))
    return [str(START), "parent-proxy", "enclave", "--config", str(settings)]


def _settings(stage, name, port, **sections):
    """Everything at its default but where things are, how soon it ends, and what is named."""
    return stage.write(f"{name}.json", json.dumps({
        "Kestrel": {"Endpoints": {"Http": {"Url": f"http://127.0.0.1:{port}"}}},
        "Admin": {"Url": f"http://127.0.0.1:{stage.free_port()}"},
        "Enclaves": [{"Id": "0", "Transport": "unix", "Path": str(stage.backend_socket)}],
        "Timeouts": {"DrainDelay": "00:00:00", "Drain": "00:00:01"},
        **sections,
    }, indent=2))


def _parent_proxy(settings, *environment):
    return [str(START), *environment, "parent-proxy", "run", "--config", str(settings)]


def ours(stage, name, port):
    return _parent_proxy(_settings(stage, name, port))


def ours_unmeasured(stage, name, port):
    # OpenTelemetry's own switch: nobody listens to any instrument then. /metrics has nothing to tell.
    return _parent_proxy(_settings(stage, name, port, AccessLog={"Mode": "off"}), "OTEL_SDK_DISABLED=true")


def ours_logged(stage, name, port):
    log = {"Mode": "all", "Sink": "file", "Path": str(stage.scratch / f"{name}.access.log")}
    return _parent_proxy(_settings(stage, name, port, AccessLog=log))


def ours_unix(stage, name, port):
    return _parent_proxy(_settings(stage, name, port, Enclaves=[stage.simulator(SIMULATOR, "unix")]))


def ours_hybrid(stage, name, port):
    # As vsock, but that a unix socket carries it. The handshake is once for each connection.
    return _parent_proxy(_settings(stage, name, port, Enclaves=[stage.simulator(SIMULATOR, "hybrid")]))


def ours_tcp(stage, name, port):
    # The listener for HTTP leads nowhere. More connections than by default: as many as a process may have.
    listener = {"Listen": f"127.0.0.1:{port}", "To": f"unix:{stage.backend_socket}", "Log": "off", "MaxConnections": 16384}
    return _parent_proxy(_settings(stage, name, stage.free_port(), Enclaves=[], Passthrough=[listener]))


def _yarp_host(*arguments):
    # With the product's own runtime settings, to the letter; those of the host's build are without effect.
    return [
        str(START), "dotnet", "exec", "--runtimeconfig", str(build.output(build.OURS, "parent-proxy.runtimeconfig.json")),
        str(build.output(build.YARP_HOST, "yarp-host.dll")), *arguments,
    ]


def yarp(stage, name, port):
    return _yarp_host("full", str(_settings(stage, name, port)))


def yarp_bare(stage, _, port):
    return _yarp_host("bare", f"http://127.0.0.1:{port}", str(stage.backend_socket))


ALL = [
    Peer("direct", None, is_for_orientation=True),
    Peer("nginx", nginx, "nginx", "nginx-light"),
    Peer("haproxy", haproxy, "haproxy", "haproxy", is_for_orientation=True),
    Peer("nginx-stream", nginx_stream, "nginx", "nginx-light", files={NGINX_STREAM: "libnginx-mod-stream"}, is_for_orientation=True),
    Peer("haproxy-tcp", haproxy_tcp, "haproxy", "haproxy"),
    # A process for each connection: their memory is the same each time.
    Peer("socat", socat, "socat", "socat", idle_connections=1000),
    Peer("enclave-socat", enclave_socat, "socat", "socat", files=PARENT),
    Peer("enclave-ours", enclave_ours, project=build.OURS, files=PARENT),
    Peer("ours", ours, project=build.OURS),
    Peer("ours-unmeasured", ours_unmeasured, project=build.OURS, is_for_orientation=True),
    Peer("ours-logged", ours_logged, project=build.OURS, is_for_orientation=True),
    Peer("ours-unix", ours_unix, project=build.OURS, path=SIMULATED),
    Peer("ours-hybrid", ours_hybrid, project=build.OURS, path=SIMULATED),
    Peer("ours-tcp", ours_tcp, project=build.OURS),
    Peer("yarp", yarp, project=build.YARP_HOST),
    Peer("yarp-bare", yarp_bare, project=build.YARP_HOST, is_for_orientation=True),
]
