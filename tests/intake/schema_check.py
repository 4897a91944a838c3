"""A checker for the words of JSON Schema that ``event.schema.json`` uses, and no others."""

from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
}
_KNOWN = {
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "required",
    "properties",
    "items",
    "enum",
    "minItems",
    "minLength",
}


def violations(
    schema: dict[str, Any], value: object, root: dict[str, Any] | None = None, at: str = "$"
) -> list[str]:
    """Where ``value`` breaks ``schema``. Raises ValueError for a keyword it does not know."""
    root = root or schema
    if unknown := schema.keys() - _KNOWN:
        raise ValueError(unknown)
    found: list[str] = []
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        found += violations(root["$defs"][name], value, root, at)
    if "type" in schema and not isinstance(value, _TYPES[schema["type"]]):
        return [*found, f"{at}: not {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: not in enum")
    if isinstance(value, str | list):
        least = schema.get("minLength" if isinstance(value, str) else "minItems", 0)
        found += [f"{at}: too short"] if len(value) < least else []
    return found + _inside(schema, value, root, at)


def _inside(schema: dict[str, Any], value: object, root: dict[str, Any], at: str) -> list[str]:
    found: list[str] = []
    if isinstance(value, list) and "items" in schema:
        for index, one in enumerate(value):
            found += violations(schema["items"], one, root, f"{at}[{index}]")
    if isinstance(value, dict):
        found += [f"{at}.{key}: missing" for key in schema.get("required", []) if key not in value]
        for key, part in schema.get("properties", {}).items():
            if key in value:
                found += violations(part, value[key], root, f"{at}.{key}")
    return found
