"""Whether clients without a token can take the server's memory, or its time from others: attack.py PROGRAM [--full].

Each attack meets a server of its own, and beside it an honest client with a small image. A table shows the server's peak
of resident memory, the honest client's 95th percentile, and how soon the memory was given back. --full takes ten minutes.
"""

import argparse
import http.client
import io
import math
import multiprocessing
import pathlib
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib

import h2.config
import h2.connection
import h2.events
import h2.settings
from checks import close, counts
from speed import limit

MIB = 1 << 20
WORKERS = 2
CAP = 64  # MiB of one worker's sandbox
BESIDE = 128  # MiB for everything else
PATIENCE = 2  # seconds: what 95 of 100 honest requests take at most
ONE = 5  # seconds: what any of them takes at most, where places or bodies are held
BACK = 1.1  # of the memory before,
PAGES = 8  # or MiB more than before: pages that the heap keeps here and there are a tenth of a small server
RECOVERY = 20  # seconds for that
LEAST = 10  # honest requests
STREAMS = 16  # requests at once on a connection of HTTP/2
FLAGS = ["--workers", str(WORKERS), "--max-memory", str(CAP)]


class Server:
    """`cutout serve` on a free port."""

    def __init__(self, program):
        arguments = [program, "serve", "--addr", "127.0.0.1:0", *FLAGS]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"serving on http://127.0.0.1:(\d+)", line):
                self.port = int(found[1])
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def resident(self):
        """In MiB; without end when the server is gone."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        return int(found[1]) / 1024 if found else math.inf

    def stop(self):
        self.process.terminate()
        self.process.wait()


def png(width, height):
    """A grey PNG, a box before a gradient."""
    rows = b"".join(b"\0" + bytes(255 if 16 < x < 48 and 12 < y < 36 else x for x in range(width)) for y in range(height))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    with io.BytesIO() as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
        return file.getvalue()


IMAGE = png(64, 48)


def honest(port):
    """Posts one image, again after a pause where the server asks for it; how long it took, and with which refusals."""
    begun, refused = time.monotonic(), []
    while time.monotonic() - begun < limit(ONE):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit(ONE))
        try:
            connection.request("POST", "/v1/remove", IMAGE)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                break
            refused.append(answer.status)
            if answer.status != 503:
                break
            time.sleep(1)  # as Retry-After says
        except (OSError, http.client.HTTPException) as error:
            # One connection too many is closed with a 503 before it has sent anything, which a client in the middle of that
            # may not see. A connection that was accepted is not to be closed without an answer.
            early = type(error) in (BrokenPipeError, ConnectionResetError)
            refused.append(503 if early else type(error).__name__)
            time.sleep(0.2)
        finally:
            connection.close()
    return time.monotonic() - begun, refused


def visited(port, count):
    """Leaves a server as honest clients do, of whom many come at once."""
    clients = [connect(port) for _ in range(min(count, 1000))]
    for client in clients:
        send(client, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in range(20):
        honest(port)
    for client in clients:
        client.close()
    time.sleep(0.5)


# What attackers send. Every connection of HTTP/2 begins alike, so its bytes are made once.


class Http2:
    """The bytes of one connection of HTTP/2, from its beginning on."""

    def __init__(self, window=None):
        # Nothing is checked: an attacker may send anything.
        config = h2.config.H2Configuration(normalize_outbound_headers=False, validate_outbound_headers=False)
        self.connection = h2.connection.H2Connection(config)
        if window is not None:
            self.connection.local_settings.initial_window_size = window
        self.connection.initiate_connection()

    def ask(self, path, method="GET", fields=(), end=True):
        stream = self.connection.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path), *fields]
        self.connection.send_headers(stream, head, end_stream=end)
        return stream

    def take(self):
        return self.connection.data_to_send()


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=5)
    client.setblocking(False)
    return client


def send(client, data):
    """As much as the system takes; whether the connection is still open."""
    try:
        client.send(data)
    except BlockingIOError:
        pass
    except OSError:
        return False
    return True


def receive(client):
    """What has come, `None` at the end of the connection."""
    try:
        return client.recv(1 << 16) or None
    except BlockingIOError:
        return b""
    except OSError:
        return None


def held(port, count, bursts, every=8, read=False):
    """`count` connections that send the first of `bursts`, and another one every so many seconds; what goes comes back."""
    clients = []
    while True:
        clients = [one for one in clients if not read or receive(one) is not None]
        for _ in range(count - len(clients)):
            try:
                client = connect(port)
            except OSError:
                break
            if send(client, bursts[0]):
                clients.append(client)
        for burst in bursts[1:]:
            time.sleep(every)
            clients = [one for one in clients if send(one, burst)]
        time.sleep(every)


def heads(port, count):
    """Heads of as many fields as there may be, each of which costs one byte, and bodies that never come."""
    connection = Http2()
    fields = [(f"x{number}", "v") for number in range(60)] * 4
    bursts = []
    for _ in range(2):
        streams = [connection.ask("/v1/remove", "POST", fields[:200], end=False) for _ in range(STREAMS)]
        bursts.append(connection.take())
        for stream in streams:
            connection.connection.reset_stream(stream)
    held(port, count, bursts)


def stalled(window, paths):
    """Answers that nobody takes."""

    def attack(port, count):
        if "/dashboard/failures" in paths:
            for _ in range(60):
                fail(port)
        connection = Http2(window)
        for number in range(STREAMS):
            connection.ask(paths[number % len(paths)])
        held(port, count, [connection.take()])

    return attack


def fail(port):
    """A request whose failure is kept for the dashboard, and is as long as it may be."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        quotes = b'"' * 2000
        head = b"POST /%s HTTP/1.1\r\nHost: a\r\nX-Request-Id: %s\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n"
        client.sendall(head % (quotes, quotes[:128]))
        client.recv(4000)


def pongs(port, count):
    """Connections that ask once, and then only answer pings."""
    clients = {}
    while True:
        for _ in range(count - len(clients)):
            connection = Http2()
            connection.ask("/healthz")
            try:
                client = connect(port)
            except OSError:
                break
            send(client, connection.take())
            clients[client] = connection.connection
        for client, connection in list(clients.items()):
            data = receive(client)
            if data is None:
                del clients[client]
            elif data:
                connection.receive_data(data)
                send(client, connection.data_to_send())
        time.sleep(0.2)


def slow_heads(port, count):
    """Heads that come byte by byte."""
    clients = []
    while True:
        clients = [one for one in clients if receive(one) is not None and send(one, b"a")]
        for _ in range(count - len(clients)):
            try:
                client = connect(port)
            except OSError:
                break
            send(client, b"POST /v1/remove HTTP/1.1\r\nHost: a\r\nX: ")
            clients.append(client)
        time.sleep(0.5)


def keep_alive(port, count):
    """HTTP/1 connections that ask for little things, and often enough to be kept."""
    request = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    held(port, count, [request], every=2, read=True)


def bodies(port, count):
    """Large bodies but for their last bytes, and many small ones, of which a byte comes now and then."""
    head = b"POST /v1/remove HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (64 * MIB)
    clients = []
    for length in [63 * MIB] * 4 + [10_400] * count:
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=5)
            client.sendall(head + bytes(length))
            client.setblocking(False)
            clients.append(client)
        except OSError:
            pass
    while True:
        clients = [one for one in clients if receive(one) is not None and send(one, b"\0")]
        time.sleep(0.4)


def resets(port, _):
    """Requests that are taken back as soon as they are made."""
    while True:
        connection = Http2()
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=5)
            for _ in range(50):
                for stream in [connection.ask("/metrics") for _ in range(STREAMS)]:
                    connection.connection.reset_stream(stream)
                client.sendall(connection.take())
        except OSError:
            pass
        client.close()


CHEAP = ["/dashboard/failures", "/openapi.json", "/metrics", "/dashboard", "/dashboard.js", "/", "/nowhere"]

# Name, attack, connections.
ATTACKS = [
    ("heads of many fields", heads, 1000),
    ("answers, window 0", stalled(0, CHEAP), 1000),
    ("answers, window 1", stalled(1, CHEAP), 1000),
    ("large answers, window 1", stalled(1, ["/openapi.json"]), 1000),
    ("bodies held", bodies, 400),
    ("only pongs", pongs, 1100),
    ("slow heads", slow_heads, 1100),
    ("requests now and then", keep_alive, 1100),
    ("requests taken back", resets, 1),
]


def attacked(program, attack, count, seconds):
    """What a server and its honest client saw: memory before and at most, times and refusals, time until memory was back."""
    server = Server(program)
    try:
        visited(server.port, count)
        before = server.resident()
        peak, over = [before], threading.Event()

        def watch():
            while not over.wait(0.02):
                peak[0] = max(peak[0], server.resident())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        attacker = multiprocessing.Process(target=attack, args=(server.port, count), daemon=True)
        attacker.start()
        time.sleep(0.5)
        times, refusals = [], []
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(times) < LEAST:
            took, refused = honest(server.port)
            times.append(took)
            refusals += refused
            time.sleep(0.1)
        # One that has ended by itself has attacked nothing meanwhile.
        assert attacker.is_alive() or attacker.exitcode == 0, f"the attack broke off with {attacker.exitcode}"
        attacker.kill()
        attacker.join()
        over.set()
        watcher.join()
        begun = time.monotonic()
        rest = max(before * BACK, before + PAGES)
        while (after := server.resident()) > rest and time.monotonic() - begun < limit(RECOVERY):
            time.sleep(0.1)
        back = time.monotonic() - begun if after <= rest else None
        return before, peak[0], sorted(times), refusals, back
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="", help="attacks whose name contains this")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard > 0 else 8192, hard))

    bound = WORKERS * CAP + BESIDE
    print(f"{'attack':<24} {'before':>7} {'peak':>7} {'bound':>7} {'honest':>7} {'p95':>7} {'worst':>7} {'back':>7}")
    print(f"{'':<24} {'MiB':>7} {'MiB':>7} {'MiB':>7} {'':>7} {'s':>7} {'s':>7} {'s':>7}")
    attacks = [attack for attack in ATTACKS if options.only in attack[0]]
    if not attacks:
        parser.error(f"no attack's name contains {options.only!r}")
    seconds = 60 if options.full else 3
    for name, attack, count in attacks:
        before, peak, times, refusals, back = attacked(options.program, attack, count, seconds)
        p95 = times[(len(times) - 1) * 95 // 100]
        wrong = [
            text
            for text, holds in [
                ("memory", peak < bound),
                ("honest requests are slow", p95 < limit(PATIENCE) and times[-1] < limit(ONE)),
                ("honest requests are refused", not [one for one in refusals if one != 503]),
                ("memory is not given back", back is not None),
            ]
            if not holds
        ]
        counts["failed" if wrong else "passed"] += 1
        shown = "never" if back is None else f"{back:.1f}"
        print(
            f"{name:<24} {before:7.0f} {peak:7.0f} {bound:7} {len(times):7} {p95:7.3f} {times[-1]:7.3f} {shown:>7}"
            f"  {'FAILED: ' + ', '.join(wrong) if wrong else ''}"
            f"{' refusals: ' + ', '.join(map(str, refusals[:8])) if refusals else ''}",
            flush=True,
        )
    return close()


if __name__ == "__main__":
    sys.exit(main())
