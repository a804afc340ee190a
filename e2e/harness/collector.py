"""A collector of OpenTelemetry traces: rotel, which prints what it is sent."""

from __future__ import annotations

import importlib.util
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PATIENCE = 30.0
FIELDS = {
    "Trace ID": "trace",
    "Parent ID": "parent",
    "ID": "id",
    "Name": "name",
    "Kind": "kind",
    "Status code": "status",
}
ATTRIBUTE = re.compile(r"^ +-> ([^:]+): (\w+)\((.*)\)$")


@dataclass
class Span:
    """What a span told."""

    trace: str = ""
    parent: str = ""
    id: str = ""
    name: str = ""
    kind: str = ""
    status: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


def program() -> Path | None:
    """Return the collector's program, if it is installed."""
    found = importlib.util.find_spec("rotel")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "rotel-agent"
    return path if path.is_file() else None


class Collector:
    """A running collector."""

    def __init__(self, path: Path, folder: Path, port: int | None = None) -> None:
        """Start it, on a port of its own or a given one, and wait until it takes connections."""
        self.lines: list[str] = []
        self.port = port or free_port()
        arguments = ["start", "--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed"]
        self._process = subprocess.Popen(
            [
                path,
                *arguments,
                *("--otlp-http-endpoint", f"127.0.0.1:{self.port}", "--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}"),
                *("--pid-file", folder / "collector.pid", "--log-file", folder / "collector.log"),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        wait_until(self._listens, "the collector takes connections")

    @property
    def address(self) -> str:
        """Where it takes traces."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def text(self) -> str:
        """All that it was sent, as it prints it; what it says of itself is coloured."""
        return "".join(line for line in self.lines if "\x1b" not in line)

    def spans(self) -> list[Span]:
        """Return the spans that it was sent."""
        spans: list[Span] = []
        in_span = False
        for line in self.text.splitlines():
            if line.startswith("ResourceSpans #"):
                in_span = False
            elif line.startswith("Span #"):
                in_span = True
                spans.append(Span())
            elif in_span and (found := ATTRIBUTE.match(line)):
                spans[-1].attributes[found.group(1)] = found.group(3)
            elif in_span and ":" in line:
                name, _, value = (part.strip() for part in line.partition(":"))
                if name in FIELDS:
                    setattr(spans[-1], FIELDS[name], value)
        return spans

    def wait_for(self, name: str) -> Span:
        """Wait for a span of this name."""
        found: list[Span] = []

        def came() -> bool:
            found[:] = [span for span in self.spans() if span.name == name]
            return bool(found)

        wait_until(came, f"a span {name!r}")
        return found[-1]

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _read(self, stream: IO[str] | None) -> None:
        assert stream is not None
        with stream:
            for line in stream:
                self.lines.append(line)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds` returns true."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)
