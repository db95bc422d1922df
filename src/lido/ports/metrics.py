"""The operators' port: /metrics for Prometheus, of this process."""

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, start_http_server

_log = structlog.get_logger("lido.metrics")


def serve_metrics(registry: CollectorRegistry, host: str, port: int) -> bool:
    """Serve the registry, and the process's own figures, from a thread; False, with a warning, when that fails."""
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    try:
        start_http_server(port, host, registry)
    except OSError as error:
        _log.warning("the operators' port cannot be opened", host=host, port=port, trouble=error.strerror)
        return False
    return True
