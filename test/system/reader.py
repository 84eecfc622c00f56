"""Reads an event stream, is cut at random, comes back with its cursor. Knows nothing of Pinhole but its documents.

reader.py TRANSPORT BASE PATH CUTS END: until CUTS cuts were made and event END was read, then prints every seq that it got, in that order.
"""

import asyncio
import http.client
import json
import random
import sys
import time
from urllib.parse import urlsplit

transport, base, path, cuts_wanted, end_file = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]
seqs = []
cursor = "oldest"
cuts = 0


def take(message):
    """True when it is time to cut."""
    global cursor
    if message["type"] == "event":
        seqs.extend(event["seq"] for event in message["events"])
    if "cursor" in message:
        cursor = message["cursor"]
    return cuts < cuts_wanted and random.random() < 0.2


def finished():
    """The writer leaves the number of the last event when it has stopped."""
    if cuts < cuts_wanted:
        return False
    try:
        with open(end_file) as file:
            return len(seqs) > 0 and seqs[-1] >= int(file.read())
    except (FileNotFoundError, ValueError):
        return False


async def over_websocket():
    import websockets

    global cuts
    while not finished():
        url = f"{base.replace('http', 'ws')}{path}?from={cursor}"
        try:
            async with websockets.connect(url, subprotocols=["pinhole.events.v1+json"]) as socket:
                while not finished():
                    try:
                        text = await asyncio.wait_for(socket.recv(), 0.5)
                    except asyncio.TimeoutError:
                        if cuts < cuts_wanted:
                            cuts += 1
                            socket.transport.abort()
                            break
                        continue
                    if take(json.loads(text)):
                        cuts += 1
                        socket.transport.abort()
                        break
        except (OSError, websockets.WebSocketException):
            # The server is away, or on its way out.
            await asyncio.sleep(0.1)


def over_http():
    global cuts
    at = urlsplit(base)
    sse = transport == "sse"
    while not finished():
        connection = http.client.HTTPConnection(at.hostname, at.port, timeout=20)
        headers = {"Accept": "text/event-stream" if sse else "application/x-ndjson"}
        query = ""
        if sse and cursor != "oldest":
            headers["Last-Event-ID"] = cursor
        else:
            query = f"?from={cursor}"
        if not sse:
            headers["Prefer"] = "wait=1"
        try:
            connection.request("GET", path + query, headers=headers)
            response = connection.getresponse()
            if response.status == 503:
                raise http.client.HTTPException("not ready")
            assert response.status == 200, (response.status, response.read())
            data = ""
            while not finished():
                line = response.readline().decode()
                if line == "":
                    break
                line = line.rstrip("\n")
                if sse:
                    # An event is dispatched at its empty line; one that is cut before it never happened.
                    if line.startswith("data: "):
                        data = line[6:]
                        continue
                    if line != "" or data == "":
                        continue
                    line, data = data, ""
                if take(json.loads(line)):
                    cuts += 1
                    break
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        connection.close()


if transport == "websocket":
    asyncio.run(over_websocket())
else:
    over_http()
print(json.dumps({"seqs": seqs, "cuts": cuts}))
