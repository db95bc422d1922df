"""Somebody with a browser, in this process: it keeps cookies, follows redirects within the site and fills in forms."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tests.world import World

CALLBACK = "https://app.example.com/callback"
OAUTH = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile"],
    "CallbackURLs": [CALLBACK],
    "LogoutURLs": ["https://app.example.com/"],
    "SupportedIdentityProviders": ["COGNITO"],
}
VOID = {"input", "meta", "link", "br", "path"}


def oauth_app(house: World, pool_id: str, **arguments: Any) -> dict[str, Any]:
    """An app client whose people sign in at the pages."""
    return house.app(pool_id, **{**OAUTH, **arguments})


class Form:
    """A form as it stands on the page: its fields with what is in them, and its buttons."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method.lower()
        self.fields: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []


class Page(HTMLParser):
    """What a page says, by its parts."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.inputs: dict[str, dict[str, str | None]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._link = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.forms.append(Form(given.get("action") or "", given.get("method") or "get"))
        elif tag == "input" and given.get("type") != "submit":
            self.forms[-1].fields[name] = value
            self.inputs[name] = given
        elif tag in ("button", "input"):
            self.forms[-1].buttons.append((name, value))
        elif tag == "a":
            self._link = given.get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._link:
            self.links[data.strip()] = self._link

    @property
    def words(self) -> str:
        """What a person reads, on one line."""
        return " ".join(self.text.split())

    def field(self, name: str) -> dict[str, str | None]:
        """The attributes of an input."""
        return self.inputs[name]

    def complaint(self, name: str) -> str:
        """What is tied to that input as wrong; '' where nothing is."""
        named = self.inputs[name].get("aria-describedby")
        return named or ""


class Browser:
    """A browser at the pages of a pool, sent there by an app. `page` is what it shows, `left` where it went at last."""

    def __init__(self, house: World, pool_id: str, client_id: str, *, base: str = "", **query: str) -> None:
        self.house = house
        self.base = base or f"{house.lido.house.public_url}/{pool_id}"
        given = {"client_id": client_id, "response_type": "code", "redirect_uri": CALLBACK, "state": "s-1"}
        self.query = urlencode({**given, **query})
        self.cookies: dict[str, str] = {}
        self.status = 0
        self.headers: dict[str, str] = {}
        self.markup = ""
        self.left = ""

    @property
    def page(self) -> Page:
        return Page(self.markup)

    @property
    def words(self) -> str:
        return self.page.words

    @property
    def title(self) -> str:
        """The page's heading."""
        return self.markup.partition("<h1>")[2].partition("</h1>")[0]

    @property
    def given(self) -> dict[str, str]:
        """What the app was told, in the query or in the fragment."""
        url = urlsplit(self.left)
        return dict(parse_qsl(url.query) + parse_qsl(url.fragment))

    def open(self, path: str, query: str | None = None) -> "Browser":
        """Fetch a page of the pool, with the app's request in its query."""
        query = self.query if query is None else query
        return self.fetch("GET", f"{self.base}/{path}" + (f"?{query}" if query else ""))

    def follow(self, link: str) -> "Browser":
        """Follow a link by its words."""
        return self.fetch("GET", urljoin(self.base, self.page.links[link]))

    def submit(
        self, *, form: int = 0, button: int = 0, headers: dict[str, str] | None = None, **typed: str
    ) -> "Browser":
        """Fill in a form and press a button of it."""
        shown = self.page.forms[form]
        fields = {**shown.fields, **typed}
        if shown.buttons and shown.buttons[button][0]:
            name, value = shown.buttons[button]
            fields[name] = value
        return self.post(shown.action, fields, headers)

    def post(self, action: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> "Browser":
        """Send a form, as the browser of a page of the pool does."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.base))
        sent = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": origin,
            "sec-fetch-site": "same-origin",
            **(headers or {}),
        }
        url = urljoin(self.base, action)
        return self.fetch("POST", url, sent, urlencode(fields).encode())

    def fetch(self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b"") -> "Browser":
        """One request, and whatever it is redirected to within the site."""
        self.left = ""
        for _ in range(5):
            carried = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            status, answered, content = self.house.http(method, url, {**(headers or {}), **carried}, body)
            self.status, self.headers, self.markup = status, answered, content.decode()
            self._keep(answered.get("set-cookie", ""))
            target = answered.get("location")
            if target is None:
                return self
            url = urljoin(url, target)
            if not url.startswith(self.base):
                self.left = url
                return self
            method, headers, body = "GET", {}, b""
        raise AssertionError("redirected without end")

    def sign_in(self, username: str, password: str) -> "Browser":
        """From the first page on, by name and password."""
        return self.open("login").submit(username=username, password=password)

    def _keep(self, lines: str) -> None:
        for line in filter(None, lines.split("\n")):
            name, _, value = line.partition(";")[0].partition("=")
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
