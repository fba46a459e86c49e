"""Starts processes and ends every one of them, however the run ends."""

import ctypes
import os
import signal
import subprocess

from stage import Failure

PATIENCE = 4  # seconds between asking and ending
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Processes:
    """The processes of a run. Each leads a group of its own: what it forks ends with it, and Ctrl-C reaches only us."""

    def __init__(self, scratch):
        self._scratch = scratch
        self._all = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def start(self, name, command):
        """Starts a command; what it says goes to a file."""
        with open(self._scratch / f"{name}.log", "wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self._scratch,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Should we be killed outright.
                preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM))
        self._all.append(process)
        return process

    def log(self, name):
        """The last of what a process said."""
        text = (self._scratch / f"{name}.log").read_text(errors="replace").strip()
        return "\n".join(text.splitlines()[-15:]) or "it said nothing"

    def fail(self, name, why):
        """Says why a process is no use."""
        raise Failure(f"{name}: {why}\n{self.log(name)}")

    def end(self):
        """Ends them all: asks first, and does not ask long."""
        # Impatience would only leave some of them behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in self._all:
            self._signal(process, signal.SIGTERM)
        for process in self._all:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                pass
            self._signal(process, signal.SIGKILL)
            process.wait()
        self._all.clear()

    @staticmethod
    def _signal(process, number):
        # The group outlives its leader while one of its members lives, and so long its id is not given away.
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass
