"""The pages on the clients say what the contract says. `python -m pytest sdks/contract`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from files import ROOT, read

CAPITAL = re.compile(r"(?=[A-Z])")
PAGES = sorted((ROOT / "docs" / "clients").glob("*.md"))


def test_the_page_on_errors_tells_of_each_class() -> None:
    page = (ROOT / "docs" / "clients" / "errors.md").read_text()
    errors = read("errors.json")
    for code, said in errors["codes"].items():
        group = "itself" if said["group"] == said["class"] else f"`{said['group']}`"
        assert f"| `{said['class']}` | {group} | `{code}` | {said['status']} | " in page
    for name in (*errors["network"], "UnexpectedAnswerError", "SessionExpiredError"):
        assert f"`{name}`" in page


def test_the_page_on_clients_tells_of_each_verb() -> None:
    page = (ROOT / "docs" / "clients" / "README.md").read_text()
    table = dict(re.findall(r"^\| `(\w+)` \| ((?:`\w+` ?)+) \|$", page, re.MULTILINE))
    said = [f"{noun}.{verb}" for noun, verbs in table.items() for verb in re.findall(r"\w+", verbs)]
    assert said == list(read("operations.json")["operations"])


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_names_no_operation_that_there_is_not(page: Path) -> None:
    operations = set(read("operations.json")["operations"])
    nouns = "|".join(sorted({operation.split(".")[0] for operation in operations}))
    for noun, verb in re.findall(rf"\bclient\.({nouns})\.(\w+)", page.read_text()):
        named = f"{noun}.{CAPITAL.sub('_', verb).lower()}"
        # What else a session has is not the server's.
        assert named in operations | {"session.subscribe", "session.state"}, named


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_leads_to_what_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).resolve().exists(), target
