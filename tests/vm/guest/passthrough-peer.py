"""
Both ends of connections through a carrier of bytes: clients on TCP, an enclave on AF_VSOCK that is this program, too.
usage: passthrough-peer.py FRONT_PORT VSOCK_PORT MEBIBYTES BUFFER_BYTES WHICH
BUFFER_BYTES is 0 for what the kernel gives, WHICH a regular expression for the names of checks.
Prints "ok NAME: WHAT" or "not ok NAME: WHY" for each check.
"""

import hashlib
import queue
import re
import socket
import struct
import sys
import threading
import time

front, port, mebibytes, buffer_bytes = map(int, sys.argv[1:5])
which = re.compile(sys.argv[5])
PATIENCE = 60
SMALL = 129  # bytes in one write: more than a kernel puts together
SMALL_TOTAL = SMALL * 16384  # 2 MiB: more than a vsock and its reader hold
PAUSE = 2
accepted = queue.Queue()


def listen():
    listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    if buffer_bytes:
        # The most that may be set first, else it is cut.
        for option in (socket.SO_VM_SOCKETS_BUFFER_MAX_SIZE, socket.SO_VM_SOCKETS_BUFFER_SIZE):
            listener.setsockopt(socket.AF_VSOCK, option, buffer_bytes)
    listener.bind((socket.VMADDR_CID_ANY, port))
    listener.listen(128)
    return listener


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=greet, args=(connection,), daemon=True).start()


def greet(connection):
    # A probe brings no byte.
    try:
        if connection.recv(1):
            connection.settimeout(PATIENCE)
            accepted.put(connection)
            return
    except OSError:
        pass
    connection.close()


def pair():
    """Both ends of a new connection: client, enclave."""
    client = socket.create_connection(("127.0.0.1", front), timeout=PATIENCE)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(b">")
    return client, accepted.get(timeout=PATIENCE)


def pattern(size):
    block = hashlib.shake_256(b"passthrough").digest(1024 * 1024)
    return (block * (size // len(block) + 1))[:size]


def rest(connection):
    """Everything up to the end, as its length and digest."""
    digest, length = hashlib.sha256(), 0
    while piece := connection.recv(65536):
        digest.update(piece)
        length += len(piece)
    return length, digest.hexdigest()


def told(data):
    return len(data), hashlib.sha256(data).hexdigest()


def in_background(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def send_and_shut(connection, data, step):
    try:
        for at in range(0, len(data), step):
            connection.sendall(data[at:at + step])
        connection.shutdown(socket.SHUT_WR)
    except OSError as error:
        print(f"# the sender: {error!r}", flush=True)


def equal(what, came, expected):
    if came != expected:
        raise AssertionError(f"{what}: {came[0]} bytes, {expected[0]} were sent; digest {came[1][:16]}, not {expected[1][:16]}")


def client_shuts_down():
    client, enclave = pair()
    question, answer = pattern(300_000), pattern(500_000)
    in_background(send_and_shut, client, question, 65536)
    equal("question", rest(enclave), told(question))
    time.sleep(1)
    in_background(send_and_shut, enclave, answer, 65536)
    equal("answer", rest(client), told(answer))
    return "300,000 bytes, a second of nothing, 500,000 bytes back"


def enclave_shuts_down():
    client, enclave = pair()
    first, then = pattern(300_000), pattern(500_000)
    in_background(send_and_shut, enclave, first, 65536)
    equal("first", rest(client), told(first))
    time.sleep(1)
    in_background(send_and_shut, client, then, 65536)
    equal("then", rest(enclave), told(then))
    return "300,000 bytes to the client, a second of nothing, 500,000 bytes to the enclave"


def large(sender):
    client, enclave = pair()
    source, target = (client, enclave) if sender == "client" else (enclave, client)
    data, started = pattern(mebibytes * 1024 * 1024), time.monotonic()
    in_background(send_and_shut, source, data, 262144)
    came = rest(target)
    equal("bytes", came, told(data))
    return f"{mebibytes} MiB, {mebibytes / (time.monotonic() - started):.0f} MiB/s, sha256 {came[1][:16]}…"


def small_writes(sender):
    client, enclave = pair()
    source, target = (client, enclave) if sender == "client" else (enclave, client)
    data = pattern(SMALL_TOTAL)
    in_background(send_and_shut, source, data, SMALL)
    time.sleep(PAUSE)
    came = rest(target)
    equal("bytes", came, told(data))
    return f"{SMALL_TOTAL // SMALL} writes of {SMALL} bytes, the reader pauses {PAUSE} s"


def client_closes():
    client, enclave = pair()
    data = pattern(1024 * 1024)

    def send_and_close():
        client.sendall(data)
        client.close()

    in_background(send_and_close)
    time.sleep(1)
    equal("bytes", rest(enclave), told(data))
    return "1 MiB and a close right behind it, all of it at a slow reader"


def enclave_closes():
    client, enclave = pair()
    data = pattern(100_000)
    enclave.sendall(data)
    enclave.shutdown(socket.SHUT_WR)
    time.sleep(1)
    equal("bytes", rest(client), told(data))
    enclave.close()
    return "100,000 bytes and an end"


def client_resets():
    client, enclave = pair()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    return f"the enclave saw {fate(enclave)}"


def enclave_resets():
    client, enclave = pair()
    client.sendall(b"unread")
    time.sleep(0.5)
    enclave.close()
    return f"it closed with bytes unread; the client saw {fate(client)}"


def fate(connection):
    try:
        return "the end" if connection.recv(1) == b"" else "a byte"
    except OSError as error:
        return repr(error)


CHECKS = {
    "the client sends, shuts down and reads the answer": client_shuts_down,
    "the enclave sends, shuts down and reads on": enclave_shuts_down,
    "a large transfer to the enclave": lambda: large("client"),
    "a large transfer to the client": lambda: large("enclave"),
    "small writes of the client, a reader that pauses": lambda: small_writes("client"),
    "small writes of the enclave, a reader that pauses": lambda: small_writes("enclave"),
    "the client sends and closes": client_closes,
    "the enclave sends and ends": enclave_closes,
    "the client resets": client_resets,
    "the enclave closes with bytes unread": enclave_resets,
}

in_background(accept, listen())
print("listening", flush=True)
while True:
    try:
        pair()
        break
    except (OSError, queue.Empty) as error:
        print(f"# not yet: {error!r}", flush=True)
        time.sleep(0.5)
for name, check in CHECKS.items():
    if not which.search(name):
        continue
    started = time.monotonic()
    try:
        print(f"ok {name}: {check()} ({time.monotonic() - started:.1f} s)", flush=True)
    except Exception as error:  # noqa: BLE001: whatever it is, it is told, and the next one runs
        print(f"not ok {name}: {error!r}", flush=True)
