"""Somebody with a browser that keeps cookies and runs no scripts: signs in at the pages of a running server."""

from pathlib import Path
from typing import Self
from urllib.parse import urljoin

import requests
from tests.pages import Page
from tests.server import Server

_ALICE = {"username": "alice", "password": "Passw0rd!"}


class Visitor:
    """Follows redirects while they stay with the server. `url` is where the browser ended,
    `passwords` how often one was typed.

    `others` are further addresses that it follows to: an app's own.
    """

    def __init__(self, server: Server, *others: str, authority: Path | None = None) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(authority) if authority else True
        self._homes = (server.url, *others)
        self.url = ""
        self.text = ""
        self.passwords = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def go(self, url: str) -> str:
        """Where an app's address leads in the end: alice presses the first button of each page and signs in where
        asked."""
        self._fetch("GET", url)
        for _ in range(4):
            forms = Page(self.text).forms
            if not forms:
                return self.url
            self.passwords += "password" in forms[0].fields
            filled = {
                name: _ALICE.get(name, value) for name, value in [*forms[0].fields.items(), *forms[0].buttons[:1]]
            }
            self._fetch(forms[0].method.upper(), urljoin(self.url, forms[0].action), filled)
        raise AssertionError(f"still asked at {self.url}: {Page(self.text).words}")

    def _fetch(self, method: str, url: str, form: dict[str, str] | None = None) -> None:
        for _ in range(10):
            answer = self._session.request(method, url, data=form, allow_redirects=False, timeout=30)
            self.url, self.text = url, answer.text
            if not answer.is_redirect:
                return
            self.url = url = urljoin(url, answer.headers["location"])
            if not url.startswith(self._homes):
                self.text = ""
                return
            method, form = "GET", None
        raise AssertionError("redirected without end")
