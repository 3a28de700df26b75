"""A Hub of one's own: the endpoints that huggingface_hub asks, over HTTP, with the state in memory.

Commits and trees are as git has them as far as a client can tell; large files are named by their
sha256. Downloads of large files go to another host name, as on the Hub.
"""

import base64
import contextlib
import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_test"
LARGE = (".parquet", ".mp4", ".arrow")
PAGE = 7
"""Entries a page of a tree: few, so that each tree has pages."""

Json = dict[str, Any]
NONE: Mapping[str, str] = {}
Tree = dict[str, "Blob"]


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass(frozen=True)
class Blob:
    """A file: its git oid, its size, and its sha256 when it is large."""

    oid: str
    size: int
    sha256: str | None = None

    def to_json(self, path: str) -> Json:
        data: Json = {"type": "file", "path": path, "oid": self.oid, "size": self.size}
        if self.sha256 is not None:
            data["lfs"] = {"oid": self.sha256, "size": self.size, "pointerSize": 130}
        return data


@dataclass
class Repo:
    private: bool
    commits: dict[str, Tree] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    main: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, tree: Tree, message: str) -> str:
        oid = hashlib.sha1(f"{len(self.messages)} {message}".encode()).hexdigest()
        self.commits[oid] = tree
        self.messages.append(message)
        self.main = oid
        return oid

    def tree(self, revision: str) -> Tree | None:
        return self.commits.get(self.resolve(revision))

    def resolve(self, revision: str) -> str:
        return self.main if revision == "main" else self.tags.get(revision, revision)


@dataclass
class Fault:
    """What goes wrong: with requests whose "METHOD /path" matches, from number `first` on, `times`.

    `status` is answered; without one the connection is dropped, `answered` after the work is done.
    With `body` that is answered, piece by piece, with `pause_s` between them, and with a Link
    header that `link` makes of how often it was asked.
    """

    pattern: str
    status: int | None = None
    first: int = 1
    times: int = 1
    answered: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: Iterable[bytes] | None = None
    pause_s: float = 0.0
    link: Callable[[int], str] | None = None
    seen: int = 0

    def strikes(self, request: str) -> bool:
        if re.search(self.pattern, request) is None:
            return False
        self.seen += 1
        return self.first <= self.seen < self.first + self.times


class Hub(ThreadingHTTPServer):
    """Counts what it is asked; `uploads` by sha256."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.RLock()
        self.repos: dict[str, Repo] = {}
        self.large: dict[str, bytes] = {}
        self.small: dict[str, bytes] = {}
        self.uploads: Counter[str] = Counter()
        self.requests: list[str] = []
        self.faults: list[Fault] = []
        self.before_upload: Callable[[int], None] = lambda number: None
        self.before_tag: Callable[[], None] = lambda: None
        self.poured = 0
        self.cas: str | None = None
        """Where Xet keeps its chunks; None for LFS alone."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def other_url(self) -> str:
        return f"http://localhost:{self.server_port}"

    def content(self, blob: Blob) -> bytes:
        return self.small[blob.oid] if blob.sha256 is None else self.large[blob.sha256]

    def files(self, repo: str, revision: str) -> dict[str, bytes]:
        tree = self.repos[repo].tree(revision)
        assert tree is not None
        return {path: self.content(blob) for path, blob in tree.items()}

    def writes(self) -> list[str]:
        """The requests that can change something."""
        return [each for each in self.requests if not each.startswith(("GET", "HEAD"))]

    def put(self, data: bytes) -> Blob:
        oid = git_oid(data)
        self.small[oid] = data
        return Blob(oid, len(data))

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that was killed


@contextmanager
def running() -> Iterator[Hub]:
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms
    server: Hub

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names that http.server asks

    def _serve(self) -> None:
        address = urlsplit(self.path)
        self.query = parse_qs(address.query)
        request = f"{self.command} {unquote(address.path)}"
        self.body = self._read()
        with self.server.lock:
            self.server.requests.append(request)
            struck = [fault for fault in self.server.faults if fault.strikes(request)]
        for fault in struck:
            if fault.body is not None:
                self._pour(fault.body, fault)
                return
            if fault.status is not None:
                self._error(fault.status, fault.headers)
                return
            if not fault.answered:
                self._drop()
                return
        for pattern, method in ROUTES:
            if (found := re.fullmatch(pattern, f"{self.command} {address.path}")) is not None:
                if not re.match(r"\w+ /(upload|large)/", request) and not self._authorized():
                    return
                self.dropped = bool(struck)
                method(self, *(unquote(part) for part in found.groups()))
                return
        self._error(501)

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _pour(self, body: Iterable[bytes], fault: Fault) -> None:
        self.close_connection = True
        self.send_response(fault.status or 200)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        if fault.link is not None:
            self.send_header("Link", fault.link(fault.seen))
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client has had enough
            for piece in body:
                self.wfile.write(piece)
                self.server.poured += len(piece)
                time.sleep(fault.pause_s)

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _authorized(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            return True
        self._error(401, {"X-Error-Message": "Invalid credentials in Authorization header"})
        return False

    def _answer(
        self, data: Any = None, status: int = 200, headers: Mapping[str, str] = NONE
    ) -> None:
        if self.dropped:
            self._drop()
            return
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _error(self, status: int, headers: Mapping[str, str] = NONE) -> None:
        self.dropped = False
        self._answer({"error": headers.get("X-Error-Message", "as asked")}, status, headers)

    def _repo(self, name: str) -> Repo | None:
        repo = self.server.repos.get(name)
        if repo is None:
            self._error(404, {"X-Error-Code": "RepoNotFound"})
        return repo

    def _tree(self, name: str, revision: str) -> Tree | None:
        if (repo := self._repo(name)) is None:
            return None
        if (tree := repo.tree(revision)) is None:
            self._error(404, {"X-Error-Code": "RevisionNotFound"})
        return tree

    # Repositories

    def create(self) -> None:
        asked = json.loads(self.body)
        name = f"{asked.get('organization') or 'me'}/{asked['name']}"
        with self.server.lock:
            status = 409 if name in self.server.repos else 200
            if status == 200:
                private = asked.get("private") or asked.get("visibility") == "private"
                repo = self.server.repos[name] = Repo(bool(private))
                repo.commit({".gitattributes": self.server.put(b"*.mp4 lfs\n")}, "initial commit")
        self._answer({"url": f"{self.server.url}/datasets/{name}"}, status)

    def info(self, name: str, revision: str | None = None) -> None:
        if self._tree(name, revision or "main") is None:
            return
        repo = self.server.repos[name]
        tree = repo.tree(revision or "main")
        assert tree is not None
        files = [{"rfilename": path} for path in tree]
        sha = repo.resolve(revision or "main")
        self._answer({"id": name, "sha": sha, "private": repo.private, "siblings": files})

    def tree(self, name: str, revision: str) -> None:
        if (tree := self._tree(name, revision)) is None:
            return
        start = int(self.query.get("cursor", ["0"])[0])
        entries = [blob.to_json(path) for path, blob in sorted(tree.items())]
        headers = {}
        if start + PAGE < len(entries):
            place = f"{self.server.url}{urlsplit(self.path).path}"
            headers["Link"] = f'<{place}?recursive=true&cursor={start + PAGE}>; rel="next"'
        self._answer(entries[start : start + PAGE], headers=headers)

    def refs(self, name: str) -> None:
        if (repo := self._repo(name)) is None:
            return
        tags = [
            {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid}
            for tag, oid in repo.tags.items()
        ]
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.main}
        self._answer({"branches": [main], "converts": [], "tags": tags})

    def set_tag(self, name: str, revision: str) -> None:
        tag = json.loads(self.body)["tag"]
        self.server.before_tag()
        if (repo := self._repo(name)) is None:
            return
        if tag in repo.tags:
            self._error(409)
            return
        repo.tags[tag] = repo.resolve(revision)
        self._answer({})

    def remove_tag(self, name: str, tag: str) -> None:
        if (repo := self._repo(name)) is None:
            return
        self.server.before_tag()
        if repo.tags.pop(tag, None) is None:
            self._error(404, {"X-Error-Code": "RevisionNotFound"})
            return
        self._answer({})

    # Uploads

    def validate(self) -> None:
        self._answer({"errors": [], "warnings": []})

    def preupload(self, name: str, revision: str) -> None:
        if (tree := self._tree(name, revision)) is None:
            return
        files = [
            {
                "path": each["path"],
                "uploadMode": "lfs" if each["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False,
                "oid": tree[each["path"]].sha256 or tree[each["path"]].oid
                if each["path"] in tree
                else None,
            }
            for each in json.loads(self.body)["files"]
        ]
        self._answer({"files": files})

    def lfs_batch(self, name: str) -> None:
        asked = json.loads(self.body)
        # Only huggingface_hub 0.36 asks; later ones use Xet whenever they have it.
        if self.server.cas is not None and "xet" in asked["transfers"]:
            self._answer({"transfer": "xet", "objects": []})
            return
        objects = []
        for each in asked["objects"]:
            found: Json = {"oid": each["oid"], "size": each["size"]}
            if each["oid"] not in self.server.large:
                found["actions"] = {"upload": {"href": f"{self.server.url}/upload/{each['oid']}"}}
            objects.append(found)
        self._answer({"transfer": "basic", "objects": objects})

    def upload(self, oid: str) -> None:
        assert hashlib.sha256(self.body).hexdigest() == oid
        with self.server.lock:
            self.server.uploads[oid] += 1
            self.server.before_upload(self.server.uploads.total())
            self.server.large[oid] = self.body
        self._answer({}, headers={"ETag": f'"{oid}"'})

    def xet_token(self, name: str, revision: str) -> None:
        cas = f"local://{self.server.cas}"
        data = {"casUrl": cas, "exp": 4102444800, "accessToken": "xet"}
        headers = {
            "X-Xet-Cas-Url": cas,
            "X-Xet-Token-Expiration": "4102444800",
            "X-Xet-Access-Token": "xet",
        }
        self._answer(data, headers=headers)

    def commit(self, name: str, revision: str) -> None:
        lines = [json.loads(line) for line in self.body.splitlines()]
        with self.server.lock:
            if (repo := self._repo(name)) is None:
                return
            header = lines[0]["value"]
            if header.get("parentCommit") not in (None, repo.main):
                self._error(412, {"X-Error-Message": "A commit has happened since."})
                return
            tree = dict(repo.commits[repo.main])
            for line in lines[1:]:
                self._apply(line["key"], line["value"], tree)
            oid = repo.commit(tree, header["summary"])
        url = f"{self.server.url}/datasets/{name}/commit/{oid}"
        self._answer({"success": True, "commitOid": oid, "commitUrl": url})

    def _apply(self, kind: str, value: Json, tree: Tree) -> None:
        path = value["path"]
        if kind == "file":
            tree[path] = self.server.put(base64.b64decode(value["content"]))
        elif kind == "lfsFile":
            assert value["oid"] in self.server.large or self.server.cas is not None
            pointer = git_oid(value["oid"].encode())
            tree[path] = Blob(pointer, value["size"], value["oid"])
        else:
            assert kind == "deletedFile"
            del tree[path]

    # Downloads

    def resolve(self, name: str, revision: str, path: str) -> None:
        if (tree := self._tree(name, revision)) is None:
            return
        if (blob := tree.get(path)) is None:
            self._error(404, {"X-Error-Code": "EntryNotFound"})
            return
        headers = {"X-Repo-Commit": self.server.repos[name].resolve(revision)}
        if blob.sha256 is None:
            headers["ETag"] = f'"{blob.oid}"'
            self._answer(self.server.small[blob.oid], headers=headers)
            return
        headers |= {"X-Linked-Size": str(blob.size), "X-Linked-ETag": f'"{blob.sha256}"'}
        headers["Location"] = f"{self.server.other_url}/large/{blob.sha256}"
        self._answer(b"", 302, headers)

    def stored(self, oid: str) -> None:
        data = self.server.large[oid]
        if (found := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))) is None:
            self._answer(data)
            return
        first, last = int(found[1]), int(found[2] or len(data) - 1)
        place = f"bytes {first}-{last}/{len(data)}"
        self._answer(data[first : last + 1], 206, {"Content-Range": place})


_NAME = r"([^/]+/[^/]+)"
ROUTES: list[tuple[str, Callable[..., None]]] = [
    (r"POST /api/repos/create", Handler.create),
    (r"POST /api/validate-yaml", Handler.validate),
    (rf"POST /api/datasets/{_NAME}/preupload/([^/]+)", Handler.preupload),
    (rf"POST /datasets/{_NAME}\.git/info/lfs/objects/batch", Handler.lfs_batch),
    (r"PUT /upload/(\w+)", Handler.upload),
    (rf"GET /api/datasets/{_NAME}/xet-(?:write|read)-token/([^/]+)", Handler.xet_token),
    (rf"POST /api/datasets/{_NAME}/commit/([^/]+)", Handler.commit),
    (rf"GET /api/datasets/{_NAME}/tree/([^/]+)", Handler.tree),
    (rf"GET /api/datasets/{_NAME}/refs", Handler.refs),
    (rf"POST /api/datasets/{_NAME}/tag/([^/]+)", Handler.set_tag),
    (rf"DELETE /api/datasets/{_NAME}/tag/([^/]+)", Handler.remove_tag),
    (rf"GET /api/datasets/{_NAME}", Handler.info),
    (rf"GET /api/datasets/{_NAME}/revision/([^/]+)", Handler.info),
    (rf"(?:GET|HEAD) /datasets/{_NAME}/resolve/([^/]+)/(.+)", Handler.resolve),
    (r"GET /large/(\w+)", Handler.stored),
]
