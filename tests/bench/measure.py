#!/usr/bin/env python3
"""Runs `weir simulate ... --json` pinned to processors, and prints what it took.

usage: measure.py CPUS [CPUS ...] -- COMMAND [ARGUMENT ...]

One process is started for each CPUS (processors with commas between them: 0 or 0,1), all at once.
Prints "REQUESTS WALL_SECONDS CPU_SECONDS MAX_RSS_MIB": the attempts that the reports on their
standard outputs add up to, the time until the last one ended, what all used, and the largest one's
memory (at least the 10 MiB or so of this interpreter, which the process starts as).
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time


def start(cpus, command, report):
    pinned = {int(cpu) for cpu in cpus.split(",")}
    return subprocess.Popen(
        command, stdout=report, preexec_fn=lambda: os.sched_setaffinity(0, pinned)
    )


def main():
    split = sys.argv.index("--")
    cpu_sets, command = sys.argv[1:split], sys.argv[split + 1 :]
    reports = [tempfile.TemporaryFile() for _ in cpu_sets]
    began = time.monotonic()
    processes = [start(cpus, command, report) for cpus, report in zip(cpu_sets, reports)]
    failed = [process for process in processes if process.wait() != 0]
    wall = time.monotonic() - began
    if failed:
        sys.exit(f"measure.py: exit code {failed[0].returncode} from {' '.join(command)}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    requests = 0
    for report in reports:
        report.seek(0)
        requests += json.load(report)["totals"]["attempts"]
    print(requests, f"{wall:.3f} {used.ru_utime + used.ru_stime:.3f} {used.ru_maxrss / 1024:.1f}")


main()
