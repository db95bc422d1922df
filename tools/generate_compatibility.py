"""Writes docs/compatibility.md from the service model and what is built; with --check, says whether it is fresh."""

import inspect
import sys
from pathlib import Path

from lido import operations
from lido.shapes import catalogue

PAGE = Path(__file__).parent.parent / "docs" / "compatibility.md"
TITLES = {"cognito-idp": "User pools (`cognito-idp`)", "cognito-identity": "Identity pools (`cognito-identity`)"}
ALWAYS_REFUSED = dict.fromkeys(
    ("CreateUserPoolReplica", "DeleteUserPoolReplica", "UpdateUserPoolReplica"),
    "refused: a second region is a second installation ([replicas.md](replicas.md))",
)
"""What no request can be granted here, with the reason: these operations answer with a refusal of their model."""
HEAD = """\
# Compatibility

Generated from the service model and `src/lido/operations` by `make docs`.

Every operation of both services, and its state. One that is not built yet answers HTTP 501 with
`NotImplementedException` and a message that names it and this page. How built operations differ from AWS's stands in
[deviations.md](deviations.md).
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_service(service) for service in TITLES)


def _service(service: str) -> str:
    names = sorted(name for of, name in catalogue.OPERATIONS if of == service)
    built = {name: function for (of, name), function in operations.built().items() if of == service}
    lines = [_line(name, built.get(name)) for name in names]
    refused = len(ALWAYS_REFUSED.keys() & built)
    but = f"; {refused} of them refuse every request, for the reason given" if refused else ""
    head = f"\n## {TITLES[service]}\n\n{len(built)} of {len(names)} are built{but}.\n\n"
    return head + "| Operation | State | Where |\n|---|---|---|\n" + "".join(lines)


def _line(name: str, function: object) -> str:
    if function is None:
        return f"| `{name}` | not built yet | |\n"
    source = Path(inspect.getsourcefile(function) or "")  # type: ignore[arg-type]  # it is a function
    return f"| `{name}` | {ALWAYS_REFUSED.get(name, 'built')} | `{source.relative_to(PAGE.parent.parent)}` |\n"


def main() -> int:
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), "utf-8")
    elif not PAGE.is_file() or PAGE.read_text("utf-8") != page():
        print("docs/compatibility.md is stale: run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
