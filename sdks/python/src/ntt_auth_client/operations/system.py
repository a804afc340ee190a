"""The server itself."""

from __future__ import annotations

from typing import Any, Literal

from ntt_auth_client._core.effects import Plan
from ntt_auth_client._core.exchange import Auth, Call
from ntt_auth_client._core.http import Request, segment
from ntt_auth_client._core.settings import Context
from ntt_auth_client.models import Backup, DetailedHealth, Health, JobList, SystemStats
from ntt_auth_client.operations.call import Id, ask, done, read


def health(context: Context) -> Plan[Health]:
    """Tell how the server is."""
    return read(Health, ask(context, "system.health", "GET", "//health", auth=Auth.NONE))


def live(context: Context) -> Plan[Health]:
    """Tell whether the process is alive."""
    return read(Health, ask(context, "system.live", "GET", "//health/live", auth=Auth.NONE))


def ready(context: Context) -> Plan[Health]:
    """Tell whether requests may be sent there. A server that is not ready is no error: its `status` says so."""
    call = Call.of(context, "system.ready", repeatable=True)
    request = Request("GET", "/health/ready", timeout=context.settings.timeout)
    return call.parsed((yield from call.attempts(request, accepted=frozenset({503}))), Health)


def detailed(context: Context) -> Plan[DetailedHealth]:
    """Tell how each part of the server is; administrators are told why."""
    return read(DetailedHealth, ask(context, "system.detailed", "GET", "//health/detailed", auth=Auth.OPTIONAL))


def stats(context: Context, *, days: int | None = None) -> Plan[SystemStats]:
    """Count accounts, sessions and jobs, and for each day registrations and sign-ins.

    Args:
        days: How many days, today the last.
    """
    return read(SystemStats, ask(context, "system.stats", "GET", "/system/stats", query={"days": days}))


def backup(context: Context) -> Plan[Backup]:
    """Make a backup in the folder that is configured."""
    return read(Backup, ask(context, "system.backup", "POST", "/system/backup"))


def metrics(context: Context) -> Plan[str]:
    """Return the metrics in the text format of OpenMetrics. Needs the client's `metrics_token`."""
    call = Call.of(context, "system.metrics", repeatable=True)
    request = Request("GET", "/metrics", headers={"Accept": "*/*"}, timeout=context.settings.timeout)
    answer = yield from call.attempts(request, context.settings.metrics_token)
    return answer.content.decode()


def jwks(context: Context) -> Plan[dict[str, Any]]:
    """Return the public keys (RFC 7517 § 5). A `TokenVerifier` does so by itself."""
    call, answer = yield from ask(context, "system.jwks", "GET", "//.well-known/jwks.json", auth=Auth.NONE)
    return call.object(answer)


def openapi(context: Context) -> Plan[dict[str, Any]]:
    """Return the OpenAPI document."""
    call, answer = yield from ask(context, "system.openapi", "GET", "//openapi.json", auth=Auth.NONE)
    return call.object(answer)


def list_jobs(
    context: Context,
    *,
    state: Literal["waiting", "leased", "done", "dead"] | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Plan[JobList]:
    """Return one page of jobs.

    Args:
        state: Those that stand there.
        limit: How many at most.
        cursor: The `next_cursor` of the page before.
    """
    query = {"state": state, "limit": limit, "cursor": cursor}
    return read(JobList, ask(context, "system.list_jobs", "GET", "/system/jobs", query=query))


def retry_job(context: Context, job_id: Id) -> Plan[None]:
    """Have a job that was given up tried again."""
    return done(ask(context, "system.retry_job", "POST", f"/system/jobs/{segment(job_id)}/retry"))


def remove_job(context: Context, job_id: Id) -> Plan[None]:
    """Throw a job away."""
    return done(ask(context, "system.remove_job", "DELETE", f"/system/jobs/{segment(job_id)}"))
