"""Telling what was measured: a table for people, JSON for programs, a plot for the page."""

import json
from pathlib import Path
from typing import Any

from tests.bench.measuring import Row

_HEAD = ("operation", "req/s", "p50 ms", "p99 ms", "CPU us", "DB us", "bare us", "ratio", "target", "peak MiB")


def table(rows: list[Row]) -> str:
    """The rows as Markdown, a table for each database and size of pool."""
    parts = []
    for engine, users in dict.fromkeys((row.engine, row.users) for row in rows):
        cells = [_cells(row, rows) for row in rows if (row.engine, row.users) == (engine, users)]
        parts.append(f"**{_NAMES[engine]}; {users:,} users**\n\n{_aligned([_HEAD, *cells])}")
    return "\n\n".join(parts)


_NAMES = {
    "sqlite": "SQLite, each sign-in synced to the disk",
    "postgresql": "PostgreSQL, the tests' own: it does not sync to the disk",
}


def _cells(row: Row, rows: list[Row]) -> tuple[str, ...]:
    ratio = f"{row.ratio:.1f}x hello" if row.inverse else f"{row.ratio:.2f}" if row.ratio else ""
    return (
        row.operation,
        f"{row.rate:,.0f}",
        f"{row.p50_ms:.1f}",
        f"{row.p99_ms:.1f}",
        f"{row.cpu_us:,.0f}",
        f"{row.database_cpu_us:,.0f}" if row.database_cpu_us else "",
        f"{row.bare_us:,.0f}" if row.bare_us else "",
        ratio,
        _verdict(row, rows),
        f"{row.peak_mib:.0f}",
    )


def _verdict(row: Row, rows: list[Row]) -> str:
    """The target of a row, and whether it was met: on PostgreSQL by comparison with SQLite's row of the same size."""
    if row.engine == "sqlite" and row.target is not None:
        met = (row.ratio <= row.target) if row.inverse else (row.ratio >= row.target)
        return f"{'<=' if row.inverse else '>='} {row.target:g} {'met' if met else 'MISSED'}"
    like = [r for r in rows if r.engine == "sqlite" and (r.operation, r.users) == (row.operation, row.users)]
    if row.engine == "postgresql" and row.postgresql_factor is not None and like:
        factor = row.cpu_us / like[0].cpu_us
        met = factor <= row.postgresql_factor
        return f"{factor:.1f}x SQLite <= {row.postgresql_factor:g} {'met' if met else 'MISSED'}"
    return ""


def _aligned(lines: list[tuple[str, ...]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    padded = [
        "| "
        + " | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|"
    return "\n".join([padded[0], rule, *padded[1:]])


def write(folder: Path, facts: dict[str, Any], rows: list[Row]) -> list[Path]:
    """JSON and plot in that folder; the files."""
    folder.mkdir(exist_ok=True)
    raw, picture = folder / "bench.json", folder / "bench.svg"
    raw.write_text(json.dumps({**facts, "rows": [row._asdict() for row in rows]}, indent=1))
    if not rows:
        return [raw]
    _plot(rows, picture)
    return [raw, picture]


def _plot(rows: list[Row], path: Path) -> None:
    """Where a request's processor time goes: its cryptography, the rest of the server, the database."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "lido"
    from matplotlib import pyplot as plt

    shown = [row for row in rows if row.users < 100_000]
    engines = list(dict.fromkeys(row.engine for row in shown))
    height = 1.2 + 0.3 * len({row.operation for row in shown})
    figure, axes = plt.subplots(1, len(engines), figsize=(5.5 * len(engines), height), sharey=True, squeeze=False)
    for axis, engine in zip(axes[0], engines, strict=True):
        of_engine = [row for row in shown if row.engine == engine]
        names = [row.operation for row in of_engine]
        crypto = [0.0 if row.yardstick in ("", "hello world") else row.bare_us for row in of_engine]
        rest = [max(0.0, row.cpu_us - bare) for row, bare in zip(of_engine, crypto, strict=True)]
        database = [row.database_cpu_us for row in of_engine]
        totals = [bare + own for bare, own in zip(crypto, rest, strict=True)]
        share = [sum(parts) for parts in zip(totals, database, strict=True)]
        for values, left, colour, label in (
            (crypto, [0.0] * len(names), "#35608d", "cryptography"),
            (rest, crypto, "#7fb4d8", "the rest of the server"),
            (database, totals, "#d8a25f", "the database"),
        ):
            width = [100 * value / whole for value, whole in zip(values, share, strict=True)]
            start = [100 * value / whole for value, whole in zip(left, share, strict=True)]
            axis.barh(names, width, left=start, color=colour, label=label)
        for number, whole in enumerate(share):
            axis.text(101, number, f"{whole:,.0f} us", va="center", fontsize=8)
        axis.set(title=_NAMES[engine].partition(",")[0], xlabel="% of the processor time of a request", xlim=(0, 118))
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].invert_yaxis()  # of both: they share it
    axes[0][0].legend(loc="upper center", bbox_to_anchor=(1.0, -0.18), ncols=3, frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
