#!/usr/bin/env python3
"""Durable steps of ours beside Restate and DBOS, each in turn on the same disk.

usage: peers.py --bench PROGRAM --scratch FOLDER [--rounds N] [--steps N] [--only PEER]

The peers come from npm, into the scratch folder; DBOS keeps its record in a PostgreSQL that is started for it. What
cannot be installed or started is reported as not measured. Our step makes two HTTP requests, theirs none at all.
Limits: 0.2 of a peer's time for each step of a chain, 15 times the steps a second of its 16 clients, and after a kill
0.05 of the time to Restate's first reply. Exit code 1: one is not kept.
"""
import argparse, concurrent.futures, json, os, pathlib, re, shutil, signal, socket, statistics, subprocess, sys, time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = ["@restatedev/restate-server-linux-x64@1.7.12", "@restatedev/restate-sdk@1.9.1", "@dbos-inc/dbos-sdk@5.3.0"]
CHAIN_LIMIT, CLIENTS_LIMIT, RECOVERY_LIMIT, CLIENTS = 0.2, 15, 0.05, 16
START_S, CALL_S, INSTALL_S = 60, 300, 300
SERVICE_PORT, POSTGRES_PORT = 19080, 55432  # as perf/restate_svc.mjs and perf/dbos_bench.mjs have them


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args[0]} does not listen on port {port}")


def post(url, value):
    request = urllib.request.Request(url, json.dumps(value).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=CALL_S) as answer:
        return json.load(answer)


class Peer:
    """Processes that end with the peer, and nothing else does."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []

    def start(self, command, **more):
        log = open(self.folder / "peers.log", "a")
        self.processes.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **more))
        return self.processes[-1]

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Restate(Peer):
    name = "Restate"

    def __init__(self, folder):
        super().__init__(folder)
        data = folder / "restate-data"
        shutil.rmtree(data, ignore_errors=True)
        self.ingress, admin, node = free_port(), free_port(), free_port()
        server = folder / "node_modules/@restatedev/restate-server-linux-x64/bin/restate-server"
        settings = {"RESTATE_BASE_DIR": str(data), "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
                    "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}/",
                    "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{self.ingress}",
                    "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}", "RESTATE_LOG_FILTER": "error",
                    "DO_NOT_TRACK": "1"}
        self.command, self.environment = [str(server)], {**os.environ, **settings}
        process = self.server = self.start(self.command, env=self.environment)
        shutil.copy(HERE.parent / "perf/restate_svc.mjs", folder)
        service = self.start(["node", "restate_svc.mjs"])
        wait_for(SERVICE_PORT, service)
        wait_for(admin, process)
        wait_for(self.ingress, process)
        post(f"http://127.0.0.1:{admin}/deployments", {"uri": f"http://127.0.0.1:{SERVICE_PORT}"})

    def run(self, steps):
        return post(f"http://127.0.0.1:{self.ingress}/Deploy/run", steps)

    def recover(self, steps):
        """Killed in the middle of a run of so many steps: milliseconds from a new process to its first reply."""
        half_s = self.run(steps) / 2e6
        with concurrent.futures.ThreadPoolExecutor(1) as client:
            broken = client.submit(self.run, steps)
            time.sleep(half_s)
            self.server.kill()
            self.server.wait()
            broken.exception()  # the connection is gone; the run goes on by itself
        begin = time.monotonic()
        self.server = self.start(self.command, env=self.environment)
        while True:
            try:
                post(f"http://127.0.0.1:{self.ingress}/Deploy/noop", 1)
                return (time.monotonic() - begin) * 1e3
            except OSError:
                if time.monotonic() > begin + START_S:
                    raise
                time.sleep(0.002)

    def measure(self, steps):
        step_us = self.run(steps) / steps
        each, runs = 10, 4
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda _: self.run(each), range(CLIENTS * runs)))
        return step_us, CLIENTS * runs * each / (time.monotonic() - begin)


class Dbos(Peer):
    name = "DBOS"

    def __init__(self, folder):
        super().__init__(folder)
        binaries = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        data = folder / "postgres-data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        owner = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(data, "postgres")
            owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        initdb = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]
        subprocess.run(owner + initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        server = self.start(owner + [str(binaries / "postgres"), "-D", str(data), "-p", str(POSTGRES_PORT), "-c",
                                     f"unix_socket_directories={data}", "-c", "listen_addresses=127.0.0.1"])
        wait_for(POSTGRES_PORT, server)
        shutil.copy(HERE.parent / "perf/dbos_bench.mjs", folder)

    def measure(self, steps):
        said = subprocess.run(["node", "dbos_bench.mjs", str(steps)], cwd=self.folder, check=True, text=True,
                              capture_output=True, timeout=CALL_S).stdout
        step_us = [float(one) for one in re.findall(r"steps: ([\d.]+) us/step", said)]
        return statistics.median(step_us[-3:]), float(re.search(r"= (\d+) steps/s", said).group(1))


def said_by(options, bench, *rows):
    said = subprocess.run([options.bench, "--only", bench, "--scratch", options.scratch], text=True,
                          capture_output=True, timeout=CALL_S).stdout
    return [float(re.search(rf"^{re.escape(row)}.*?  ([\d.e+]+)", said, re.M).group(1)) for row in rows]


def ours(options):
    return said_by(options, "step", "durable step over HTTP, chain, p50", "20 lanes, group commit")


def compare_recovery(options, peer):
    theirs = statistics.median(peer.recover(options.steps) for _ in range(options.rounds))
    mine, = said_by(options, "recovery", "kill -9 behind")
    kept = mine <= RECOVERY_LIMIT * theirs
    print(f"{peer.name}: kill -9 to the next step, to the first reply: ours {mine:.0f}, theirs {theirs:.0f} ms, "
          f"ratio {mine / theirs:.3f}{'' if kept else '  over the limit'}")
    return kept


def install(folder):
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "node_modules/@dbos-inc/dbos-sdk").exists():
        return
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder] + PACKAGES, check=True,
                   timeout=INSTALL_S)


def compare(options, folder, kind):
    peer = None
    chain, clients, figures, recovered = [], [], [], True
    try:
        install(folder)
        peer = kind.__new__(kind)
        peer.__init__(folder)
        peer.measure(options.steps)  # warm
        for _ in range(options.rounds):
            mine, theirs = ours(options), peer.measure(options.steps)
            chain.append(mine[0] / theirs[0])
            clients.append(mine[1] / theirs[1])
            figures.append((mine, theirs))
        if kind is Restate:
            recovered = compare_recovery(options, peer)
    except (OSError, ValueError, AttributeError, RuntimeError, subprocess.SubprocessError) as problem:
        print(f"{kind.name}: not measured: {problem}")
        return True
    finally:
        if peer is not None:
            peer.stop()
    middle = lambda side, what: statistics.median(one[side][what] for one in figures)
    kept = recovered
    for text, unit, what, ratio, good in [
            ("a step of a chain", "us", 0, statistics.median(chain), lambda r: r <= CHAIN_LIMIT),
            ("steps of 20 lanes beside 16 clients", "steps/s", 1, statistics.median(clients),
             lambda r: r >= CLIENTS_LIMIT)]:
        verdict = "" if good(ratio) else "  over the limit"
        kept = kept and good(ratio)
        print(f"{kind.name}: {text}: ours {middle(0, what):.0f}, theirs {middle(1, what):.0f} {unit}, "
              f"ratio {ratio:.2f}{verdict}")
    return kept


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1])
    parser.add_argument("--bench", required=True)
    parser.add_argument("--scratch", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--only", choices=["Restate", "DBOS"])
    options = parser.parse_args()
    options.bench, folder = os.path.abspath(options.bench), pathlib.Path(options.scratch).absolute() / "peers"
    print(f"load {os.getloadavg()[0]:.1f}, {options.rounds} rounds")
    kept = [compare(options, folder, kind) for kind in (Restate, Dbos) if options.only in (None, kind.name)]
    sys.exit(0 if all(kept) else 1)


main()
