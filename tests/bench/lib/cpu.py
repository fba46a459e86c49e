"""CPU time from /proc.

/proc rather than a cgroup: it is there without root, under cgroup v1 and v2 and in containers. utime and stime of a
process are exact sums of its run time in every usual kernel (only their split is sampled); they hold the softirq work
done on its account, too. What is lost is the rest of a 10 ms tick per process and reading.
"""

import os

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """Parent, own ticks and ticks of the children that were waited for; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may hold anything.
    fields = text[text.rindex(b")") + 2:].split()
    return int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


def tree(root):
    """A process and its descendants, with what _stat says of each."""
    stats = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _stat(name)):
            stats[int(name)] = stat
    members = {root} if root in stats else set()
    grown = True
    while grown:
        more = {pid for pid, stat in stats.items() if stat[0] in members} - members
        members |= more
        grown = bool(more)
    return {pid: stats[pid] for pid in members}


def of_tree(root):
    """Seconds of CPU of a process, its descendants, and those of them that ended and were waited for.

    One that ends between two reads would count twice or not at all: read until the tree stands still.
    """
    before = tree(root)
    for _ in range(50):
        now = tree(root)
        if now.keys() == before.keys():
            break
        before = now
    return sum(own + reaped for _, own, reaped in now.values()) / TICK


def of_machine():
    """Seconds in which the cores did anything, also for another guest of the same host (steal)."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK
