"""Secrets are written nowhere: not to the log at its most talkative, the output or the database (PRO-7).

Every server of this suite is searched when it stops (`Server.stop`), for every secret that went through its client.
The tests here take secrets to the places where they usually leak, and make sure that the search would find one.
"""

from __future__ import annotations

import pytest

from harness import PASSWORD, Start

CANARY = "Canary-In-The-Mine-42!"


def test_secrets_in_the_wrong_places_are_not_written(start: Start) -> None:
    server = start()
    api = server.api
    api.secrets.add(CANARY)
    api.register("ada@example.com", PASSWORD)
    tokens = api.login("ada@example.com", PASSWORD)

    api.post("/api/v1/auth/login", {"email": "ada@example.com", "password": CANARY})
    api.post("/api/v1/auth/login", {"email": CANARY + "@example.com", "password": CANARY})
    api.post("/api/v1/auth/login", {"password": CANARY, "unknown": CANARY})
    api.post("/api/v1/auth/register", {"email": CANARY, "password": CANARY, "phone": CANARY})
    api.send("POST", "/api/v1/auth/login", body=f'{{"password":"{CANARY}"'.encode())
    api.get(f"/api/v1/auth/validate?access_token={CANARY}")
    api.get(f"/api/v1/auth/validate?token={tokens['accessToken']}")
    api.get("/api/v1/auth/validate", bearer=tokens["accessToken"][:-4])
    api.send("GET", "/health", headers={"Authorization": f"Basic {CANARY}", "Cookie": f"session={CANARY}"})
    api.post("/api/v1/auth/refresh", {"refreshToken": tokens["refreshToken"]})
    api.post("/api/v1/auth/refresh", {"refreshToken": tokens["refreshToken"] + "x"})
    api.post(
        "/api/v1/auth/change-password",
        {"currentPassword": CANARY, "newPassword": CANARY + "-new"},
        bearer=tokens["accessToken"],
    )
    created = server.binary.run("user", "create", "bob@example.com", "--password-stdin", stdin=CANARY)

    assert created.returncode == 0, created.stderr
    assert CANARY not in created.stdout + created.stderr
    shown = server.binary.run("config", "print")
    assert shown.returncode == 0, shown.stderr
    master_key = (server.binary.folder / "data" / "master.key").read_text().strip()
    assert master_key not in "".join(server.output + server.log) + shown.stdout


def test_the_search_for_secrets_finds_one(start: Start) -> None:
    server = start()
    server.api.get("/health")
    server.api.secrets.add("/health")

    with pytest.raises(AssertionError, match="secrets were written"):
        server.stop()

    server.api.secrets.clear()
