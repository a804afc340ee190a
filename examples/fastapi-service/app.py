"""A service whose routes need somebody signed in, or a role."""

import os
from typing import Annotated

from fastapi import Depends, FastAPI
from ntt_auth_client import AsyncTokenVerifier, Principal
from ntt_auth_client.integrations.fastapi import FastAPIAuth

verifier = AsyncTokenVerifier(
    os.environ.get("NTT_AUTH_URL", "http://127.0.0.1:8080"),
    feed_token=os.environ.get("NTT_AUTH_FEED_TOKEN"),
)
auth = FastAPIAuth(verifier)
app = FastAPI(title="Notes", lifespan=auth.lifespan)


@app.get("/")
async def hello(
    user: Annotated[Principal | None, Depends(auth.optional_user)],
) -> dict[str, str]:
    """Greet whoever asks."""
    return {"hello": str(user.user_id) if user else "stranger"}


@app.get("/notes")
async def notes(user: Annotated[Principal, Depends(auth.user)]) -> dict[str, object]:
    """Give the notes of whoever is signed in."""
    return {"owner": str(user.user_id), "notes": ["Buy milk"]}


@app.delete("/notes", status_code=204, dependencies=[Depends(auth.role("admin"))])
async def forget() -> None:
    """Throw all notes away, for administrators."""
