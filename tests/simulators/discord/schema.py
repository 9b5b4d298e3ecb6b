"""Bodies against Discord's own description of its API (the OpenAPI file of discord/discord-api-spec)."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType] - it has no return type
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY

from .call import Call
from .world import Json, parts

FILE: Final = Path(__file__).parents[3].parent / "shared" / "discord-openapi.json"
ROOT: Final = "urn:discord"
BY_TYPE: Final = "x-by-type"
ROUTES: Final = tuple(
    (method, re.compile(pattern), path)
    for method, pattern, path in (
        ("post", r"/channels/\d+/messages", "/channels/{channel_id}/messages"),
        ("patch", r"/channels/\d+/messages/\d+", "/channels/{channel_id}/messages/{message_id}"),
        (
            "post",
            r"/interactions/\d+/[^/]+/callback",
            "/interactions/{interaction_id}/{interaction_token}/callback",
        ),
        ("post", r"/webhooks/\d+/[^/]+", "/webhooks/{webhook_id}/{webhook_token}"),
        (
            "patch",
            r"/webhooks/\d+/[^/]+/messages/@original",
            "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
        ),
        (
            "patch",
            r"/webhooks/\d+/[^/]+/messages/\d+",
            "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
        ),
        ("put", r"/applications/\d+/commands", "/applications/{application_id}/commands"),
        (
            "put",
            r"/applications/\d+/guilds/\d+/commands",
            "/applications/{application_id}/guilds/{guild_id}/commands",
        ),
    )
)


def schema_available() -> bool:
    """Whether the description lies beside this repository."""
    return FILE.is_file()


def schema_errors(call: Call) -> list[str]:
    """Return the description's objections to a body; none for a route that is not checked."""
    if call.json is None:
        return []
    for method, pattern, path in ROUTES:
        if method == call.method.lower() and pattern.fullmatch(call.path):
            return _errors(method, path, json.dumps(call.json))
    return []


@lru_cache(maxsize=256)
def _errors(method: str, path: str, text: str) -> list[str]:
    """Return the objections to a body. Every start of the bot sends the same commands."""
    validator, body = _validator(method, path), json.loads(text)
    if validator.is_valid(body):
        return []
    worst = _worst(validator, body)
    return [f"{worst.json_path}: {worst.message[:300]} (schema)"]


def _worst(validator: Any, body: Any) -> Any:
    return best_match(validator.iter_errors(body))  # pyright: ignore[reportUnknownVariableType] - the same


@cache
def _validator(method: str, path: str) -> Any:
    registry, document = _registry()
    body = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    return _by_type_too()(body, registry=registry)


@cache
def _registry() -> tuple[Any, Any]:
    text = FILE.read_text()
    document = json.loads(text, object_hook=_rewriter(json.loads(text)["components"]["schemas"]))
    # discord.py sends ids as integers in places; Discord takes them and its description does not.
    document["components"]["schemas"]["SnowflakeType"]["type"] = ["string", "integer"]
    return EMPTY_REGISTRY.with_resource(ROOT, DRAFT202012.create_resource(document)), document


def _rewriter(schemas: Json) -> Callable[[Json], Json]:
    """References made absolute, and unions by `type` made a lookup: trying all is far slower."""

    def rewritten(node: Json) -> Json:
        if "$ref" in node:
            return {"$ref": ROOT + node["$ref"]}
        alternatives = parts(node, "oneOf") or parts(node, "anyOf")
        kinds = _kinds(alternatives, schemas)
        return node if kinds is None else {BY_TYPE: kinds}

    return rewritten


def _kinds(alternatives: list[Json], schemas: Json) -> dict[str, Json] | None:
    """The alternative for each value of `type`; None when it does not distinguish them."""
    kinds: dict[str, Json] = {}
    for alternative in alternatives:
        schema: Json = schemas.get(alternative.get("$ref", "").rpartition("/")[2], {})
        values: list[Any] = schema.get("properties", {}).get("type", {}).get("enum", [])
        if not values:
            return None
        kinds |= {str(value): alternative for value in values}
    return kinds or None


def _by_type(validator: Any, kinds: dict[str, Json], instance: Any, _: Any) -> Iterator[ValidationError]:
    kind = str(instance.get("type")) if validator.is_type(instance, "object") else "none"
    if kind in kinds:
        yield from validator.descend(instance, kinds[kind])
    else:
        yield ValidationError(f"type {kind} is none of {', '.join(kinds)}")


@cache
def _by_type_too() -> Any:
    rules = {BY_TYPE: _by_type}
    return validators.extend(Draft202012Validator, rules)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - untyped
