"""Connections to a server on this machine, by a client that may send anything."""

import socket

import h2.config
import h2.connection


class Http2:
    """The bytes of one connection of HTTP/2, from its beginning on. All begin alike, so they may be made once for many."""

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
