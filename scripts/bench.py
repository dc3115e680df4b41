"""What the scripts bench-relay and bench-connect share: the processes that are compared, pgbench, processor time, tables."""

import argparse
import glob
import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import cluster

HOST = "127.0.0.1"
DATABASE = "postgres"
USER = "postgres"
TICKS = os.sysconf("SC_CLK_TCK")
PGBOUNCER_CONFIGURATION = """\
[databases]
* = host={host} port={backend}
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {directory}/users
pool_mode = session
max_client_conn = {clients}
default_pool_size = {clients}
server_idle_timeout = 1
logfile = {directory}/pgbouncer.log
log_connections = 0
log_disconnections = 0
ignore_startup_parameters = extra_float_digits
"""
PGBOUNCER_TLS = """\
client_tls_sslmode = allow
client_tls_cert_file = {certificate}
client_tls_key_file = {key}
"""


def find(program):
    """The path of a program of PostgreSQL's, or None. Debian keeps the server's out of the PATH."""
    debian = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{program}"), key=lambda path: int(path.split("/")[4]))
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin") or (debian[-1] if debian else None)


def required(program, package):
    path = find(program)
    if not path:
        sys.exit(f"there is no {program} (expected: Debian's package {package}, or on the PATH)")
    return path


def free_port():
    with socket.socket() as free:
        free.bind((HOST, 0))
        return free.getsockname()[1]


def wait_for(port, process, seconds=30):
    """Returns when something listens on the port."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((HOST, port)).close()
            return
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{process.args[0]} did not start")
            time.sleep(0.01)


def progress(text):
    print(f"{text}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)


class Variant:
    """A way to the server: its name, its port, and the process in between, if there is one."""

    def __init__(self, name, port, process=None):
        self.name = name
        self.port = port
        self.process = process

    def processor_seconds(self):
        """User and system time of the process in between, so far."""
        if self.process is None:
            return 0.0
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def switches(self):
        """Context switches, both voluntary and not, of each thread of the process in between, so far."""
        counts = {}
        for status in glob.glob(f"/proc/{self.process.pid}/task/*/status") if self.process else []:
            try:
                with open(status) as lines:
                    counts[status] = sum(int(count) for count in re.findall(r"ctxt_switches:\s+(\d+)", lines.read()))
            except OSError:
                pass  # the thread has ended
        return counts

    def resident_kilobytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))


@dataclass
class Run:
    """What pgbench and the kernel counted in one run. The rest is for each transaction; own: of the process in between."""

    tps: float
    transactions: int
    cpu_microseconds: float
    own_switches: float
    all_switches: float


def all_switches():
    with open("/proc/stat") as stat:
        return int(re.search(r"^ctxt (\d+)", stat.read(), re.M).group(1))


class Session:
    """A connection that has logged in, without a password, and waits."""

    def __init__(self, port):
        self.socket = socket.create_connection((HOST, port))
        body = struct.pack("!I", 3 << 16) + f"user\0{USER}\0database\0{DATABASE}\0\0".encode()
        self.socket.sendall(struct.pack("!I", len(body) + 4) + body)
        received = b""
        while not received.endswith(b"Z\0\0\0\5I"):
            data = self.socket.recv(65536)
            if not data:
                raise RuntimeError(f"no session: {received!r}")
            received += data

    def close(self):
        self.socket.close()


class Bench:
    """PostgreSQL, PgBouncer and the proxy, on free ports of loopback, until stop()."""

    def __init__(self, arguments, directory):
        self.arguments = arguments
        self.directory = directory
        self.running = []
        # The server and PgBouncer refuse to run as root.
        self.identity = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PGLAMBDA_", "PG"))}
        self.java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
        self.pgbench_program = find("pgbench")
        os.chmod(directory, 0o755)

        self.tls_files = cluster.make_certificate(self.own_directory("tls")) if arguments.tls else None
        if arguments.tls:
            self.environment["PGSSLMODE"] = "require"

    def own_directory(self, name):
        path = os.path.join(self.directory, name)
        os.mkdir(path)
        if self.identity:
            shutil.chown(path, "postgres", "postgres")
        return path

    def launch(self, command, log, identity=None):
        """Each process has a session of its own, as a service has: the kernel shares the processors out among sessions first (autogroup)."""
        with open(os.path.join(self.directory, log), "w") as out:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.directory,
                env=self.environment,
                start_new_session=True,
                **(identity or {}),
            )
        self.running.append(process)
        return process

    def start_server(self, most_connections):
        data = os.path.join(self.own_directory("server"), "data")
        initdb = required("initdb", "postgresql")
        subprocess.run(
            [initdb, "-A", "trust", "-U", USER, "-D", data], check=True, stdout=subprocess.DEVNULL, cwd=self.directory, **self.identity
        )
        port = free_port()
        settings = {
            "port": port,
            "listen_addresses": HOST,
            "unix_socket_directories": self.own_directory("socket"),
            "max_connections": most_connections,
            "shared_buffers": "256MB",
            "fsync": "off",
            "autovacuum": "off",
        }
        if self.tls_files:
            settings.update({"ssl": "on", "ssl_cert_file": self.tls_files[0], "ssl_key_file": self.tls_files[1]})
        command = [os.path.join(os.path.dirname(initdb), "postgres"), "-D", data]
        process = self.launch(command + [f"--{name}={value}" for name, value in settings.items()], "server.log", self.identity)
        wait_for(port, process)
        self.direct = Variant("direct", port)
        self.socket = f"unix:{settings['unix_socket_directories']}:{port}"
        return self.direct

    def start_pgbouncer(self, most_clients):
        """None if there is no PgBouncer."""
        program = find("pgbouncer")
        if not program:
            print("SKIPPED: PgBouncer, because there is none (Debian: apt-get install pgbouncer)", file=sys.stderr)
            return None
        directory = self.own_directory("pgbouncer")
        port = free_port()
        configuration = os.path.join(directory, "pgbouncer.ini")
        with open(configuration, "w") as out:
            out.write(
                PGBOUNCER_CONFIGURATION.format(
                    host=HOST, port=port, backend=self.direct.port, directory=directory, clients=most_clients
                )
            )
            if self.tls_files:
                out.write(PGBOUNCER_TLS.format(certificate=self.tls_files[0], key=self.tls_files[1]))
        with open(os.path.join(directory, "users"), "w") as out:
            out.write(f'"{USER}" ""\n')
        process = self.launch([program, "-q", configuration], "pgbouncer.out", self.identity)
        wait_for(port, process)
        return Variant("PgBouncer", port, process)

    def start_proxy(self, name="proxy", jar=None, options=(), backend=None):
        """The name is that of its directory; without a jar it is the one of --jar; options: more of them for the JVM; backend: not by TCP."""
        port = free_port()
        command = [self.java, *self.arguments.java_option, *options, "-jar", os.path.abspath(jar or self.arguments.jar), "--listen", f"{HOST}:{port}"]
        command += ["--backend", backend or f"{HOST}:{self.direct.port}", "--data-dir", os.path.join(self.directory, name), "--sample-functions", "on"]
        command += ["--max-clients", "100000"]
        if self.tls_files:
            # Towards the server neither PgBouncer nor the proxy has TLS.
            command += ["--tls-cert", self.tls_files[0], "--tls-key", self.tls_files[1], "--backend-sslmode", "disable"]
        process = self.launch(command, name + ".out")
        wait_for(port, process)
        return Variant("proxy", port, process)

    def pgbench(self, variant, *options, database=DATABASE):
        """A Run of pgbench, which ends with its process."""
        time.sleep(self.arguments.pause)  # so that PgBouncer has closed its server connections, and everybody begins with new ones
        before = variant.processor_seconds(), variant.switches(), all_switches()
        command = [self.pgbench_program, "-n", "-h", HOST, "-p", str(variant.port), "-U", USER, *map(str, options), database]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.directory, env=self.environment)
        used = variant.processor_seconds() - before[0]
        own = sum(count - before[1].get(thread, 0) for thread, count in variant.switches().items())
        everybody = all_switches() - before[2]
        count = re.search(r"actually processed: (\d+)", done.stdout)
        rate = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode != 0 or not count or not rate or int(count.group(1)) == 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        transactions = int(count.group(1))
        return Run(float(rate.group(1)), transactions, used * 1e6 / transactions, own / transactions, everybody / transactions)

    def pgbench_samples(self, variant, *options):
        """One Run for each second of one run of pgbench."""
        command = [self.pgbench_program, "-n", "-P", "1", "-h", HOST, "-p", str(variant.port), "-U", USER, *map(str, options), DATABASE]
        samples = []
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.directory, env=self.environment)
        before = variant.processor_seconds(), time.perf_counter()
        for line in process.stderr:
            rate = re.search(r"^progress: .* ([\d.]+) tps", line)
            if not rate:
                continue
            now = variant.processor_seconds(), time.perf_counter()
            transactions = float(rate.group(1)) * (now[1] - before[1])
            if transactions:
                samples.append(Run(float(rate.group(1)), round(transactions), (now[0] - before[0]) * 1e6 / transactions, 0, 0))
            before = now
        if process.wait() != 0 or not samples:
            raise RuntimeError(f"{' '.join(command)}: no samples")
        return samples

    def end(self, variant):
        """Ends a proxy before the others."""
        variant.process.terminate()
        variant.process.wait()
        self.running.remove(variant.process)

    def stop(self):
        for process in reversed(self.running):
            process.send_signal(signal.SIGINT if "postgres" in process.args[0] else signal.SIGTERM)
            process.wait()

    def versions(self):
        def first_line(*command):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.directory)
            return done.stdout.splitlines()[0]

        with open("/proc/cpuinfo") as cpuinfo:
            models = re.findall(r"model name\s*: (.*)", cpuinfo.read())
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        parts = [f"{os.cpu_count()} x {models[0] if models else 'unknown CPU'}", f"{memory:.0f} GB", first_line(self.java, "-version")]
        parts.append(first_line(required("initdb", "postgresql"), "--version").replace("initdb (PostgreSQL)", "PostgreSQL"))
        if find("pgbouncer"):
            parts.append(first_line(find("pgbouncer"), "--version"))
        return ", ".join(parts)


def rotated(values, by):
    """The order of a round: each variant is first as often as the others."""
    by %= len(values)
    return values[by:] + values[:by]


def median_ratio(results, numerator, denominator):
    """The median of the rounds' ratios, as text."""
    if numerator not in results or denominator not in results:
        return "-"
    pairs = zip(results[numerator], results[denominator])
    return f"{statistics.median(above / below for above, below in pairs):.2f}"


def ratio_range(results, numerator, denominator):
    """The median of the rounds' ratios, the least and the greatest, as text; "-" where one of the two was not measured."""
    if numerator not in results or denominator not in results:
        return "-"
    ratios = [above / below for above, below in zip(results[numerator], results[denominator])]
    return f"{statistics.median(ratios):.3f} ({min(ratios):.2f} to {max(ratios):.2f})"


def median(values, digits=0):
    return "-" if values is None else f"{statistics.median(values):,.{digits}f}".replace(",", " ")


def print_table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "|".join("---" if column == 0 else "--:" for column in range(len(header))) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def parser(documentation):
    made = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    jar = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "target", "pg-lambda-proxy.jar")
    made.add_argument("--rounds", type=int, default=7)
    made.add_argument("--seconds", type=int, default=10, help="of each run of pgbench")
    made.add_argument("--pause", type=float, default=2.5, help="seconds before each run, in which PgBouncer closes what it has to the server")
    made.add_argument("--warm-up", type=int, default=15, help="seconds of pgbench before the first round, for the JIT compiler")
    made.add_argument("--tls", action="store_true", help="clients use TLS: with the server, PgBouncer and the proxy; between those there is none")
    made.add_argument("--jar", default=jar)
    made.add_argument("--java-option", action="append", default=[], metavar="OPTION", help="for the proxy's JVM, as --java-option=-Xmx64m")
    return made


def main(documentation, measure, arguments, most_connections):
    """Starts everything, measures, stops everything and says what the machine was."""
    if not os.path.exists(arguments.jar):
        sys.exit(f"--jar {arguments.jar}: no such file (expected: built by scripts/quickstart or scripts/test)")
    with tempfile.TemporaryDirectory(prefix="pg-lambda-bench-") as directory:
        bench = Bench(arguments, directory)
        load = os.getloadavg()[0]
        try:
            bench.start_server(most_connections)
            print(f"{bench.versions()}; {arguments.rounds} rounds; load average {load:.1f} before\n", flush=True)
            for header, rows in measure(bench):
                print_table(header, rows)
                print(f"load average {os.getloadavg()[0]:.1f} after\n", flush=True)
        finally:
            bench.stop()
