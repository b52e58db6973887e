"""Times commands as whole processes, in turn, and prints one JSON object.

Reads from standard input: {"runs": n, "commands": {name: {"argv": [...], "cwd": ..., "env": {...}}}}.
Per command and run: wall and CPU seconds (user + system, as the kernel accounts for the reaped process and
its children) and peak resident memory in MiB. The commands take turns, so that a machine that slows down
slows all of them; ratios of medians hold where single times do not.
"""

import json
import os
import sys
import time


def once(command: dict) -> dict:
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    before = os.getcwd()
    os.chdir(command.get("cwd") or before)
    started = time.perf_counter()
    pid = os.posix_spawnp(
        command["argv"][0], command["argv"], command.get("env") or dict(os.environ), file_actions=actions
    )
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    os.chdir(before)
    os.close(null)
    scale = 1024 if sys.platform == "linux" else 1024 * 1024
    return {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss / scale,
        "exit": os.waitstatus_to_exitcode(status),
    }


def main() -> None:
    order = json.load(sys.stdin)
    commands = order["commands"]
    results: dict = {name: [] for name in commands}
    for name in commands:
        once(commands[name])
    for _ in range(order["runs"]):
        for name in commands:
            results[name].append(once(commands[name]))
    json.dump(results, sys.stdout)


main()
