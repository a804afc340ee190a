"""A service in Python and one in TypeScript that call each other."""

from __future__ import annotations

import sys

import pytest

from conftest import Person, Run, person
from harness.server import Server
from running import Example, free_port, until

# A revocation is honoured within this time after it was acknowledged, in seconds.
SOON = 1.0


@pytest.fixture(scope="module")
def stock_account(server: Server) -> Person:
    """Return whom the stock signs in as."""
    return person(server, "user")


@pytest.fixture(scope="module")
def services(run: Run, server: Server, stock_account: Person) -> tuple[Example, Example]:
    """Start both; each knows where the other is."""
    orders_account = person(server, "user")
    orders_port, stock_port = free_port(), free_port()
    stock = run(
        "service-to-service",
        *("node", "stock.js"),
        port=stock_port,
        ORDERS_URL=f"http://127.0.0.1:{orders_port}",
        SERVICE_EMAIL=stock_account.email,
        SERVICE_PASSWORD=stock_account.password,
    )
    orders = run(
        "service-to-service",
        *(sys.executable, "-m", "uvicorn", "orders:app", "--port", "{port}", "--no-access-log"),
        port=orders_port,
        STOCK_URL=f"http://127.0.0.1:{stock_port}",
        SERVICE_EMAIL=orders_account.email,
        SERVICE_PASSWORD=orders_account.password,
    )
    return orders, stock


def test_an_order_goes_through_both(services: tuple[Example, Example], ada: Person) -> None:
    orders, stock = services
    token = ada.sign_in()["accessToken"]
    statuses = [orders.api.send("POST", "/orders/apple", bearer=token).status for _ in range(12)]
    assert statuses == [201] * 10 + [409] * 2
    assert orders.api.get("/orders/apple", bearer=token).json() == {"item": "apple", "ordered": 10}
    assert stock.api.get("/stock/apple", bearer=token).json() == {"item": "apple", "left": 0}


def test_neither_serves_strangers(services: tuple[Example, Example]) -> None:
    orders, stock = services
    assert orders.api.get("/orders/pear").status == 401
    assert orders.api.send("POST", "/orders/pear").status == 401
    assert stock.api.get("/stock/pear").status == 401
    assert stock.api.get("/stock/pear", bearer="not.a.token").status == 401


def test_a_service_that_is_suspended_is_refused_by_the_other_within_a_second(
    services: tuple[Example, Example], server: Server, ada: Person, admin: Person, stock_account: Person
) -> None:
    orders, stock = services
    token = ada.sign_in()["accessToken"]
    assert stock.api.get("/stock/plum", bearer=token).status == 200
    path = f"/api/v1/users/{stock_account.user_id}/suspend"
    assert server.api.send("POST", path, json_body={}, bearer=admin.sign_in()["accessToken"]).status == 200
    # The stock still knows who asks it, but the orders do not speak to it any more.
    assert until(lambda: stock.api.get("/stock/plum", bearer=token), 500) < SOON
    assert orders.api.get("/orders/plum", bearer=token).status == 200
