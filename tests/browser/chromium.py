"""Chromium without a window, whose passkeys are kept by a virtual authenticator, on pages that this process serves."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import sync_playwright
from starlette.responses import Response

from lido.web.login import static
from lido.web.login.layout import Frame, render
from lido.web.login.pages import Page
from lido.web.login.troubles import Trouble

HERE = Path(__file__).parent
AXE = HERE.parent / "sdk" / "node_modules" / "axe-core" / "axe.min.js"
"""What looks for faults that keep people out, once `make setup` has installed it."""


def missing() -> str | None:
    """Why no browser can be started here; None where one can."""
    return None if shutil.which("chromium") else "chromium is not installed: nothing is tried in a browser"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Welcome(_Quiet):
    """An app's page for people who come back; at `/native` it leads them on to a program on their machine."""

    def do_GET(self) -> None:
        """Say welcome, or lead on."""
        if self.path.startswith("/native"):
            self.send_response(302)
            self.send_header("location", "example-app:/welcome")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b'<!doctype html><link rel="icon" href="data:,"><title>App</title><p>Welcome')

    def do_POST(self) -> None:
        """Welcome also whoever brings a form."""
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()


@contextmanager
def pages(folder: Path = HERE) -> Iterator[str]:
    """The address at which the pages of a folder are served."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://localhost:{served.server_address[1]}"
        served.shutdown()


@contextmanager
def app() -> Iterator[str]:
    """The address where an app waits for people to come back, which welcomes all."""
    with http.server.ThreadingHTTPServer(("localhost", 0), _Welcome) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://localhost:{served.server_address[1]}/callback"
        served.shutdown()


class Samples:
    """Every page with its sample, served as the real ones are. `names` are their addresses below `url`."""

    def __init__(self) -> None:
        frame = Frame(path="", query="client_id=c", csrf="token", app="Example Shop")
        samples = {page.__name__: page.sample() for page in Page.__subclasses__()}
        troubled = {
            f"{name}-{field or 'form'}": sample.with_trouble(Trouble("Something is wrong.", field))
            for name, sample in samples.items()
            for field in ("", *sorted(sample.fields)[:1])
        }
        self._made = {name: render(frame, page) for name, page in {**samples, **troubled}.items()}
        self.names = sorted(self._made)
        self.url = ""

    def answer(self, path: str) -> Response:
        name = path.partition("?")[0].strip("/")
        return self._made[name] if name in self._made else static.get(name.removeprefix("static/"))

    @contextmanager
    def served(self) -> Iterator["Samples"]:
        samples = self

        class Handler(_Quiet):
            def do_GET(self) -> None:
                response = samples.answer(self.path)
                self.send_response(response.status_code)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(bytes(response.body))

        with http.server.ThreadingHTTPServer(("localhost", 0), Handler) as served:
            threading.Thread(target=served.serve_forever, daemon=True).start()
            self.url = f"http://localhost:{served.server_address[1]}"
            yield self
            served.shutdown()


@contextmanager
def browser(**options: Any) -> Iterator[BrowserPage]:
    """An empty page of a fresh browser; `options` are those of a context."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = chromium.new_page(**options)
        yield page
        chromium.close()


class Authenticator:
    """The platform authenticator of a page's browser. `verifies`: it checks its user, by a finger that always fits."""

    def __init__(self, page: BrowserPage, *, verifies: bool = True) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        added = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = added["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        """What it keeps."""
        kept: list[dict[str, Any]] = self._devtools.send("WebAuthn.getCredentials", {"authenticatorId": self._id})[
            "credentials"
        ]
        return kept

    def count_from(self, count: int) -> None:
        """Set back, or forward, the counter of every credential, as a copy of them would count."""
        for credential in self.credentials():
            where = {"authenticatorId": self._id, "credentialId": credential["credentialId"]}
            self._devtools.send("WebAuthn.removeCredential", where)
            changed = credential | {"signCount": count}
            self._devtools.send("WebAuthn.addCredential", {"authenticatorId": self._id, "credential": changed})

    def forget_verification(self) -> None:
        """From now on the finger does not fit."""
        self._devtools.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": False})
