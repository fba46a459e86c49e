"""
Requests at a steady pace over connections that are kept, while a service is upgraded under them.
usage: load.py HOST PORT PATH CONNECTIONS PER_SECOND STOP_FILE

Ends when STOP_FILE is there, with one line: "N requests, N failed, longest N.N s", and the kinds of failures. A request is sent once:
what fails has failed. A connection that the server closes in order, after its answer, is opened again.
"""

import collections
import http.client
import os
import sys
import threading
import time

host, port, path, connections, pace, stop = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5]), sys.argv[6]
lock = threading.Lock()
failures = collections.Counter()
requests, longest = 0, 0.0


def run():
    global requests, longest
    connection = None
    while not os.path.exists(stop):
        started = time.monotonic()
        try:
            if connection is None:
                connection = http.client.HTTPConnection(host, port, timeout=60)
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            failure = None if answer.status == 200 else f"status {answer.status}"
            if answer.will_close:
                connection.close()
                connection = None
        except (OSError, http.client.HTTPException) as error:
            failure = type(error).__name__
            connection.close()
            connection = None
        took = time.monotonic() - started
        with lock:
            requests += 1
            longest = max(longest, took)
            if failure:
                failures[failure] += 1
        time.sleep(max(0, connections / pace - took))


threads = [threading.Thread(target=run) for _ in range(connections)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
kinds = "".join(f", {count} {kind}" for kind, count in sorted(failures.items()))
print(f"{requests} requests, {sum(failures.values())} failed, longest {longest:.1f} s{kinds}")
