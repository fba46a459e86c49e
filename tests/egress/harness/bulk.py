# Moves bytes as fast as it can. usage: bulk.py serve PORT | bulk.py fetch SOCKET_PATH BYTES [FIRST_LINE]
# Served is what comes first, up to a line feed: so many bytes. Fetching prints how many seconds it took.
import socket
import sys
import threading
import time

BLOCK = bytes(1 << 20)


def serve(peer):
    with peer:
        left = int(peer.makefile("rb").readline())
        while left > 0:
            left -= peer.send(BLOCK[:left])


if sys.argv[1] == "serve":
    server = socket.create_server(("127.0.0.1", int(sys.argv[2])), backlog=128)
    print("listening", flush=True)
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

path, count = sys.argv[2], int(sys.argv[3])
peer = socket.socket(socket.AF_UNIX)
peer.connect(path)
started = time.monotonic()
peer.sendall(b"%d\n" % count)
buffer = bytearray(1 << 20)
left = count
while left > 0:
    got = peer.recv_into(buffer)
    if got == 0:
        sys.exit(f"{left} bytes are missing")
    left -= got
print(time.monotonic() - started)
