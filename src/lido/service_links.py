"""What Kubernetes sets in the environment of every pod for each service: those called lido or lido-… look like ours."""

import re
from collections.abc import Mapping

_PORT = re.compile(r"(tcp|udp|sctp)://")
_CURE = "; Kubernetes sets it so for one of its services: put `enableServiceLinks: false` into the pod's spec"


def cure(name: str, value: object) -> str:
    """What to do where the setting `name` is a port and its value that of a service link, `tcp://10.0.0.1:80`."""
    return _CURE if name.endswith("port") and isinstance(value, str) and _PORT.match(value) else ""


def prefixes(environ: Mapping[str, str]) -> tuple[str, ...]:
    """How the names of the variables begin that are service links."""
    services = [
        name.removesuffix("_SERVICE_HOST")
        for name in environ
        if name.endswith("_SERVICE_HOST") and name.removesuffix("HOST") + "PORT" in environ
    ]
    return tuple(f"{service}_{kind}" for service in services for kind in ("SERVICE_", "PORT"))
