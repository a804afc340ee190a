"""What is said of the examples."""

from __future__ import annotations

import pytest

from running import EXAMPLES

FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/README.md"))
A_PAGE = 45


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_readme_is_a_page_and_is_found(folder: str) -> None:
    assert len((EXAMPLES / folder / "README.md").read_text().splitlines()) <= A_PAGE
    assert f"[`{folder}`]({folder})" in (EXAMPLES / "README.md").read_text()


def test_each_example_has_a_readme() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert folders - {"tests", "node_modules"} == set(FOLDERS)
