"""Bodies against Discord's own description of its API (the OpenAPI file of discord/discord-api-spec)."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType] - it has no return type
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY

from .call import Call

FILE: Final = Path(__file__).parents[3].parent / "shared" / "discord-openapi.json"
ROOT: Final = "urn:discord"
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
    """What the description says against this body; empty for a route that is not looked at."""
    if call.json is None:
        return []
    for method, pattern, path in ROUTES:
        if method == call.method.lower() and pattern.fullmatch(call.path):
            return _errors(_validator(method, path), call.json)
    return []


def _errors(validator: Any, body: Any) -> list[str]:
    if validator.is_valid(body):
        return []
    worst = _worst(validator, body)
    return [f"{worst.json_path}: {worst.message[:300]} (schema)"]


def _worst(validator: Any, body: Any) -> Any:
    return best_match(validator.iter_errors(body))  # pyright: ignore[reportUnknownVariableType] - the same


@cache
def _registry() -> tuple[Any, Any]:
    document = json.loads(FILE.read_text())
    # discord.py sends ids as integers in several places, which Discord takes and its description refuses.
    document["components"]["schemas"]["SnowflakeType"]["type"] = ["string", "integer"]
    return EMPTY_REGISTRY.with_resource(ROOT, DRAFT202012.create_resource(document)), document


@cache
def _validator(method: str, path: str) -> Any:
    registry, document = _registry()
    body = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator(_absolute(body), registry=registry)


def _absolute(node: Any) -> Any:
    """The schema with its references made to name the document, as it is validated on its own."""
    text = json.dumps(node)
    return json.loads(text.replace('"$ref": "#', f'"$ref": "{ROOT}#'))
