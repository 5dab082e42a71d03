"""A client that does as it is told, beside the attackers."""

import http.client
import io
import time

from connections import connect, send
from PIL import Image
from speed import limit

SLOWEST = 5  # seconds: what any request takes at most, where places or bodies are held


def small_image():
    """A grey PNG, a box before a gradient."""
    image = Image.new("L", (64, 48))
    image.putdata([255 if 16 < x < 48 and 12 < y < 36 else x for y in range(48) for x in range(64)])
    with io.BytesIO() as file:
        image.save(file, "PNG")
        return file.getvalue()


IMAGE = small_image()


def honest(port):
    """Posts one image, again after a pause where the server asks for it; how long it took, and with which refusals."""
    begun, refused = time.monotonic(), []
    while time.monotonic() - begun < limit(SLOWEST):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit(SLOWEST))
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
