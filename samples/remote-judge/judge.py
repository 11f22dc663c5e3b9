#!/usr/bin/env python3
"""A remote judge that prefers bright images: a reference for the protocol of docs/remote-judge.md. Standard library only.

    python3 judge.py --port 8800 [--token-file FILE]

Nothing here is unpickled or evaluated: a question is JSON and numbers.
"""

import argparse
import array
import collections
import hmac
import http.server
import json
import struct
import sys
import threading

LARGEST_QUESTION = 1 << 30
ANSWERS_KEPT = 256
DESCRIPTION = {"protocol": 1, "name": "brightness", "input": "images", "knows_timestep": False, "scale": 20.0}


class BadQuestion(Exception):
    pass


def read_safetensors(body):
    """Tensors by name as (shape, array of floats), and the metadata."""
    if len(body) < 8:
        raise BadQuestion("a safetensors body has at least 8 bytes")
    (length,) = struct.unpack("<Q", body[:8])
    if length > len(body) - 8:
        raise BadQuestion("the header is longer than the body")
    try:
        header = json.loads(body[8 : 8 + length])
        metadata = header.pop("__metadata__", {})
        data = memoryview(body)[8 + length :]
        tensors = {}
        for name, entry in header.items():
            (begin, end), count = entry["data_offsets"], 1
            for size in entry["shape"]:
                count *= size
            if entry["dtype"] != "F32" or not 0 <= begin <= end <= len(data) or end - begin != 4 * count:
                raise BadQuestion(f"'{name}' is not a float32 tensor within the body")
            values = array.array("f")
            values.frombytes(data[begin:end])
            if sys.byteorder == "big":
                values.byteswap()
            tensors[name] = (entry["shape"], values)
        return tensors, metadata
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadQuestion(f"not a safetensors header: {error}") from error


def write_scores(scores):
    values = array.array("f", scores)
    if sys.byteorder == "big":
        values.byteswap()
    data = values.tobytes()
    header = json.dumps({"scores": {"dtype": "F32", "shape": [len(scores)], "data_offsets": [0, len(data)]}}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + data


def score(body):
    tensors, metadata = read_safetensors(body)
    if "inputs" not in tensors or "timesteps" not in tensors:
        raise BadQuestion("expected the tensors inputs and timesteps")
    shape, pixels = tensors["inputs"]
    try:
        prompts = json.loads(metadata["prompts"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadQuestion("expected the prompts as a JSON list in the metadata") from error
    if len(shape) != 4 or shape[0] < 1 or tensors["timesteps"][0] != shape[:1] or not isinstance(prompts, list) or len(prompts) != shape[0]:
        raise BadQuestion("expected inputs [B, C, H, W] with a timestep and a prompt for each")
    each = len(pixels) // shape[0]
    # Images are about [-1, 1]; a judge of its own would look at the prompts too.
    return write_scores([sum(pixels[i * each : (i + 1) * each]) / each / 2 + 0.5 for i in range(shape[0])])


class Judge(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    token = None
    answers = collections.OrderedDict()
    lock = threading.Lock()

    def do_GET(self):
        if not self.allowed():
            return
        if self.path.rstrip("/").endswith("/describe"):
            self.answer(200, json.dumps(DESCRIPTION).encode(), "application/json")
        else:
            self.fail(404, "GET /describe or POST /score")

    def do_POST(self):
        # Read before anything is refused, so that the connection stays usable.
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_QUESTION:
            self.close_connection = True
            return self.fail(413, f"a question has a Content-Length of at most {LARGEST_QUESTION}")
        body = self.rfile.read(int(length))
        if not self.allowed():
            return None
        if not self.path.rstrip("/").endswith("/score"):
            return self.fail(404, "GET /describe or POST /score")
        # The same question has the same answer, so one that was lost on its way is not computed again.
        key = self.headers.get("Idempotency-Key")
        with self.lock:
            known = self.answers.get(key)
        if known is None:
            try:
                known = score(body)
            except BadQuestion as error:
                return self.fail(400, str(error))
            if key is not None:
                with self.lock:
                    self.answers[key] = known
                    while len(self.answers) > ANSWERS_KEPT:
                        self.answers.popitem(last=False)
        return self.answer(200, known, "application/octet-stream")

    def allowed(self):
        given = self.headers.get("Authorization", "")
        if self.token is None or hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return True
        self.fail(401, "a bearer token is needed")
        return False

    def fail(self, status, message):
        self.answer(status, json.dumps({"error": message}).encode(), "application/json")

    def answer(self, status, body, content_type):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8800, help="0 takes a free one")
    options.add_argument("--token-file", help="file with the token that is asked for")
    given = options.parse_args()
    if given.token_file:
        with open(given.token_file, encoding="utf-8") as file:
            Judge.token = file.read().strip()
    server = http.server.ThreadingHTTPServer((given.host, given.port), Judge)
    print(f"http://{given.host}:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
