"""A PostgreSQL server of the machine's own (Debian's package) with a proxy before it, for scripts/regress and scripts/soak.

Both listen on the same port: the server on 127.0.0.1, the proxy on 127.0.0.2. So what a client prints of its port is the same with and without the proxy,
and what the server's own libpq (dblink, postgres_fdw) connects to is decided by PGHOST in the server's environment.
"""

import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

DIRECT = "127.0.0.1"
PROXIED = "127.0.0.2"
HERE = os.path.dirname(os.path.abspath(__file__))
JAR = os.path.join(HERE, "..", "target", "pg-lambda-proxy.jar")
SUPERUSER = "postgres"


def stop_when_terminated():
    """SIGTERM ends this process as Ctrl-C does, so that what it has started is stopped."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def find_programs(major):
    """The directory of the server's programs of a major version, or of the newest."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/{major or '*'}/bin/postgres"), key=lambda path: int(path.split("/")[4]))
    if not found:
        sys.exit(f"no /usr/lib/postgresql/{major or '*'}/bin/postgres (expected: Debian's package postgresql)")
    return os.path.dirname(found[-1])


def free_port():
    """A port that is free on both addresses."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind((DIRECT, 0))
            try:
                second.bind((PROXIED, first.getsockname()[1]))
                return first.getsockname()[1]
            except OSError:
                continue


def environment(**more):
    """Nothing of this machine's settings of AWS, the proxy or libpq may be found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PGLAMBDA_", "PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def unprivileged():
    """How to run what PostgreSQL refuses to run as root."""
    return {"user": SUPERUSER, "group": SUPERUSER, "extra_groups": []} if os.geteuid() == 0 else {}


def give(path):
    """Gives a file or a directory with all that is in it to the user that runs the server."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{SUPERUSER}:{SUPERUSER}", path], check=True)


def make_certificate(directory):
    """The files of a certificate and of its key, for the server and for what stands before it. The directory is the server's user's."""
    certificate, key = (os.path.join(directory, name) for name in ("certificate.pem", "key.pem"))
    command = ["openssl", "req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run([*command, "-out", certificate, "-keyout", key], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **unprivileged())
    return certificate, key


class Cluster:
    """A server in a directory of its own; every start begins with the same fresh data."""

    def __init__(self, server, programs, directory, settings, tls=False):
        """The server's own programs, and the clients'; whether the server and a proxy before it take TLS."""
        self.server = server
        self.programs = programs
        self.directory = directory
        self.template = os.path.join(directory, "template")
        self.data = os.path.join(directory, "data")
        self.port = free_port()
        self.process = None
        self.tls_files = make_certificate(directory) if tls else None
        if self.tls_files:
            settings = {**settings, "ssl": "on", "ssl_cert_file": f"'{self.tls_files[0]}'", "ssl_key_file": f"'{self.tls_files[1]}'"}
        initdb = ["initdb", "-D", self.template, "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync"]
        self.run([os.path.join(server, initdb[0]), *initdb[1:]])
        with open(os.path.join(self.template, "pg_hba.conf"), "w") as hba:
            hba.write("host all all 127.0.0.0/8 trust\nhost replication all 127.0.0.0/8 trust\n")
        with open(os.path.join(self.template, "postgresql.conf"), "a") as configuration:
            configuration.write(f"listen_addresses = '{DIRECT}'\nport = {self.port}\nunix_socket_directories = ''\nfsync = off\n")
            configuration.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def run(self, command, **options):
        return subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.directory, env=environment(), **unprivileged(), **options)

    def start(self, own_host):
        """Starts with fresh data. The server's own clients connect to own_host."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.run(["cp", "-a", self.template, self.data])
        with open(os.path.join(self.directory, "server.log"), "a") as log:
            self.process = subprocess.Popen(
                [os.path.join(self.server, "postgres"), "-D", self.data],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=environment(PGHOST=own_host),
                **unprivileged(),
            )
        await_port(DIRECT, self.port, self.process, os.path.join(self.directory, "server.log"))
        ready = [os.path.join(self.programs, "pg_isready"), "-q", "-h", DIRECT, "-p", str(self.port)]
        while subprocess.run(ready, env=environment()).returncode != 0:
            time.sleep(0.1)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGINT)  # fast shutdown
            self.process.wait(timeout=120)
            self.process = None


class Proxy:
    """The proxy's jar as a process, before a cluster."""

    def __init__(self, jar, cluster, java_options=()):
        self.log = os.path.join(cluster.directory, "proxy.log")
        java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
        command = [java, *java_options, "-jar", jar, "--listen", f"{PROXIED}:{cluster.port}", "--backend", f"{DIRECT}:{cluster.port}"]
        command += ["--data-dir", os.path.join(cluster.directory, "proxy-data"), "--sample-functions", "on"]
        if cluster.tls_files:
            command += ["--tls-cert", cluster.tls_files[0], "--tls-key", cluster.tls_files[1], "--backend-sslmode", "require"]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())
        await_port(PROXIED, cluster.port, self.process, self.log)

    def complaints(self):
        """The lines of its log that are warnings or errors."""
        with open(self.log, errors="replace") as log:
            return [line.rstrip() for line in log if re.search(r"\b(WARN|ERROR)\b", line)]

    def status(self, name):
        """A figure of /proc/<pid>/status, in its unit there (kB)."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(rf"{name}:\s+(\d+)", status.read()).group(1))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


def await_port(host, port, process, log):
    while True:
        try:
            socket.create_connection((host, port)).close()
            return
        except ConnectionRefusedError:
            if process.poll() is not None:
                with open(log) as text:
                    sys.exit(f"ended with {process.returncode} instead of listening:\n{text.read()}")
            time.sleep(0.05)
