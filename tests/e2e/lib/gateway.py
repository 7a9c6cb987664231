"""A gateway beside an agent, and clients of it that hold every answer against the contract."""
import http.client
import json
import os
import re
import socket
import subprocess
import time
import urllib.parse
import uuid

import yaml
from jsonschema import Draft202012Validator

from tap import Failure, check
from world import BUILD, PATIENCE, Process, ROOT, wait

with open(os.path.join(ROOT, "clients/gateway/openapi.yaml"), encoding="utf-8") as f:
    CONTRACT = yaml.load(f, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


# ---- the contract --------------------------------------------------------------------------------

def _strict(node):
    """Answers may have no member that the contract does not name: what readers of the contract must
    tolerate, the gateway must not do."""
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            node.setdefault("additionalProperties", False)
        for value in node.values():
            _strict(value)
    elif isinstance(node, list):
        for value in node:
            _strict(value)


_strict({k: v for k, v in CONTRACT["components"]["schemas"].items() if k != "RecordedAct"})
CONTRACT["components"]["schemas"]["Evidence"] = {}
VALIDATORS = {}


def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        name = node["$ref"].removeprefix("#/").split("/")
        node = CONTRACT
        for key in name:
            node = node[key]
    return node


def operation_of(method, path):
    """The operation that the contract has for a path, and the path as it stands there."""
    method = "get" if method == "HEAD" else method.lower()
    for pattern, item in CONTRACT["paths"].items():
        fits = re.fullmatch(re.sub(r"{[a-z_]+}", "[^/]+", re.escape(pattern).replace(r"\{", "{")
                                   .replace(r"\}", "}")), path)
        if fits:
            return pattern, item.get(method)
    return None, None


def validator_of(where, schema):
    if where not in VALIDATORS:
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema",
                 "components": CONTRACT["components"], **schema}
        VALIDATORS[where] = Draft202012Validator(whole)
    return VALIDATORS[where]


def complaints(where, schema, value):
    errors = sorted(validator_of(where, schema).iter_errors(value), key=lambda e: len(e.path))
    return [f"{where}: {'/'.join(map(str, e.path))}: {e.message[:300]}" for e in errors[:3]]


def hold_against_contract(method, path, answer):
    """Fails unless the contract has this answer for this request."""
    pattern, operation = operation_of(method, urllib.parse.urlsplit(path).path)
    problem = {"$ref": "#/components/schemas/Problem"}
    if operation is None:
        if answer.status >= 400:
            found = complaints("Problem", problem, answer.json)
            check(not found, f"{method} {path}: {found}")
        return
    responses = operation["responses"]
    response = resolve(responses.get(str(answer.status), responses.get("default")))
    where = f"{method} {pattern} {answer.status}"
    if str(answer.status) not in responses:
        check(answer.status >= 400, f"{where}: not in the contract")
    content = response.get("content", {})
    if not content:
        check(answer.body == b"", f"{where}: a body that is not in the contract")
        return
    if method == "HEAD":
        return
    kind = answer.type
    wanted = content.get(kind) or content.get("*/*")
    check(wanted, f"{where}: is {kind}, the contract has {list(content)}")
    for name, header in response.get("headers", {}).items():
        header = resolve(header)
        if name in answer.headers and "schema" in header:
            found = complaints(f"{where} {name}", header["schema"], answer.headers[name])
            check(not found, f"{found}")
    if kind in ("application/json", "application/problem+json"):
        found = complaints(where, wanted["schema"], answer.json)
        check(not found, "\n".join(found) + f"\n{answer.body[:2000]!r}")


# ---- clients -------------------------------------------------------------------------------------

class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.body = body
        self.headers = {k: v for k, v in response.getheaders()}
        self.set_cookies = response.headers.get_all("Set-Cookie") or []
        self.type = (response.getheader("Content-Type") or "").split(";")[0]
        self.json = json.loads(body) if self.type in ("application/json", "application/problem+json") and body else None

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """One caller: a browser with its cookie, or a system with its token."""

    def __init__(self, gateway, token=None, headers=None):
        self.gateway, self.token = gateway, token
        self.cookie, self.csrf = None, None
        self.headers = headers or {}

    def request(self, method, path, body=None, headers=None, checked=True, quoted=False):
        """path: quoted by us unless it says so itself."""
        if not quoted:
            path = urllib.parse.quote(path, safe="/?&=%+.:,@-_~!$'()*;")
        given = {"Host": "localhost", **self.headers}
        if self.token:
            given["Authorization"] = "Bearer " + self.token
        if self.cookie:
            given["Cookie"] = self.cookie
        if self.csrf and method not in ("GET", "HEAD"):
            given["X-CSRF-Token"] = self.csrf
        if isinstance(body, (dict, list)):
            body = json.dumps(body, ensure_ascii=False).encode()
            given["Content-Type"] = "application/json"
        for name, value in (headers or {}).items():
            if value is None:
                given.pop(name, None)
            else:
                given[name] = value
        connection = self.gateway.connection()
        try:
            connection.request(method, path, body=body, headers=given)
            response = connection.getresponse()
            answer = Answer(response, response.read())
        finally:
            connection.close()
        for cookie in answer.set_cookies:
            self.cookie = cookie.split(";")[0]
        if checked:
            hold_against_contract(method, path, answer)
            check(answer.headers.get("X-Content-Type-Options") == "nosniff", f"{path}: nosniff")
            check("frame-ancestors 'none'" in answer.headers.get("Content-Security-Policy", "frame-ancestors 'none'"),
                  f"{path}: frame-ancestors")
        return answer

    def get(self, path, status=200, **options):
        return self._wanted("GET", path, status, **options)

    def put(self, path, body, status=200, **options):
        return self._wanted("PUT", path, status, body=body, **options)

    def delete(self, path, status=204, **options):
        return self._wanted("DELETE", path, status, **options)

    def post(self, path, body=None, status=200, key=None, headers=None, **options):
        headers = {"Idempotency-Key": key or str(uuid.uuid4()), **(headers or {})}
        return self._wanted("POST", path, status, body=body, headers=headers, **options)

    def _wanted(self, method, path, status, **options):
        answer = self.request(method, path, **options)
        if status is not None and answer.status != status:
            raise Failure(f"{method} {path}: wanted {status}, got {answer}")
        return answer

    def sign_in(self, user, password, status=201):
        answer = self.request("POST", "/v1/session", {"user": user, "password": password})
        if answer.status != status:
            raise Failure(f"sign in of {user}: wanted {status}, got {answer}")
        if status == 201:
            self.csrf = answer.json["csrf_token"]
        return answer

    def act(self, number, kind, status=200, key=None, headers=None, **fields):
        return self.post(f"/v1/cases/{number}/acts", {"kind": kind, **fields}, status, key, headers)


class Events:
    """A reader of /v1/events; each event is (type, id, data) and held against the contract."""

    def __init__(self, client, last=None, query="", seconds=PATIENCE):
        headers = {"Host": "localhost", "Accept": "text/event-stream"}
        if client.cookie:
            headers["Cookie"] = client.cookie
        if client.token:
            headers["Authorization"] = "Bearer " + client.token
        if last:
            headers["Last-Event-ID"] = last
        self.last = last
        end = time.monotonic() + PATIENCE
        while True:  # right after a start the agent's events are still asked for
            self.connection = client.gateway.connection()
            self.connection.timeout = seconds
            self.connection.request("GET", "/v1/events" + query, headers=headers)
            self.response = self.connection.getresponse()
            if self.response.status != 503 or time.monotonic() > end:
                break
            self.connection.close()
            time.sleep(0.05)
        self.comments = 0
        if self.response.status != 200:
            answer = Answer(self.response, self.response.read())
            hold_against_contract("GET", "/v1/events", answer)
            self.status, self.answer = answer.status, answer
        else:
            self.status = 200
            check(self.response.getheader("Content-Type") == "text/event-stream", "the type")

    def next(self):
        """The next event; None: the stream has ended."""
        kind, number, data = None, None, None
        while True:
            line = self.response.readline()
            if not line:
                return None
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                self.comments += 1
            elif line.startswith("id: "):
                number = line[4:]
            elif line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif not line and kind:
                if number:
                    self.last = number
                if kind != "reset":
                    found = complaints("WatchEvent", {"$ref": "#/components/schemas/WatchEvent"}, data)
                    check(not found, f"{kind}: {found}")
                return kind, number, data

    def until(self, wanted, most=500):
        """Events up to the first that is wanted, with it."""
        check(self.status == 200, f"no stream: {self.status}")
        seen, end = [], time.monotonic() + PATIENCE
        for _ in range(most):
            check(time.monotonic() < end, f"only {seen}")
            event = self.next()
            if event is None:
                raise Failure(f"the stream ended after {seen}")
            seen.append(event)
            if wanted(event):
                return seen
        raise Failure(f"not among {most} events")

    def close(self):
        self.response.close()
        self.connection.close()


class Window:
    """The public window of a gateway, as what a client connects to."""

    def __init__(self, gateway):
        self.gateway = gateway

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.gateway.window_port, timeout=PATIENCE)


class Gateway(Process):
    """Beside an agent whose configuration names this account as gateway."""

    def __init__(self, world, agent, name=None):
        name = name or agent.code + "-gw"
        super().__init__(name, world.folder, "jiaoban-gateway")
        self.agent = agent
        self.data = os.path.join(world.folder, name + ".d")
        os.makedirs(self.data, mode=0o700, exist_ok=True)
        self.config = os.path.join(world.folder, name + ".conf")
        self.listen = "127.0.0.1:0"
        self.http, self.gateway, self.session, self.proxy = {"https": "no"}, {"console": ""}, {}, {}
        self.window, self.broker, self.webhooks = {}, {}, {}
        self.port, self.socket, self.window_port = None, None, None

    def write_config(self):
        sections = {"gateway": {"data": self.data, "agent": self.agent.socket, **self.gateway},
                    "http": {"listen": self.listen, **self.http}, "session": self.session,
                    "proxy": self.proxy, "window": self.window, "admin": self.broker,
                    "webhooks": self.webhooks}
        with open(self.config, "w", encoding="utf-8") as f:
            for section, values in sections.items():
                f.write(f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()))

    def go(self, agent=True):
        """Start; the port stays the same for every later start. Waits until it has its agent, unless
        there is none."""
        self.write_config()
        said = self.start(["-c", self.config])
        inside = [word for word in said.split() if not word.startswith("window=")]
        for word in said.split():
            if word.startswith("window="):
                self.window_port = int(word.rsplit(":", 1)[1])
                self.window["listen"] = word.removeprefix("window=")
            elif word.startswith("unix:"):
                self.socket = word.removeprefix("unix:")
            else:
                self.port = int(word.rsplit(":", 1)[1])
        self.listen = ", ".join(inside)
        if agent:
            wait(lambda: self.client().get("/v1/health", None).status == 200, "gateway and agent")
        return self

    def connection(self):
        if self.port is None:
            return UnixConnection(self.socket, PATIENCE)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def raw(self, window=False):
        """A socket on which a test may say anything."""
        port = self.window_port if window else self.port
        return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def petitioner(self, **options):
        """Somebody at the public window."""
        return Client(Window(self), **options)

    def admin(self, *words, given="", status=0):
        self.write_config()
        done = subprocess.run([os.path.join(BUILD, "jiaoban-gateway"), "-c", self.config, *words],
                              input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=PATIENCE)
        if status is not None and done.returncode != status:
            raise Failure(f"{words}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def account(self, name, password=None, display=""):
        """A person with a password, or a system without one."""
        what = "--add-account" if password else "--add-system"
        self.admin(what, name, "--display-name", display, given=(password or "") + "\n")

    def token(self, name, account, scopes):
        return self.admin("--add-token", name, "--account", account, "--scopes",
                          scopes).stdout.strip()

    def client(self, **options):
        return Client(self, **options)


def roles(**people):
    """Of an agent whose only local account is this one, a gateway."""
    return {"gateway": f"uid:{os.geteuid()}", **people}
