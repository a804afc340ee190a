"""What was ordered: asks the stock how many are left before it takes an order."""

import os
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
from fastapi import Depends, FastAPI, HTTPException
from ntt_auth_client import AsyncAuthClient, AsyncTokenVerifier
from ntt_auth_client.integrations.fastapi import FastAPIAuth

AUTH_URL = os.environ.get("NTT_AUTH_URL", "http://127.0.0.1:8080")
STOCK_URL = os.environ.get("STOCK_URL", "http://127.0.0.1:3002")

client = AsyncAuthClient(AUTH_URL)
auth = FastAPIAuth(
    AsyncTokenVerifier(AUTH_URL, feed_token=os.environ.get("NTT_AUTH_FEED_TOKEN"))
)
stock = httpx2.AsyncClient(base_url=STOCK_URL)
ordered: Counter[str] = Counter()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Sign in as the service that this is, and out at the end."""
    async with auth.lifespan(app), client, stock:
        email = os.environ.get("SERVICE_EMAIL", "orders@example.com")
        await client.auth.login(email=email, password=os.environ["SERVICE_PASSWORD"])
        yield
        await client.auth.logout()


app = FastAPI(title="Orders", lifespan=lifespan)


@app.get("/orders/{item}", dependencies=[Depends(auth.user)])
async def count(item: str) -> dict[str, object]:
    """Tell how many of an item were ordered."""
    return {"item": item, "ordered": ordered[item]}


@app.post("/orders/{item}", status_code=201, dependencies=[Depends(auth.user)])
async def order(item: str) -> dict[str, object]:
    """Order one of an item."""
    token = await client.session.access_token()
    answer = await stock.get(
        f"/stock/{item}", headers={"Authorization": f"Bearer {token}"}
    )
    answer.raise_for_status()
    if answer.json()["left"] < 1:
        raise HTTPException(409, "sold_out")
    ordered[item] += 1
    return {"item": item, "ordered": ordered[item]}
