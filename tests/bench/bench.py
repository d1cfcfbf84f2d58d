# SPDX-License-Identifier: Apache-2.0
"""Measures Strandline against zstd and against the app alone.

Absolute figures depend on the machine; every goal is a ratio of two figures of the same run, or a
limit. Parts: snapshot (and restore), app, idle, growth, memory (default: all but memory, which needs
16 GiB of disk and some minutes).
"""
import argparse
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROWS = []


def row(what, figure, goal="", ok=None):
    ROWS.append((what, figure, goal, "" if ok is None else ("ok" if ok else "MISSED")))
    print(f"  {what}: {figure} {goal} {ROWS[-1][3]}", file=sys.stderr, flush=True)


class Run:
    """A child that has ended, with what it used."""

    def __init__(self, command, env=None):
        begin = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env=env)
        self.output = child.stdout.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_mib = usage.ru_maxrss / 1024
        if child.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit code {child.returncode}")


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.cli = os.path.join(options.bin, "bin", "strandline-cli")
        self.writer = os.path.join(options.bin, "tests", "bench", "bench_writer")
        self.env = dict(os.environ, XDG_RUNTIME_DIR=self.path("runtime"),
                        XDG_CONFIG_HOME=self.path("config"))
        os.makedirs(self.path("runtime"), exist_ok=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def command(self, *arguments, state="state"):
        return [self.cli, "--state-dir", self.path(state), *arguments]

    def fresh(self, *names):
        for name in names:
            path = self.path(name)
            shutil.rmtree(path, ignore_errors=True)
            if os.path.isfile(path):
                os.unlink(path)

    def make_database(self, name, mib):
        """Half text that packs, half noise, like an app's data: zstd -3 makes it about 0.45."""
        path = self.path(name)
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, body BLOB)")
        words = [f"word{i % 97} " for i in range(400)]
        number = 0
        while os.path.getsize(path) < mib << 20:
            noise = os.urandom(4 << 20)
            rows = []
            for at in range(0, len(noise), 1800):
                number += 1
                text = "".join(words[(number * 7 + i) % 400] for i in range(300))
                rows.append((number, text[: 60 + number % 500], text.encode() + noise[at: at + 1800]))
            database.executemany("INSERT INTO item VALUES(?, ?, ?)", rows)
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return path

    def status(self, state="state"):
        reply = subprocess.run(self.command("status", "--json", state=state), env=self.env,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            return json.loads(reply.stdout)
        except ValueError:
            return {}

    def wait_stored(self, state="state", seconds=600):
        """Until a running engine has nothing left to store; returns how long it took."""
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            databases = self.status(state).get("databases", [])
            if databases and all(d.get("lagMs") == 0 for d in databases):
                return time.monotonic() - begin
            time.sleep(0.2)
        raise SystemExit("not everything was stored in time")


class Recorder:
    """strandline-cli replicate in the background."""

    def __init__(self, bench, *arguments, state="state"):
        self.bench = bench
        self.process = subprocess.Popen(bench.command(*arguments, state=state), env=bench.env,
                                        stdout=subprocess.DEVNULL)

    def proc(self, name):
        with open(f"/proc/{self.process.pid}/{name}") as file:
            return file.read()

    def cpu(self):
        fields = self.proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status_field(self, name):
        return int(next(l for l in self.proc("status").splitlines() if l.startswith(name)).split()[1])

    def wakeups(self):
        total = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            for line in self.proc(f"task/{thread}/status").splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
        return total

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


def tree_size(path):
    files, size = 0, 0
    for folder, _, names in os.walk(path):
        for name in names:
            files += 1
            size += os.path.getsize(os.path.join(folder, name))
    return files, size


def fsync(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def median(values):
    return statistics.median(values)


def take_turns(bench, actions):
    """Each action `repeat` times, its seconds by name; an action is what it writes and a function.
    They take turns at being first, on a disk that is at rest: what the disk still owes to the one
    before must not always hit the same."""
    seconds = {name: [] for name in actions}
    names = list(actions)
    for turn in range(bench.options.repeat):
        for name in names[turn % len(names):] + names[: turn % len(names)]:
            files, action = actions[name]
            bench.fresh(*files)
            os.sync()
            time.sleep(bench.options.rest)
            seconds[name].append(action())
    return seconds


def bench_snapshot_and_restore(bench):
    path = bench.make_database("large.db", bench.options.mib)
    replica = "file://" + bench.path("replica")
    cpu, peak = {"zstd": [], "ours": []}, [0]

    def zstd_pack():
        run = Run(["zstd", "-q", "-3", "-T0", path, "-o", bench.path("large.zst")])
        begin = time.monotonic()
        fsync(bench.path("large.zst"))
        cpu["zstd"].append(run.cpu)
        return run.seconds + time.monotonic() - begin

    def snapshot():
        run = Run(bench.command("replicate", path, replica, "--once"), bench.env)
        cpu["ours"].append(run.cpu)
        peak[0] = max(peak[0], run.peak_mib)
        return run.seconds

    seconds = take_turns(bench, {"zstd": (["large.zst"], zstd_pack), "ours": (["replica", "state"], snapshot)})
    packed = os.path.getsize(bench.path("large.zst"))
    stored = tree_size(bench.path("replica"))[1]
    size = os.path.getsize(path) >> 20
    zstd, ours = median(seconds["zstd"]), median(seconds["ours"])
    row(f"first snapshot of {size} MiB", f"{ours:.2f} s; zstd -3 -T0 + fsync {zstd:.2f} s; {ours / zstd:.2f} x", "<= 1.3 x", ours <= 1.3 * zstd)
    row("  its CPU", f"{median(cpu['ours']):.2f} s; zstd {median(cpu['zstd']):.2f} s; {median(cpu['ours']) / median(cpu['zstd']):.2f} x")
    row("  its bytes", f"{stored / packed:.3f} x zstd's", "<= 1.08 x", stored / packed <= 1.08)
    row("  its peak memory", f"{peak[0]:.0f} MiB", "<= 96 MiB", peak[0] <= 96)

    peak[0] = 0

    def zstd_unpack():
        run = Run(["zstd", "-q", "-d", bench.path("large.zst"), "-o", bench.path("unpacked")])
        begin = time.monotonic()
        fsync(bench.path("unpacked"))
        return run.seconds + time.monotonic() - begin

    def restore(level):
        run = Run(bench.command("restore", "--replica", replica, "-o", bench.path("restored"),
                                "--verify", level), bench.env)
        peak[0] = max(peak[0], run.peak_mib)
        return run.seconds

    seconds = take_turns(bench, {"zstd": (["unpacked"], zstd_unpack),
                                 "pages": (["restored"], lambda: restore("pages")),
                                 "full": (["restored"], lambda: restore("full"))})
    zstd, pages, full = (median(seconds[name]) for name in ("zstd", "pages", "full"))
    row("restore, checked by root", f"{pages:.2f} s; zstd -d + fsync {zstd:.2f} s; {pages / zstd:.2f} x", "<= 1.5 x", pages <= 1.5 * zstd)
    row("  and by integrity_check", f"{full:.2f} s; {full / zstd:.2f} x")
    row("  peak memory", f"{peak[0]:.0f} MiB", "<= 96 MiB", peak[0] <= 96)
    bench.fresh("unpacked", "restored", "large.zst", "replica", "state", "large.db")


class Writer:
    """An app that commits all the time."""

    def __init__(self, bench, seconds, rate):
        command = [bench.writer, bench.path("app", "app.db"), str(seconds), str(rate)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)

    def next_window(self):
        self.process.send_signal(signal.SIGUSR1)

    def window(self, seconds):
        self.next_window()
        time.sleep(seconds)
        self.next_window()

    def result(self):
        return json.loads(self.process.communicate()[0])

    def stop(self):
        self.process.terminate()
        return self.result()


def slowest_in_a_thousand(windows):
    """The latency that one commit in a thousand of all of them exceeds."""
    slowest = sorted((us for window in windows for us in window["slowestUs"]), reverse=True)
    return slowest[sum(window["commits"] for window in windows) // 1000]


def fresh_app(bench):
    bench.fresh("replica", "state", "app")
    os.makedirs(bench.path("app"))
    Writer(bench, 1, 0).result()


def bench_app(bench):
    """One app that writes all the time; the recorder comes and goes beside it. How fast a machine is
    changes within minutes, so each window beside the recorder is compared with the two around it."""
    seconds, settle = bench.options.seconds, 3
    replicate = ("replicate", bench.path("app", "app.db"), "file://" + bench.path("replica"))
    for rate, name in ((0, "at full speed"), (200, "at 200 commits/s")):
        fresh_app(bench)
        writer = Writer(bench, 86400, rate)
        time.sleep(settle)
        one_by_one, cpu, peak = 0, [], 0
        for _ in range(bench.options.repeat):
            writer.window(seconds)
            recorder = Recorder(bench, *replicate)
            time.sleep(settle)
            used, counted = recorder.cpu(), bench.status()["databases"][0]["commitsAlone"]
            writer.window(seconds)
            cpu.append((recorder.cpu() - used) / seconds)
            peak = max(peak, recorder.status_field("VmHWM") / 1024)
            one_by_one += bench.status()["databases"][0]["commitsAlone"] - counted
            recorder.stop()
        writer.window(seconds)
        recorder = Recorder(bench, *replicate)
        time.sleep(settle)
        result = writer.stop()
        lag = bench.wait_stored(seconds=60)
        recorder.stop()
        # 0: up to the first signal, then always a window and what was between two.
        windows = result["windows"][1::2]
        alone, beside = windows[0::2], windows[1::2][: bench.options.repeat]
        speeds = [[window["commits"] / window["seconds"] for window in part] for part in (alone, beside)]
        ratios = [beside / ((before + after) / 2) for beside, before, after in zip(speeds[1], speeds[0], speeds[0][1:])]
        error = statistics.stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else 0
        ratio = statistics.mean(ratios)
        row(f"app {name}", f"alone {statistics.mean(speeds[0]):.0f}/s; {ratio:.3f} x beside the recorder, +- {error:.3f}", ">= 0.95 x", ratio >= 0.95)
        tail = [slowest_in_a_thousand(part) for part in (alone, beside)]
        row("  p99.9 of a commit", f"alone {tail[0]:.0f} us, recorded {tail[1]:.0f} us; {tail[1] / tail[0]:.2f} x", "<= 1.05 x", tail[1] <= 1.05 * tail[0])
        row("  SQLITE_BUSY", f"{result['busy']}", "0", result["busy"] == 0)
        row("  WAL at most", f"{result['walBytesMax'] / (1 << 20):.1f} MiB")
        row("  captured one by one", f"{100 * one_by_one / sum(window['commits'] for window in beside):.1f} % of the commits")
        row("  lag is 0 again after", f"{lag:.1f} s; recorder: {peak:.0f} MiB, {statistics.mean(cpu):.2f} of a core")
    busy = []
    for recorded in (False, True):
        fresh_app(bench)
        recorder = Recorder(bench, *replicate) if recorded else None
        writers = [Writer(bench, seconds, 0) for _ in range(3)]
        busy.append(sum(writer.result()["busy"] for writer in writers))
        if recorder:
            recorder.stop()
    row("three writers, no patience", f"BUSY alone {busy[0]}, recorded {busy[1]} (of each other)")
    bench.fresh("replica", "state", "app")


def bench_idle(bench):
    for count in (1, 400):
        bench.fresh("replica", "state", "many")
        os.makedirs(bench.path("many"))
        for i in range(count):
            database = sqlite3.connect(bench.path("many", f"{i}.db"))
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, body TEXT)")
            database.execute("INSERT INTO item VALUES(1, 'one')")
            database.commit()
            database.close()
        config = {"version": 1,
                  "replicas": [{"name": "disk", "type": "file", "path": bench.path("replica")}],
                  "databases": [{"name": f"n{i}", "path": bench.path("many", f"{i}.db"), "replicas": ["disk"]}
                                for i in range(count)]}
        with open(bench.path("idle.json"), "w") as file:
            json.dump(config, file)
        recorder = Recorder(bench, "--config", bench.path("idle.json"), "replicate")
        bench.wait_stored()
        time.sleep(bench.options.settle)
        before = (tree_size(bench.path("replica")), recorder.cpu(), recorder.wakeups())
        time.sleep(bench.options.idle)
        after = (tree_size(bench.path("replica")), recorder.cpu(), recorder.wakeups())
        share = 100 * (after[1] - before[1]) / bench.options.idle
        row(f"{count} idle databases, CPU", f"{share:.3f} % of a core", "< 0.1 %", share < 0.1)
        row("  wake-ups", f"{(after[2] - before[2]) / bench.options.idle:.2f} a second")
        row("  new objects", f"{after[0][0] - before[0][0]}", "0", after[0] == before[0])
        row("  memory", f"{recorder.status_field('VmRSS') / 1024:.0f} MiB, peak {recorder.status_field('VmHWM') / 1024:.0f} MiB")
        recorder.stop()


def bench_growth(bench):
    path = bench.make_database("large.db", 1024)
    replica = "file://" + bench.path("replica")
    bench.fresh("replica", "state")
    Run(bench.command("replicate", path, replica, "--once"), bench.env)
    before = tree_size(bench.path("replica"))[1]
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=NORMAL")
    for restart in range(20):
        recorder = Recorder(bench, "replicate", path, replica)
        for i in range(50):
            database.execute("UPDATE item SET name = ? WHERE id = ?", (f"changed {restart} {i}", 1 + restart * 997 + i * 13))
            database.commit()
            time.sleep(0.01)
        bench.wait_stored()
        if restart % 2:
            recorder.process.kill()
            recorder.process.wait()
        else:
            recorder.stop()
    database.close()
    Run(bench.command("replicate", path, replica, "--once"), bench.env)
    grown = (tree_size(bench.path("replica"))[1] - before) / (1 << 20)
    generations = json.loads(Run(bench.command("generations", "--replica", replica, "--json"), bench.env).output)
    count = len(generations["generations"] if isinstance(generations, dict) else generations)
    row("1 GiB, 1 000 commits, 20 restarts", f"the replica grew by {grown:.1f} MiB", "< 30 MiB", grown < 30)
    row("  generations", str(count), "1", count == 1)
    bench.fresh("replica", "state", "large.db", "large.db-wal", "large.db-shm")


def bench_memory(bench):
    path = bench.make_database("huge.db", 4096)
    replica = "file://" + bench.path("replica")
    bench.fresh("replica", "state")
    run = Run(bench.command("replicate", path, replica, "--once"), bench.env)
    row("4 GiB, first snapshot", f"{run.seconds:.0f} s, peak {run.peak_mib:.0f} MiB", "<= 192 MiB", run.peak_mib <= 192)
    recorder = Recorder(bench, "replicate", path, replica)
    database = sqlite3.connect(path)
    for i in range(2000):
        database.execute("UPDATE item SET name = ? WHERE id = ?", (f"changed {i}", 1 + i * 331))
        database.commit()
    bench.wait_stored()
    peak = recorder.status_field("VmHWM") / 1024
    row("  recording", f"peak {peak:.0f} MiB", "<= 192 MiB", peak <= 192)
    recorder.stop()
    database.close()
    run = Run(bench.command("restore", "--replica", replica, "-o", bench.path("restored")), bench.env)
    row("  restore", f"{run.seconds:.0f} s, peak {run.peak_mib:.0f} MiB", "<= 192 MiB", run.peak_mib <= 192)
    bench.fresh("replica", "state", "huge.db", "huge.db-wal", "huge.db-shm", "restored")


PARTS = {"snapshot": bench_snapshot_and_restore, "app": bench_app, "idle": bench_idle,
         "growth": bench_growth, "memory": bench_memory}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all but memory")
    parser.add_argument("--bin", required=True, help="the build folder")
    parser.add_argument("--mib", type=int, default=500, help="size of the large database")
    parser.add_argument("--repeat", type=int, default=5, help="runs of which the median counts")
    parser.add_argument("--seconds", type=int, default=10, help="of each window of the app")
    parser.add_argument("--rest", type=float, default=1, help="seconds of rest before each timed run")
    parser.add_argument("--settle", type=int, default=60, help="seconds after the last change until a database counts as idle")
    parser.add_argument("--idle", type=int, default=120, help="seconds of watching idle databases")
    parser.add_argument("--dir", help="where to work; default: the system's temporary folder")
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory(prefix="strandline-bench-", dir=options.dir) as folder:
        for part in options.parts or [name for name in PARTS if name != "memory"]:
            print(f"{part} ...", file=sys.stderr, flush=True)
            PARTS[part](Bench(options, folder))
    print()
    for what, figure, goal, verdict in ROWS:
        print(f"{what:<36} {figure:<72} {goal:<12} {verdict}")
    return 1 if any(verdict == "MISSED" for *_, verdict in ROWS) else 0


if __name__ == "__main__":
    sys.exit(main())
