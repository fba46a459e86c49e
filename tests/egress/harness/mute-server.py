# Takes no connection: its backlog is full, so that who connects hears nothing. usage: mute-server.py ADDRESS PORT
import select
import socket
import sys

server = socket.socket()
server.bind((sys.argv[1], int(sys.argv[2])))
server.listen(0)
waiting = []
for _ in range(3):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(server.getsockname())
    waiting.append(one)
select.select([], waiting[:1], [])
print("deaf", flush=True)
sys.stdin.read()
