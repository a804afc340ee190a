"""The quickstart, line by line, in an empty folder; the clients come from this repository instead of the registries."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import ROOT
from running import free_port

QUICKSTART = ROOT / "docs" / "clients" / "quickstart.md"
BLOCK = re.compile(r"(?:^`(?P<file>[\w.]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FIVE_MINUTES = 300


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build both packages as they are published; return the folder of the one and the file of the other."""
    folder = tmp_path_factory.mktemp("packages")
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder)]
    subprocess.run([*wheel, str(ROOT / "sdks" / "python")], check=True)
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", folder],  # noqa: S607 - found on the path on purpose
        cwd=ROOT / "sdks" / "typescript",
        check=True,
        capture_output=True,
        text=True,
    )
    return {"wheels": str(folder), "archive": str(folder / packed.stdout.strip())}


def test_the_quickstart_runs_as_it_stands(program: Path, packages: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "ntt-auth").symlink_to(program.resolve())
    script = ["set -euo pipefail"]
    text = QUICKSTART.read_text()
    for port in ("8080", "8000", "3000"):
        text = text.replace(port, str(free_port()))
    server = re.search(r"http://(127\.0\.0\.1:\d+)/health", text)
    assert server is not None
    for block in BLOCK.finditer(text):
        if block["language"] == "sh":
            script.append(block["text"].replace(" ntt-auth-client ", f" {packages['archive']} "))
        else:
            (folder / block["file"]).write_text(block["text"])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NTT_AUTH_")} | {
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "PIP_FIND_LINKS": packages["wheels"],
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "NTT_AUTH__HTTP__LISTEN": server[1],
    }
    began = time.monotonic()
    with (tmp_path / "said").open("w+") as output:
        # A session of its own, so that what it left running ends with it.
        running = subprocess.Popen(
            ["bash", "-c", "\n".join(script)],  # noqa: S607 - found on the path on purpose
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = running.wait(FIVE_MINUTES)
        finally:
            os.killpg(running.pid, signal.SIGTERM)
        output.seek(0)
        said = output.read()
    assert code == 0, said
    assert time.monotonic() - began < FIVE_MINUTES
    assert len(re.findall(r"HTTP/1\.1 401 ", said)) == 2
    python, typescript = re.findall(r"owner['\"]?: '([0-9a-f-]{36})'", said)
    assert python == typescript
