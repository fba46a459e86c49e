#!/usr/bin/env python3
"""Clients that send requests at a steady rate and repeat none: what is lost on the way is counted.

usage: steady-load.py HOST:PORT|unix:PATH [--rate 200] [--connections 64] [--fresh 20] [--path /echo] [--seconds N | --until FILE]

RATE requests a second in all: FRESH of them each on a connection of its own, the others over CONNECTIONS that are kept open. A
connection that was ended while no request was on it is opened again; one that ends under a request is a failure, and so is any
answer but 200, and a connection that is refused. Prints one line of JSON: sent, failed, the first failures in words, and the
milliseconds that answers took, connecting included.
"""
import argparse
import asyncio
import json
import os
import time

PATIENCE = 60


class Load:
    def __init__(self, options):
        self.options = options
        self.request = f"GET {options.path} HTTP/1.1\r\nHost: load\r\n\r\n".encode()
        self.took, self.failures, self.sent = [], [], 0
        self.started = time.monotonic()

    def is_over(self):
        if self.options.until:
            return os.path.exists(self.options.until)
        return time.monotonic() - self.started > self.options.seconds

    async def connect(self):
        target = self.options.target
        if target.startswith("unix:"):
            return await asyncio.open_unix_connection(target[len("unix:"):])
        host, port = target.rsplit(":", 1)
        return await asyncio.open_connection(host, int(port))

    async def exchange(self, reader, writer):
        """Whether the connection stays open."""
        writer.write(self.request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}
        if "content-length" in fields:
            await reader.readexactly(int(fields["content-length"]))
        elif fields.get("transfer-encoding", "").lower() == "chunked":
            while (size := int(await reader.readline(), 16)) > 0:
                await reader.readexactly(size + 2)
            await reader.readline()
        status = lines[0].split(" ")[1]
        if status != "200":
            raise ValueError(f"answered {status}")
        return fields.get("connection", "").lower() != "close"

    async def one(self, connection):
        """Sends one request, on this connection if there is one, and returns the connection if it stays open."""
        began = time.monotonic()
        self.sent += 1
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = connection or await self.connect()
                if await self.exchange(reader, writer):
                    connection = reader, writer
                else:
                    writer.close()
                    connection = None
            self.took.append((time.monotonic() - began) * 1000)
            return connection
        except (OSError, EOFError, ValueError, IndexError, TimeoutError, asyncio.LimitOverrunError) as error:
            at = time.monotonic() - self.started
            self.failures.append(f"at {at:.2f} s: {type(error).__name__}: {error}" + (" (kept connection)" if connection else ""))
            return None

    async def keep_sending(self, offset, interval):
        connection, due = None, self.started + offset
        while not self.is_over():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + interval, time.monotonic())
            if connection and connection[0].at_eof():
                connection[1].close()
                connection = None
            connection = await self.one(connection)

    async def send_afresh(self, interval):
        running, due = set(), self.started
        while not self.is_over():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += interval
            task = asyncio.create_task(self.once())
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    async def once(self):
        connection = await self.one(None)
        if connection:
            connection[1].close()

    async def run(self):
        options, kept = self.options, []
        if options.connections:
            interval = options.connections / (options.rate - options.fresh)
            kept = [self.keep_sending(i * interval / options.connections, interval) for i in range(options.connections)]
        if options.fresh:
            kept.append(self.send_afresh(1 / options.fresh))
        await asyncio.gather(*kept)

    def report(self):
        took = sorted(self.took) or [0.0]
        at = lambda share: round(took[min(len(took) - 1, int(len(took) * share))], 1)
        return {
            "sent": self.sent, "failed": len(self.failures), "failures": self.failures[:5],
            "refused": sum("ConnectionRefusedError" in failure for failure in self.failures),
            "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": round(took[-1], 1),
        }


parser = argparse.ArgumentParser()
parser.add_argument("target")
parser.add_argument("--rate", type=float, default=200)
parser.add_argument("--connections", type=int, default=64)
parser.add_argument("--fresh", type=float, default=20)
parser.add_argument("--path", default="/echo")
parser.add_argument("--seconds", type=float, default=10)
parser.add_argument("--until")
load = Load(parser.parse_args())
asyncio.run(load.run())
print(json.dumps(load.report()))
