"""The contract holds together: it is well-formed, and covers the API. `python -m pytest sdks/contract`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import jws
from files import HERE, openapi, read
from layout import written

FILES = sorted(path.name for path in HERE.glob("*.json"))
REPLAYED = ("operations.json", "errors.json", "retries.json", "refresh.json", "clock.json")
VERIFIED = ("keys.json", "feed.json")

STEPS = {"call", "parallel", "advance", "setClock", "store"}
VERIFIER_STEPS = {"verify", "advance", "setClock", "stream", "events", "close", "poll", "expect"}
REQUEST = {"method", "path", "query", "headers", "json", "text"}
RESPONSE = {
    "status",
    "headers",
    "json",
    "text",
    "base64",
    "problem",
    "failure",
    "after",
    "store",
    "keySet",
    "maxAge",
    "events",
}
EXPECT = {"result", "error", "tokens", "slept", "told"}
ERROR = {"class", "group", "code", "status", "requestId", "operation", "title", "detail", "retryAfter", "errors"}
FAILURES = {"dns", "connect", "connectTimeout", "timeout", "reset", "truncated"}
TOLD = {"signed_in", "refreshed", "signed_out", "session_expired"}


def api_operations() -> dict[str, tuple[str, str, Any]]:
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
        if operation["tags"] != ["Pages"]
    }


def all_cases(*files: str) -> list[Any]:
    return [pytest.param(case, id=f"{name}: {case['name']}") for name in files for case in read(name)["cases"]]


def calls(case: Any) -> Iterator[Any]:
    for step in case["steps"]:
        if "call" in step:
            yield step
        yield from step.get("parallel", ())


def exchanges(case: Any) -> Iterator[Any]:
    for step in case["steps"]:
        yield from step.get("exchange", ())
        yield from (step[kind] for kind in ("stream", "poll") if kind in step)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_laid_out_as_all_are(name: str) -> None:
    assert (HERE / name).read_text() == written(read(name))


@pytest.mark.parametrize("name", FILES)
def test_the_readme_tells_of_each_file(name: str) -> None:
    assert f"| `{name}` |" in (HERE / "README.md").read_text()


@pytest.mark.parametrize("name", FILES)
def test_names_of_cases_are_unique(name: str) -> None:
    names = [case["name"] for case in read(name)["cases"]]
    assert len(names) == len(set(names))
    assert all(case["why"].endswith(".") for case in read(name)["cases"])


def test_each_operation_of_the_api_has_a_verb_and_a_case() -> None:
    table = read("operations.json")["operations"]
    assert {operation["operationId"] for operation in table.values()} - {None} == set(api_operations())
    called = {call["call"] for case in read("operations.json")["cases"] for call in calls(case)}
    assert called == set(table)


def verbs_of_the_api() -> list[str]:
    return [verb for verb, said in read("operations.json")["operations"].items() if said["operationId"] is not None]


@pytest.mark.parametrize("verb", verbs_of_the_api())
def test_the_arguments_of_an_operation_are_those_of_the_api(verb: str) -> None:
    said = read("operations.json")["operations"][verb]
    method, _, operation = api_operations()[said["operationId"]]
    parameters = {
        parameter["name"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "header" and parameter["name"] not in CONSTANT
    }
    given = {name.rstrip("?") for name in said["positional"]} | set(said["options"])
    assert given - EXTRA.get(verb, set()) == (parameters | body_members(operation)) - LEFT_OUT.get(verb, set())
    if method in {"PATCH", "POST"}:
        assert said["repeatable"] is (verb in {"auth.logout", "users.logout_all"})
    else:
        assert said["repeatable"] is (verb != "me.delete")


# Given by the choice of the verb.
CONSTANT = {"erase"}
# The token of a call is not in its body; the file is the body.
EXTRA = {"auth.validate": {"token"}, "users.import_users": {"source"}}
# Taken from the store, or asked for page by page.
LEFT_OUT = {
    "auth.login": {"session"},
    "auth.refresh": {"refreshToken"},
    "auth.logout": {"refreshToken"},
    "users.iterate": {"cursor"},
    "audit.iterate": {"cursor"},
}


def body_members(operation: Any) -> set[str]:
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for one in (schema, *schema.get("oneOf", ())):
        if "$ref" in one:
            return set(openapi()["components"]["schemas"][one["$ref"].rsplit("/", 1)[1]]["properties"])
    return set()


def test_each_code_has_a_class_and_a_case() -> None:
    errors = read("errors.json")
    codes = set(openapi()["components"]["schemas"]["ProblemCode"]["enum"])
    assert set(errors["codes"]) == codes
    assert codes <= {case["name"] for case in errors["cases"]}
    classes = [code["class"] for code in errors["codes"].values()]
    assert len(classes) == len(set(classes))
    for code, said in errors["codes"].items():
        named = "".join(word.capitalize() for word in code.split("_")) + "Error"
        assert said["class"] == {"timeout": "RequestTimeoutError"}.get(code, named)
        assert said["group"] in errors["groups"]


@pytest.mark.parametrize("code", read("errors.json")["codes"])
def test_a_code_has_the_status_of_the_api(code: str) -> None:
    status = read("errors.json")["codes"][code]["status"]
    answers = openapi()["components"]["responses"]
    said = {name.split("-")[0] for name in answers if code in name.partition("-")[2].split(".")}
    # No route is answered 405 by its own description.
    assert said == ({str(status)} if code != "method_not_allowed" else set())


def test_errors_form_one_tree() -> None:
    groups = read("errors.json")["groups"]
    assert set(groups.values()) <= set(groups) | {"NttAuthError"}
    assert set(read("errors.json")["network"].values()) == {"NetworkError"}
    assert set(read("errors.json")["byStatus"].values()) <= set(groups)


@pytest.mark.parametrize("case", all_cases(*REPLAYED))
def test_a_case_says_nothing_that_the_readme_does_not_explain(case: Any) -> None:
    assert set(case) <= {"name", "why", "only", "client", "steps"}
    assert set(case.get("only", ())) <= {"python", "typescript"}
    assert set(case.get("client", {})) <= {"now", "random", "signedIn", "mode", "feedToken", "metricsToken"}
    table = read("operations.json")["operations"]
    for step in case["steps"]:
        assert len(STEPS & set(step)) == 1, step
    for call in calls(case):
        said = table[call["call"]]
        given = {name.rstrip("?") for name in said["positional"]} | set(said["options"])
        assert set(call["arguments"]) <= given
        assert {name for name in said["positional"] if not name.endswith("?")} <= set(call["arguments"])
        assert set(call["expect"]) <= EXPECT
        assert set(call["expect"].get("error", {})) <= ERROR
        assert set(call["expect"].get("told", ())) <= TOLD
    for one in exchanges(case):
        assert_exchange(one)


def assert_exchange(one: Any) -> None:
    assert set(one) <= {"request", "response", "times"}
    assert {"method", "path"} <= set(one["request"]) <= REQUEST
    assert set(one["response"]) <= RESPONSE
    assert one["response"].get("failure", "reset") in FAILURES
    if problem := one["response"].get("problem"):
        assert set(problem) <= {"code", "detail", "errors", "requestId", "retryAfter"}
        assert problem["code"] in read("errors.json")["codes"]
    routes = {(method, pattern(path)) for method, path, _ in api_operations().values()}
    method, path = one["request"]["method"], one["request"]["path"]
    assert any(method == known and re.fullmatch(route, path) for known, route in routes), (method, path)


def pattern(path: str) -> str:
    return re.sub(r"\{\w+\}", "[^/?#]+", path)


@pytest.mark.parametrize("case", all_cases(*VERIFIED))
def test_a_case_of_the_verifier_says_nothing_that_the_readme_does_not_explain(case: Any) -> None:
    assert set(case) <= {"name", "why", "verifier", "steps"}
    known = {"algorithms", "feedToken", "transport", "stalenessLimit", "onStale"}
    assert set(case.get("verifier", {})) <= known
    for step in case["steps"]:
        kinds = VERIFIER_STEPS & set(step)
        assert kinds in ({"verify", "expect"}, *({kind} for kind in VERIFIER_STEPS - {"verify"})), step
        if "error" in step.get("expect", {}):
            assert set(step["expect"]["error"]) <= ERROR
        assert step.get("verify", "ada") in {*read("jws.json")["tokens"], "", "not.a.token"}
    for one in exchanges(case):
        assert_exchange(one)
        assert one["response"].get("keySet", "default") in read("jws.json")["keySets"]


def test_the_vectors_are_what_their_generator_makes() -> None:
    assert (HERE / "jws.json").read_text() == written(jws.document())


@pytest.mark.parametrize("case", all_cases("jws.json"))
def test_what_is_not_called_invalid_has_a_good_signature(case: Any) -> None:
    vectors = read("jws.json")
    assert ("principal" in case["expect"]) ^ ("error" in case["expect"])
    if case["expect"].get("error") == "token_invalid":
        return
    assert verifies(case["token"], vectors["keySets"][case.get("keySet", "default")])


def test_most_of_what_is_called_invalid_has_a_good_signature() -> None:
    """Else a client that looks at nothing but signatures would pass."""
    vectors = read("jws.json")
    refused = [case for case in vectors["cases"] if case["expect"].get("error") == "token_invalid"]
    signed = [case for case in refused if verifies(case["token"], vectors["keySets"]["default"])]
    assert len(signed) > len(refused) / 2


def verifies(token: str, keys: Any) -> bool:
    try:
        signed, signature = token.rsplit(".", 1)
        header = json.loads(octets(signed.split(".")[0]))
        return any(
            accepts(key, signed.encode(), octets(signature)) for key in keys["keys"] if key["kid"] == header["kid"]
        )
    except (ValueError, KeyError, TypeError):
        return False


def accepts(key: Any, signed: bytes, signature: bytes) -> bool:
    try:
        match key["kty"]:
            case "EC":
                numbers = ec.EllipticCurvePublicNumbers(number(key["x"]), number(key["y"]), ec.SECP256R1())
                der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
                numbers.public_key().verify(der, signed, ec.ECDSA(hashes.SHA256()))
            case "OKP":
                ed25519.Ed25519PublicKey.from_public_bytes(octets(key["x"])).verify(signature, signed)
            case "RSA":
                public = rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
                public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text: str) -> int:
    return int.from_bytes(octets(text))
