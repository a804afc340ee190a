"""What the README says is true: its lines are run as they stand."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from harness import ROOT, Start
from harness.server import Server

README = (ROOT / "README.md").read_text()


def blocks_after(heading: str) -> list[str]:
    """Return the shell blocks of one chapter."""
    chapter = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL)


@pytest.mark.curl
def test_the_walk_through_runs_as_it_stands(start: Start) -> None:
    server: Server = start()
    (script,) = blocks_after("A walk through")
    assert script.count("http://127.0.0.1:8080") == 1, "the address is named once, at the top"

    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("http://127.0.0.1:8080", server.base)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert result.returncode == 0, result.stderr + result.stdout
    assert '"active":true' in result.stdout
    assert '"current":true' in result.stdout
    assert result.stdout.rstrip().endswith("}")
    assert '"code":"token_revoked"' in result.stdout


def test_every_command_of_the_table_exists(start: Start, program: Path) -> None:
    chapter = README.split("\n## Command line\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`ntt-auth[^|]*) \|", chapter, re.MULTILINE)
    commands: list[list[str]] = []
    for row in rows:
        first, *others = re.findall(r"`([^`]*)`", row)
        words = first.replace("[serve]", "serve").split()[1:]
        commands += [words, *([words[0], other] for other in others)]
    assert ["serve"] in commands
    assert ["keys", "rotate"] in commands

    for command in commands:
        result = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{command}: {result.stderr}"
    assert start().binary.run("config", "check").returncode == 0


def test_every_link_leads_somewhere() -> None:
    documents = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *ROOT.glob("docs/**/*.md"),
    ]
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text())
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert broken == []
