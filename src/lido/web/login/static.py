"""The few files that pages use, each under a name that changes with its content, so that browsers keep it for ever."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

from starlette.responses import Response

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_POWERLESS = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


def versioned(name: str) -> str:
    """The name under which a file is served: style.css is style.0123456789ab.css."""
    stem, _, kind = name.rpartition(".")
    return f"{stem}.{sha256(_files()[name]).hexdigest()[:12]}.{kind}"


def is_one(name: str) -> bool:
    """Whether a file has that versioned name."""
    return name in _served()


def get(name: str) -> Response:
    """The file of that versioned name; 404 for any other."""
    content = _served().get(name)
    if content is None:
        return Response(status_code=404)
    return Response(content, headers=_HEADERS, media_type=_TYPES[name.rpartition(".")[2]])


def respond(content: bytes, media_type: str) -> Response:
    """A file that an operator brought: whoever opens it by itself is shown a picture without any rights."""
    return Response(content, headers={**_HEADERS, "content-security-policy": _POWERLESS}, media_type=media_type)


@cache
def _files() -> dict[str, bytes]:
    folder = files("lido.web.login").joinpath("static")
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name.rpartition(".")[2] in _TYPES}


@cache
def _served() -> dict[str, bytes]:
    return {versioned(name): content for name, content in _files().items()}
