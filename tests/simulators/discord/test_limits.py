"""What Discord refuses for its size or shape: each is refused here, and recorded as a problem."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.simulators.discord import Json, SimulatedDiscord
from tests.simulators.discord.small_bot import ask, post


def button(number: int = 0, **more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "b", "custom_id": f"b{number}", **more}


def row(*children: Json) -> Json:
    return {"type": 1, "components": list(children)}


def menu(options: int) -> Json:
    return {"type": 3, "custom_id": "m", "options": [{"label": "o", "value": str(n)} for n in range(options)]}


def text(length: int, **more: Any) -> Json:
    return {"type": 10, "content": "x" * length, **more}


def layout(*components: Json, **more: Any) -> Json:
    return {"flags": 1 << 15, "components": list(components), **more}


def embed(**parts: Any) -> Json:
    return {"embeds": [{"description": "d", **parts}]}


def fields(count: int, name: int = 1, value: int = 1) -> Json:
    return embed(fields=[{"name": "n" * name, "value": "v" * value}] * count)


TOO_MUCH: dict[str, Json] = {
    "content of 2,001": {"content": "x" * 2001},
    "nothing": {},
    "blank content": {"content": " "},
    "11 embeds": {"embeds": [{"description": "d"}] * 11},
    "embed title of 257": embed(title="x" * 257),
    "embed description of 4,097": embed(description="x" * 4097),
    "26 fields": fields(26),
    "field name of 257": fields(1, name=257),
    "field value of 1,025": fields(1, value=1025),
    "field without a value": fields(1, value=0),
    "footer of 2,049": embed(footer={"text": "x" * 2049}),
    "author of 257": embed(author={"name": "x" * 257}),
    "6,001 characters in embeds": {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]},
    "6 rows": {"components": [row(button(n)) for n in range(6)]},
    "6 buttons in a row": {"components": [row(*map(button, range(6)))]},
    "an empty row": {"components": [row()]},
    "26 options": {"components": [row(menu(26))]},
    "a select beside a button": {"components": [row(menu(1), button())]},
    "a button without a row": {"components": [button()]},
    "custom_id of 101": {"components": [row(button(custom_id="x" * 101))]},
    "a custom_id twice": {"components": [row(button(), button())]},
    "label of 81": {"components": [row(button(label="x" * 81))]},
    "a button without a label": {"components": [row(button(label=None))]},
    "41 components": layout(*[{"type": 17, "components": [text(1)] * 20}] * 2),
    "4,001 characters in a layout": layout(text(3000), text(1001)),
    "content beside a layout": layout(text(1), content="x"),
    "embeds beside a layout": layout(text(1), **embed()),
    "an id twice": layout(text(1, id=7), text(1, id=7)),
    "a section without an accessory": layout({"type": 9, "components": [text(1)]}),
    "a container in a container": layout({"type": 17, "components": [{"type": 17, "components": [text(1)]}]}),
    "a layout without its flag": {"components": [text(1)]},
}
JUST_RIGHT: dict[str, Json] = {
    "content of 2,000": {"content": "x" * 2000},
    "6,000 characters in embeds": {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2000}]},
    "25 fields": fields(25),
    "5 rows of 5 buttons": {"components": [row(*(button(5 * r + b) for b in range(5))) for r in range(5)]},
    "25 options": {"components": [row(menu(25))]},
    "40 components": layout({"type": 17, "components": [text(1)] * 19}, *[text(1)] * 20),
    "4,000 characters in a layout": layout(text(3000), text(1000)),
}


@pytest.fixture
async def strict() -> AsyncGenerator[SimulatedDiscord]:
    """Without Discord's own description, which a clone does not have."""
    async with SimulatedDiscord(with_schema=False) as simulated:
        yield simulated


@pytest.mark.parametrize("body", TOO_MUCH.values(), ids=TOO_MUCH)
async def test_a_message_over_a_limit_is_refused_and_recorded(strict: SimulatedDiscord, body: Json) -> None:
    status, code = await post(strict, f"/channels/{strict.channel_id}/messages", body)
    assert (status, code) == (400, 50006 if body in ({}, {"content": " "}) else 50035)
    assert len(strict.problems) == 1
    assert strict.messages(strict.channel_id, strict.owner) == []


@pytest.mark.parametrize("body", JUST_RIGHT.values(), ids=JUST_RIGHT)
async def test_a_message_at_a_limit_is_taken(body: Json) -> None:
    async with SimulatedDiscord() as sim:
        assert (await post(sim, f"/channels/{sim.channel_id}/messages", body))[0] == 200
        assert sim.problems == []


@pytest.mark.parametrize(
    ("edit", "code"),
    [({"content": "x" * 2001}, 50035), (embed(title="x" * 257), 50035), ({"content": ""}, 50006)],
    ids=["content of 2,001", "embed title of 257", "nothing left"],
)
async def test_an_edit_over_a_limit_is_refused_and_recorded(
    strict: SimulatedDiscord, edit: Json, code: int
) -> None:
    path = f"/channels/{strict.channel_id}/messages"
    _, _, message = await ask(strict, "POST", path, {"content": "short"})
    status, _, refused = await ask(strict, "PATCH", f"{path}/{message['id']}", edit)
    assert (status, refused["code"]) == (400, code)
    assert len(strict.problems) == 1
    assert strict.messages(strict.channel_id, strict.owner)[0]["content"] == "short"


def command(**parts: Any) -> Json:
    return {"name": "look", "description": "d", **parts}


def option(name: str = "o", **parts: Any) -> Json:
    return {"type": 3, "name": name, "description": "d", **parts}


BAD_COMMANDS: dict[str, list[Json]] = {
    "upper case": [command(name="Look")],
    "a blank in the name": [command(name="look up")],
    "a name of 33": [command(name="x" * 33)],
    "no description": [command(description="")],
    "a description of 101": [command(description="x" * 101)],
    "26 options": [command(options=[option(f"o{n}") for n in range(26)])],
    "an option twice": [command(options=[option(), option()])],
    "required after optional": [command(options=[option("a"), option("b", required=True)])],
    "26 choices": [command(options=[option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])])],
    "a choice name of 101": [command(options=[option(choices=[{"name": "x" * 101, "value": "x"}])])],
    "a name twice": [command(), command()],
    "101 commands": [command(name=f"c{n}") for n in range(101)],
    "8,001 characters": [command(options=[option(f"o{n}", choices=BIG) for n in range(2)])]
    if (BIG := [{"name": f"{n:>0100}", "value": f"{n:>0100}"} for n in range(25)])
    else [],
}


@pytest.mark.parametrize("scope", ["", "/guilds/{guild}"], ids=["global", "guild"])
@pytest.mark.parametrize("definitions", BAD_COMMANDS.values(), ids=BAD_COMMANDS)
async def test_a_command_over_a_limit_is_refused_and_recorded(
    strict: SimulatedDiscord, definitions: list[Json], scope: str
) -> None:
    path = f"/applications/{strict.application_id}{scope.format(guild=strict.guild_id)}/commands"
    status, _, body = await ask(strict, "PUT", path, definitions)
    assert (status, body["code"]) == (400, 50035)
    assert strict.problems
    assert strict.commands(strict.owner, strict.channel_id) == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (8, {"choices": [{"name": "x" * 101, "value": "x"}]}),
        (8, {"choices": [{"name": "x", "value": "x"}] * 26}),
        (4, {"content": "x" * 2001}),
        (4, {"components": [row(button(label=None))]}),
        (9, {"custom_id": "m", "title": "x" * 46, "components": []}),
    ],
    ids=["choice name of 101", "26 choices", "content of 2,001", "button without label", "modal title of 46"],
)
async def test_an_answer_over_a_limit_is_refused_and_recorded(
    strict: SimulatedDiscord, kind: int, data: Json
) -> None:
    await ask(strict, "PUT", f"/applications/{strict.application_id}/commands", [command()])
    interaction = await strict.slash(strict.owner, "look")
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    assert await post(strict, path, {"type": kind, "data": data}) == (400, 50035)
    assert strict.problems
    assert interaction.kind is None


@pytest.mark.parametrize(
    "body",
    [
        embed(color=0x1000000),
        layout({"type": 17, "components": [{"type": 14, "spacing": 3}]}),
        {"components": [row({"type": 99, "custom_id": "b"})]},
    ],
    ids=["a colour beyond white", "a spacing in a container", "an unknown component"],
)
async def test_what_the_description_of_discord_forbids_is_refused_and_recorded(body: Json) -> None:
    async with SimulatedDiscord() as sim:
        if not sim.schema_available:
            pytest.skip("Discord's own description is not beside this repository")
        path = f"/channels/{sim.channel_id}/messages"
        assert await post(sim, path, body) == (400, 50035)
        assert [problem.endswith("(schema)") for problem in sim.problems] == [True]


async def test_an_unknown_route_is_a_problem_and_no_crash() -> None:
    async with SimulatedDiscord() as sim:
        assert (await post(sim, "/channels/1/horses", {}))[0] == 400
        assert "horses" in sim.problems[0]
