"""The way to a database server is encrypted, and nobody else's certificate is believed (V12.3.1, V12.3.2)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from harness import Start
from harness.certificates import make_certificate
from harness.engines import CannotBeHadError, Engine, MariaDb, MongoDb, Postgres, data_folder
from harness.server import Binary


class SecureMariaDb(MariaDb):
    """MariaDB with a certificate."""

    def command(self) -> list[str | Path]:
        """Return the command that becomes the server."""
        return [*super().command(), f"--ssl-cert={certificate(self)}", f"--ssl-key={key(self)}"]

    def encrypted(self) -> int:
        """How many connections were encrypted so far."""
        return int((self.sql("SHOW GLOBAL STATUS LIKE 'Ssl_finished_accepts'") or "x\t0").split()[1])


class SecurePostgres(Postgres):
    """PostgreSQL with a certificate."""

    def command(self) -> list[str | Path]:
        """Return the command that becomes the server."""
        secure = ("-c", "ssl=on", "-c", f"ssl_cert_file={certificate(self)}", "-c", f"ssl_key_file={key(self)}")
        return [*super().command(), *secure]

    def encrypted(self) -> int:
        """How many connections are encrypted now."""
        return int(self.sql("SELECT count(*) FROM pg_stat_ssl WHERE ssl AND pid <> pg_backend_pid()") or "0")


class SecureMongoDb(MongoDb):
    """MongoDB with a certificate."""

    def prepare(self) -> None:
        """Make the folder of its data, and the one file that it wants."""
        super().prepare()
        self.pem.write_bytes(certificate(self).read_bytes() + key(self).read_bytes())

    @property
    def pem(self) -> Path:
        """Certificate and key."""
        return self.folder / "both.pem"

    def command(self) -> list[str | Path]:
        """Return the command that becomes the server."""
        return [*super().command(), "--tlsMode", "preferTLS", "--tlsCertificateKeyFile", self.pem]

    def encrypted(self) -> int:
        """How many connections were encrypted so far."""
        with self.connect() as client:
            return sum(client.admin.command("serverStatus")["transportSecurity"].values())


Secure = SecureMariaDb | SecurePostgres | SecureMongoDb
# How an address says that certificate and name are checked.
CHECKED: dict[type[Engine], str] = {
    SecureMariaDb: "?ssl-mode=VERIFY_IDENTITY",
    SecurePostgres: "?sslmode=verify-full",
    SecureMongoDb: "&tls=true&directConnection=true",
}


def certificate(engine: Engine) -> Path:
    """Return the certificate that an engine shows: for `localhost`, and for no address."""
    return engine.folder.parent / f"{engine.name}.crt"


def key(engine: Engine) -> Path:
    """Return its key."""
    return engine.folder.parent / f"{engine.name}.key"


@pytest.fixture(scope="module", params=CHECKED, ids=lambda kind: kind.name)
def secure(request: pytest.FixtureRequest) -> Iterator[Secure]:
    """Run a database server that has a certificate, of each kind in turn."""
    with data_folder() as folder:
        kind: type[Secure] = request.param
        make_certificate(folder, kind.name, x509.DNSName("localhost"))
        secret = folder / f"{kind.name}.key"
        secret.chmod(0o600)
        if kind.user is not None and os.geteuid() == 0:
            shutil.chown(secret, kind.user, kind.user)
        try:
            one = kind(folder / kind.name)
        except CannotBeHadError as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(error))
        one.start()
        yield one
        one.end()


def settings(engine: Secure, host: str = "localhost") -> dict[str, str]:
    """Return settings that demand a checked certificate, of the server at a host."""
    url = engine.new_database().replace("127.0.0.1", host) + CHECKED[type(engine)]
    return {"NTT_AUTH__DATABASE__URL": url, "NTT_AUTH__DATABASE__CA_FILE": str(certificate(engine))}


def test_v12_3_1_a_server_works_over_a_protected_way(secure: Secure, start: Start) -> None:
    before = secure.encrypted()
    server = start(settings(secure))

    server.api.register("ada@example.com", "Correct-Horse-7-Battery")
    token = server.api.login("ada@example.com", "Correct-Horse-7-Battery")["accessToken"]

    assert server.api.get("/api/v1/auth/validate", bearer=token).status == 200
    assert secure.encrypted() > before


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_v12_3_2_nobody_elses_certificate_is_believed(
    secure: Secure, program: Path, tmp_path: Path, wrong: str
) -> None:
    wanted = settings(secure, host="127.0.0.1" if wrong == "name" else "localhost")
    if wrong == "authority":
        make_certificate(tmp_path, "stranger", x509.DNSName("localhost"))
        wanted["NTT_AUTH__DATABASE__CA_FILE"] = str(tmp_path / "stranger.crt")

    refused = Binary(program, tmp_path, wanted).run("migrate")

    assert refused.returncode != 0
    assert "certificate" in refused.stderr, refused.stderr
