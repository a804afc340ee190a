"""A cluster that loses a member under load goes on by itself, and with it everything that was acknowledged (ENG-4).

These take long: `make clusters` runs them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Start
from harness.clusters import CLUSTERS, Cluster
from harness.engines import CannotBeHadError, data_folder, wait_for
from harness.load import Load

pytestmark = pytest.mark.long

SETTINGS = {
    "NTT_AUTH__LOG__LEVEL": "info",
    "NTT_AUTH__DATABASE__TIMEOUT": "2s",
    "NTT_AUTH__DATABASE__CONNECT_TIMEOUT": "2s",
    "NTT_AUTH__TOKENS__REFRESH_GRACE": "5 min",
}


@pytest.fixture(params=sorted(CLUSTERS))
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Run a cluster of a test's own."""
    with data_folder() as folder:
        made: Cluster | None = None
        try:
            made = CLUSTERS[request.param](folder)
            made.start()
        except CannotBeHadError as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(error))
        try:
            yield made
        finally:
            made.end()


def test_a_lost_member_loses_nothing(start: Start, cluster: Cluster, tmp_path: Path) -> None:
    server = start(SETTINGS | {"NTT_AUTH__DATABASE__URL": cluster.url()}, tmp_path)
    with Load(server.base) as load:
        load.await_answered(10, time.monotonic(), well=True)
        used = cluster.used()
        killed = time.monotonic()
        used.kill()
        cluster.lost(used)
        load.await_answered(1, killed, well=True, patience=cluster.gap)
        wait_for("readiness", lambda: server.api.get("/health/ready").status == 200, cluster.gap)
        again = time.monotonic()
        load.await_answered(10, again, well=True)
        cluster.rejoin(used)
        load.await_answered(10, time.monotonic(), well=True)
    writes = load.shots(load.WRITES, killed)
    first = min(shot.began + shot.took for shot in writes if 200 <= shot.status < 300)
    refused = sum(shot.status == 503 for shot in writes)
    print(  # noqa: T201 - a figure that is asked for
        f"{cluster.name}: first write {first - killed:.1f} s after the loss, all kinds after {again - killed:.1f} s; "
        f"{refused} of {len(writes)} writes refused"
    )
    # No answer but a request to come back, and validation never stopped.
    allowed = {f"{kind} {status}" for kind in load.WRITES for status in (200, 201, 204, 503)}
    assert load.statuses(load.WRITES).keys() <= allowed
    assert load.statuses(["validate"]).keys() == {"validate 200"}
    assert load.statuses(["refused"]).keys() == {"refused 401"}
    load.ledger.check(server.base)
