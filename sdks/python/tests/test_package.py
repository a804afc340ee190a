"""What is published is whole."""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import ntt_auth_client

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import importlib, pkgutil, sys
import ntt_auth_client
names = [m.name for m in pkgutil.walk_packages(ntt_auth_client.__path__, "ntt_auth_client.")]
for name in names:
    if ".integrations." not in name and not name.endswith("testing.plugin"):
        importlib.import_module(name)
assert not {"fastapi", "starlette", "flask", "django", "keyring", "pytest"} & set(sys.modules)
from ntt_auth_client.testing import FakeAuthClient, FakeTokenVerifier
with FakeAuthClient() as client, FakeTokenVerifier(client.server) as verifier:
    client.server.add_user("ada@example.com", "secret")
    token = client.auth.login(email="ada@example.com", password="secret").access_token
    assert verifier.verify(token).email == "ada@example.com"
print(ntt_auth_client.__version__, ntt_auth_client.__file__)
"""


def run(*arguments: str | Path, cwd: Path = ROOT) -> str:
    """Run a program and return what it prints."""
    done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_models_are_those_of_the_document(tmp_path: Path) -> None:
    made = tmp_path / "models.py"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_models.py", made],
        check=True,
        env={**os.environ, "PATH": path},
    )
    assert filecmp.cmp(made, ROOT / "src" / "ntt_auth_client" / "models.py", shallow=False), "run `make types`"


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build them."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder)
    [wheel], [source] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


def test_what_is_in_the_artefacts(artefacts: tuple[Path, Path]) -> None:
    wheel, source = artefacts
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
        points = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert "ntt_auth_client/py.typed" in names
    assert not [name for name in names if not name.startswith("ntt_auth_client")]
    assert f"Version: {ntt_auth_client.__version__}\n" in metadata
    assert "Requires-Python: >=3.11\n" in metadata
    for extra in ("fastapi", "starlette", "flask", "django", "keyring"):
        assert f"Provides-Extra: {extra}\n" in metadata
    assert "ntt_auth_client.testing.plugin" in points
    with tarfile.open(source) as archive:
        inside = {name.split("/", 1)[1].split("/")[0] for name in archive.getnames() if "/" in name}
    assert inside == {"src", "README.md", "LICENSE-APACHE", "LICENSE-MIT", "PKG-INFO", "pyproject.toml", ".gitignore"}


def test_they_work_in_an_empty_environment(artefacts: tuple[Path, Path], tmp_path: Path) -> None:
    # The wheel was built from the source archive, so it stands for both. The dependencies are those that it names.
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--constraint", ROOT / "requirements-dev.txt", artefacts[0])
    version, place = run(python, "-I", "-c", PROGRAM, cwd=tmp_path).split()
    assert version == ntt_auth_client.__version__
    assert Path(place).is_relative_to(home)
