# SPDX-License-Identifier: Apache-2.0
"""Three daemons, a Redis with a replica behind a relay, and what can be done to them."""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

LEASE_TTL = 1.5
RENEW_EVERY = 0.3
POLL_EVERY = 0.15
BOUND = LEASE_TTL + 2 * RENEW_EVERY

CONFIG = """
node: {node}
members: [n1, n2, n3]
bootstrap: true
state: {folder}/{node}
store: {{host: 127.0.0.1, port: {port}, password: secret}}
health: {{file: {folder}/{node}.json}}
actions:
  default: [{fence}, --state, {folder}/target.state, --, {target}, {folder}/target.log, '20']
recording: {folder}/{node}.jsonl
cluster: live
lease_ttl: 1500ms
renew_every: 300ms
renew_deadline: 1100ms
request_timeout: 200ms
poll_every: 150ms
heartbeat_every: 300ms
vote_ttl: 2s
health_ttl: 4s
stop_time: 50ms
poll_interval: 300ms
cooldowns: {{safe_mode: 700ms, circuit_restart: 2s}}
thresholds: {{failed_components: 2, circuit_open_duration: 1s}}
recovery_actions: {{safe_mode: {{timeout: 5s}}}}
"""


def boottime():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Redis:
    """A server of our own on a loopback port; redis-check-rdb, called by that name, is one."""

    def __init__(self, folder, name, *options):
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder, exist_ok=True)
        self.binary = os.path.join(folder, 'redis-server')
        if not os.path.exists(self.binary):
            os.symlink(shutil.which('redis-check-rdb'), self.binary)
        self.port = free_port()
        self.options = options
        self.process = None

    def start(self):
        log = open(os.path.join(self.folder, 'log'), 'a', encoding='utf-8')
        self.process = subprocess.Popen(
            [self.binary, '--port', str(self.port), '--bind', '127.0.0.1', '--save', '',
             '--appendonly', 'no', '--dir', self.folder, '--requirepass', 'secret',
             '--masterauth', 'secret', *self.options], stdout=log, stderr=log)
        for _ in range(200):
            if self.ask('PING') == 'PONG':
                return self
            time.sleep(0.02)
        raise RuntimeError(f'redis on port {self.port} does not answer')

    def ask(self, *words):
        result = subprocess.run(
            ['redis-cli', '-p', str(self.port), '-a', 'secret', '--no-auth-warning', *words],
            capture_output=True, text=True, timeout=10, check=False)
        return result.stdout.strip()

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None


class Relay:
    """The address that the daemons know: leads to whichever server is the master."""

    def __init__(self, port):
        self.to = port
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        self.pairs = set()
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.server.accept()
            try:
                store = socket.create_connection(('127.0.0.1', self.to), timeout=1)
            except OSError:
                client.close()
                continue
            store.settimeout(None)
            with self.lock:
                self.pairs.add((client, store))
            for a, b in ((client, store), (store, client)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def lead_to(self, port):
        """From now on to another server; connections to the old one break."""
        self.to = port
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        for pair in pairs:
            for s in pair:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Daemon:
    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.lives = 0
        self.process = None
        self.recordings = []
        self.config = os.path.join(cluster.folder, name + '.yaml')

    def start(self):
        self.lives += 1
        self.process = subprocess.Popen(
            [self.cluster.tools['musterd'], '--config', self.config],
            stdout=subprocess.PIPE, stderr=self.cluster.errors)
        threading.Thread(target=self.read, args=(self.process,), daemon=True).start()
        return self

    def read(self, process):
        for line in process.stdout:
            event = json.loads(line)
            event['seen'] = time.monotonic()
            event['node'] = self.name
            self.cluster.events.append(event)
            self.cluster.log.write(line)

    def keep_recording(self):
        path = os.path.join(self.cluster.folder, f'{self.name}.jsonl')
        kept = os.path.join(self.cluster.folder, f'{self.name}-{self.lives}.jsonl')
        os.rename(path, kept)
        self.recordings.append(kept)

    def tell(self, what):
        self.cluster.happened.write(f'{boottime()} {self.name} {what}\n')

    def kill(self):
        self.tell('kill')
        self.process.kill()
        self.process.wait()
        self.process = None
        self.keep_recording()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.tell('pause')

    def resume(self):
        self.tell('resume')
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """An orderly stop; the exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=10)
        self.process = None
        self.keep_recording()
        return code


class Cluster:
    def __init__(self, folder, tools, more=''):
        self.folder, self.tools = folder, tools
        self.events = []
        self.log = open(os.path.join(folder, 'log.jsonl'), 'wb')
        self.errors = open(os.path.join(folder, 'stderr'), 'wb')
        self.happened = open(os.path.join(folder, 'events'), 'w', encoding='utf-8', buffering=1)
        self.master = Redis(folder, 'master').start()
        self.replica = Redis(folder, 'replica', '--replicaof', '127.0.0.1',
                             str(self.master.port)).start()
        self.relay = Relay(self.master.port)
        self.daemons = {n: Daemon(self, n) for n in ('n1', 'n2', 'n3')}
        for name, daemon in self.daemons.items():
            with open(daemon.config, 'w', encoding='utf-8') as file:
                file.write(CONFIG.format(node=name, folder=folder, port=self.relay.port,
                                         fence=tools['muster-fence'], target=tools['target'])
                           + more)
            self.set_health(name, failed=3 if name == 'n2' else 0)

    def set_health(self, name, failed=0, circuit='CLOSED', open_seconds=0):
        path = os.path.join(self.folder, name + '.json')
        with open(path + '.new', 'w', encoding='utf-8') as file:
            json.dump({'system': {'status': 'FAILED' if failed else 'HEALTHY',
                                  'failed_components': failed, 'degraded_components': 0,
                                  'total_components': 5},
                       'circuit_breaker': {'state': circuit,
                                           'open_duration_seconds': open_seconds},
                       'retry': {'state': 'STABLE', 'failures_1h': 0},
                       'fallback': {'mode': 'PRIMARY'}, 'components': {}}, file)
        os.rename(path + '.new', path)

    def leader(self):
        """The node whose last word on the matter was that it leads, with the highest epoch."""
        leads = {}
        for e in list(self.events):
            if e['event'] == 'leader_elected':
                leads[e['node']] = e['epoch']
            elif e['event'] in ('leader_lost', 'starting'):
                leads.pop(e['node'], None)
        alive = {n: e for n, e in leads.items() if self.daemons[n].process}
        return max(alive, key=alive.get) if alive else None

    def elected_since(self, mark, within, other_than=None):
        """Seconds from `mark` until somebody else was elected; None when nobody was in time."""
        while time.monotonic() < mark + within:
            for e in list(self.events):
                if e['event'] == 'leader_elected' and e['seen'] > mark and \
                        e['node'] != other_than:
                    return e['seen'] - mark
            time.sleep(0.005)
        return None

    def accepted(self):
        """(epoch, intent, attempt) of everything the target has begun, in its order."""
        try:
            with open(os.path.join(self.folder, 'target.log'), encoding='utf-8') as file:
                rows = [line.split() for line in file]
        except FileNotFoundError:
            return []
        return [(int(r[4]), int(r[2]), int(r[3])) for r in rows]

    def close(self):
        for daemon in self.daemons.values():
            if daemon.process:
                daemon.process.send_signal(signal.SIGCONT)
                daemon.process.kill()
                daemon.process.wait()
        self.master.kill()
        self.replica.kill()
