"""schemathesis reads the OpenAPI document that the server serves, and tries everything it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from harness import ROOT, Start

# Examples that are made up for each operation, besides those of the document and those at the edges of each schema.
EXAMPLES = "25"
METRICS_TOKEN = "Metrics-Token-For-The-Whole-Run-1234"


def test_the_server_keeps_what_its_openapi_document_promises(start: Start, tmp_path: Path) -> None:
    server = start({"NTT_AUTH__METRICS__TOKEN": METRICS_TOKEN})
    environment = os.environ | {
        "NTT_E2E_BASE": server.base,
        "NTT_E2E_PROGRAM": str(server.binary.program),
        "NTT_E2E_FOLDER": str(server.binary.folder),
        "SCHEMATHESIS_HOOKS": "harness.schemathesis_hooks",
        "PYTHONPATH": str(ROOT / "e2e"),
    }

    result = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            f"--config-file={ROOT / 'e2e' / 'schemathesis.toml'}",
            "run",
            f"{server.base}/openapi.json",
            "--checks=all",
            "--phases=examples,coverage,fuzzing",
            f"--max-examples={EXAMPLES}",
            # It has no end.
            "--exclude-path=/api/v1/revocations/stream",
            "--request-timeout=30",
            "--seed=1",
            "--continue-on-failure",
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-5_000:]
