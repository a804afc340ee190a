"""Write src/ntt_auth_client/models.py from the OpenAPI document: `python scripts/generate_models.py [OUTPUT]`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

from datamodel_code_generator import Error, InputFileType, LiteralType, generate
from datamodel_code_generator.enums import DataModelType
from datamodel_code_generator.format import Formatter, PythonVersion

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[2] / "openapi" / "ntt-auth.json"
MODELS = HERE.parent / "src" / "ntt_auth_client" / "models.py"
LIMITS = frozenset({"example", "examples", "maximum", "maxLength", "minimum", "minLength", "pattern", "propertyNames"})
HEADER = '"""The schemas of the API, made from openapi/ntt-auth.json by scripts/generate_models.py."""'


def answers(document: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas that answers are made of. Requests are made of arguments, and pages are not for programs."""
    found: set[str] = set()
    schemas = document["components"]["schemas"]

    def follow(value: Any) -> None:  # noqa: ANN401 - JSON
        for inner in items(value):
            follow(inner)
        name = str(members(value).get("$ref", "")).removeprefix("#/components/schemas/")
        if name in schemas and name not in found:
            found.add(name)
            follow(schemas[name])

    for path, methods in document["paths"].items():
        if path.startswith(("/api/", "/health")):
            for operation in methods.values():
                follow(operation.get("responses"))
    follow(document["components"]["responses"])
    return {name: schemas[name] for name in sorted(found)}


def members(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return an object's members; none for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return what stands in a list or an object; nothing for anything else."""
    if not isinstance(value, list):
        return list(members(value).values())
    listed: list[Any] = []
    listed.extend(value)  # pyright: ignore[reportUnknownArgumentType] - JSON has no types
    return listed


def opened(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a schema whose enumerations take words that a newer server may know besides."""
    if isinstance(value, list):
        return [opened(inner) for inner in items(value)]
    schema = members(value)
    if not schema:
        return value
    # Some properties say by a second, empty schema what they are for.
    parts = [part for part in items(schema.get("allOf")) if set(members(part)) - {"type", "description"}]
    if len(parts) == 1 and "$ref" not in parts[0]:
        return opened(parts[0])
    if "enum" in schema:
        return opened_words(schema)
    # What an answer holds is not judged here: limits and formats are the server's.
    left_out = LIMITS | ({"format"} if schema.get("format") not in {"uuid", "date-time", "date"} else set[str]())
    return {
        key: {name: opened(inner) for name, inner in members(part).items()} if key == "properties" else opened(part)
        for key, part in schema.items()
        if key not in left_out
    }


def opened_words(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an enumeration that takes any text besides."""
    words = [word for word in schema["enum"] if word is not None]
    kinds: list[dict[str, Any]] = [{"type": "string", "enum": words}, {"type": "string"}]
    if None in schema["enum"]:
        kinds.append({"type": "null"})
    return {"anyOf": kinds} | {key: schema[key] for key in ("description",) if key in schema}


def main(output: Path) -> None:
    """Write the models."""
    document = json.loads(DOCUMENT.read_text())
    schemas = opened(answers(document))
    reduced = {
        "openapi": document["openapi"],
        "info": document["info"],
        "paths": {},
        "components": {"schemas": schemas},
    }
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "ntt-auth.json"
        source.write_text(json.dumps(reduced))
        generate(
            source,
            input_file_type=InputFileType.OpenAPI,
            output=output,
            output_model_type=DataModelType.PydanticV2BaseModel,
            base_class="ntt_auth_client._model.Model",
            target_python_version=PythonVersion.PY_311,
            enum_field_as_literal=LiteralType.All,
            snake_case_field=True,
            no_alias=True,
            use_schema_description=True,
            use_field_description=True,
            use_single_line_docstring=True,
            use_standard_collections=True,
            use_union_operator=True,
            use_annotated=True,
            use_double_quotes=True,
            collapse_root_models=True,
            strict_nullable=True,
            disable_timestamp=True,
            custom_file_header=HEADER,
            formatters=[Formatter.RUFF_CHECK, Formatter.RUFF_FORMAT],
            settings_path=HERE.parent,
        )


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else MODELS)
    except Error as error:
        sys.exit(str(error))
