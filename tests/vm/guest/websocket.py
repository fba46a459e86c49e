"""
A WebSocket client of a few lines: sends one binary message in fragments, wants it back, and closes in order.
usage: websocket.py HOST PORT PATH BYTES
"""

import base64
import os
import socket
import struct
import sys

host, port, path, length = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
connection = socket.create_connection((host, port), timeout=60)
received = connection.makefile("rb")


def send(opcode, payload, final=True):
    first = bytes([(0x80 if final else 0) | opcode])
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0x80 | 126]) + struct.pack(">H", len(payload))
    mask = os.urandom(4)
    connection.sendall(first + size + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))


def receive():
    first, size = received.read(2)
    if size == 126:
        (size,) = struct.unpack(">H", received.read(2))
    elif size == 127:
        (size,) = struct.unpack(">Q", received.read(8))
    return first & 0x0F, bool(first & 0x80), received.read(size)


key = base64.b64encode(os.urandom(16)).decode()
connection.sendall(
    f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
)
status = received.readline().decode().strip()
if " 101 " not in status:
    sys.exit(f"answered {status}")
while received.readline().strip():
    pass

message = os.urandom(length)
for start in range(0, length, 10000):
    send(2 if start == 0 else 0, message[start : start + 10000], start + 10000 >= length)
back, final = b"", False
while not final:
    opcode, final, payload = receive()
    back += payload
if back != message:
    sys.exit(f"{len(back)} bytes came back, and they differ")
send(8, struct.pack(">H", 1000))
opcode, _, _ = receive()
if opcode != 8:
    sys.exit(f"no closing handshake but opcode {opcode}")
print(f"{length} bytes came back, and the closing handshake")
