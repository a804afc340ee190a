"""Requests for every operation of an OpenAPI document, with texts of one's own wherever a text is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

METHODS = ("get", "post", "put", "patch", "delete")
Text = Callable[[str], str]


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    value: dict[str, Any]
    document: dict[str, Any]

    @property
    def name(self) -> str:
        """Its method and path."""
        return f"{self.method.upper()} {self.path}"

    def address(self, text: Text) -> str:
        """Return its address, with a text for each variable part and each parameter of the query."""
        path, query = self.path, {}
        for parameter in self.value.get("parameters", []):
            name = parameter["name"]
            if parameter["in"] == "path":
                path = path.replace("{" + name + "}", quote(text(name), safe=""))
            elif parameter["in"] == "query":
                query[name] = text(name)
        return path + ("?" + urlencode(query) if query else "")

    def body(self, text: Text) -> tuple[str, Any] | None:
        """Return a body's type and an object in which every text is one of these."""
        content = self.value.get("requestBody", {}).get("content", {})
        for kind, value in content.items():
            return kind, self._made("body", value.get("schema", {}), text)
        return None

    def integers(self) -> Iterator[str]:
        """Name each parameter of the query that is a number."""
        for parameter in self.value.get("parameters", []):
            if parameter["in"] == "query" and "integer" in str(self._resolved(parameter["schema"]).get("type")):
                yield parameter["name"]

    def fields(self) -> dict[str, dict[str, Any]]:
        """Return the fields of its JSON body."""
        content = self.value.get("requestBody", {}).get("content", {})
        schema = self._resolved(content.get("application/json", {}).get("schema", {}))
        return {name: self._resolved(value) for name, value in schema.get("properties", {}).items()}

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            target: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        for some in ("oneOf", "anyOf", "allOf"):
            options = [one for one in schema.get(some, []) if one.get("type") != "null"]
            if options:
                return self._resolved(options[0])
        return schema

    def _made(self, name: str, schema: dict[str, Any], text: Text) -> Any:  # noqa: ANN401 - JSON is any
        schema = self._resolved(schema)
        kind = schema.get("type", "string")
        kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
        if "enum" in schema:
            return schema["enum"][0]
        match kind:
            case "object":
                properties = schema.get("properties", {})
                made = {inner: self._made(inner, value, text) for inner, value in properties.items()}
                return made or {"k": text(name)}
            case "array":
                return [self._made(name, schema.get("items", {}), text)]
            case "boolean":
                return True
            case "integer" | "number":
                return 1
            case _:
                return text(name)


def operations(document: dict[str, Any]) -> list[Operation]:
    """Return every operation."""
    return [
        Operation(method, path, value, document)
        for path, item in sorted(document["paths"].items())
        for method, value in item.items()
        if method in METHODS
    ]
