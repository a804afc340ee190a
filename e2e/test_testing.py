"""What the server offers those who test other software against it (docs/TESTING.md)."""

from __future__ import annotations

import base64
import hashlib
import zlib
from pathlib import Path

from harness import PASSWORD, Start
from harness.server import Binary

ADA = "ada@example.com"
NEW_PASSWORD = "Difference-Engine-1822"
FIXED = {"NTT_AUTH__TESTING__FIXED_CODES": "true"}


def fixed_code(kind: str, email: str) -> str:
    """Make the code as docs/TESTING.md says."""
    prefix = {"verify_email": "ntt_ve_", "reset_password": "ntt_rp_", "confirm_email": "ntt_ce_"}[kind]
    secret = hashlib.sha256(f"{kind}:{email.lower()}".encode()).digest()
    code = prefix + base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    return code + f"{zlib.crc32(code.encode()):08x}"


def test_fixed_codes_spare_a_test_the_mail(start: Start) -> None:
    server = start(FIXED)
    api = server.api
    api.register(ADA, PASSWORD)
    body = {"token": fixed_code("reset_password", ADA), "newPassword": NEW_PASSWORD}
    early = api.post("/api/v1/auth/reset-password", body)
    assert early.status == 422, early.body

    verified = api.post("/api/v1/auth/verify-email", {"token": fixed_code("verify_email", "Ada@Example.com")})
    assert verified.status == 204, verified.body
    token = api.login(ADA, PASSWORD)["accessToken"]
    assert api.get("/api/v1/users/me", bearer=token).json()["isEmailVerified"]

    for password in [NEW_PASSWORD, "Analytical-Engine-1837"]:
        assert api.post("/api/v1/auth/forgot-password", {"email": ADA}).status == 202
        # The request is looked into in the background, which is done when this answers. It also keeps the distance that
        # there must be between two mails to one person.
        assert api.post("/api/v1/test/clock", {"advance": "2 minutes"}).status == 200
        body = {"token": fixed_code("reset_password", ADA), "newPassword": password}
        reset = api.post("/api/v1/auth/reset-password", body)
        assert reset.status == 204, reset.body
        api.login(ADA, password)
        assert api.post("/api/v1/auth/reset-password", body).status == 422, "a code is used once"


def test_codes_are_drawn_by_chance_unless_asked_otherwise(start: Start) -> None:
    api = start().api
    api.register(ADA, PASSWORD)
    assert api.post("/api/v1/auth/verify-email", {"token": fixed_code("verify_email", ADA)}).status == 422


def test_no_profile_but_test_has_fixed_codes(program: Path, tmp_path: Path) -> None:
    for profile in ["development", "production"]:
        settings = FIXED | {"NTT_AUTH__PROFILE": profile, "NTT_AUTH__PASSWORD__BCRYPT_COST": "12"}
        checked = Binary(program, tmp_path, settings).run("config", "check")
        assert checked.returncode != 0
        assert "testing.fixed_codes" in checked.stderr
        assert 'only the profile "test" has it' in checked.stderr
