"""The simulated Discord itself: one port, one world, any number of bots one after another."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

import discord
from aiohttp import web
from simcord.backend.models import Interaction as Record

from bot.domain.clock import utc_now

from .call import PREFIX, Call
from .checks import Checks
from .faults import Fault, FaultKind, Faults
from .gateway import Gateway
from .interaction import Interaction
from .journal import Journal, RestRequest
from .nonces import WINDOW, Nonces
from .people import ANSWER_WITHIN, Choice, People
from .ratelimits import Pace, RateLimits
from .rest import ClosedDm, Rest
from .schema import schema_available
from .world import Json, Person, World

T = TypeVar("T")
HOST = "127.0.0.1"


class SimulatedDiscord:
    """`async with SimulatedDiscord() as discord:` - see the package for what it is.

    The world outlives bots: one that was killed finds its messages, commands and buttons again. `pass_time`
    moves the world's clock (nonces, interaction tokens); `pace` turns on true rate limits for messages.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        now: Callable[[], datetime] = utc_now,
        nonce_window: timedelta = WINDOW,
        pace: Pace | None = None,
        with_schema: bool | None = None,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self.schema_available = schema_available() if with_schema is None else with_schema
        self._port = port
        self._world = World(now)
        self._journal = Journal()
        self._faults = Faults()
        self._people = People(self._world, answer_within)
        self._interactions: dict[int, Interaction] = {}
        self._gateway = Gateway(self._world, self._journal, self._faults, lambda: self.gateway)
        self._rest = Rest(
            world=self._world,
            journal=self._journal,
            faults=self._faults,
            gateway=self._gateway,
            nonces=Nonces(self._world.backend.clock.now, nonce_window),
            limits=RateLimits(pace),
            on_answer=self._answered,
            gateway_url=lambda: self.gateway,
            checks=Checks(with_schema=self.schema_available),
        )
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_get("/gateway", self._gateway.serve)
        app.router.add_route("*", PREFIX + "/{path:.*}", self._rest.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self._site: web.TCPSite | None = None

    # -------------------------------------------------------------------- life

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await self.come_back()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._faults.mend()
        await self._gateway.close()
        await self._runner.cleanup()

    async def vanish(self) -> None:
        """Stop listening and break every connection."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        self._cut_connections()
        await self._gateway.close()

    async def come_back(self) -> None:
        """Listen on the same port as before."""
        if self._site is None:
            self._site = web.TCPSite(self._runner, HOST, self._port)
            await self._site.start()
            self._port = self._runner.addresses[0][1]

    def _cut_connections(self) -> None:
        server = self._runner.server
        for connection in list(server.connections) if server is not None else []:
            if isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()

    def read_by(self, read: Callable[[Any], Any], locale: str) -> None:
        """Have all that the bot sends read by a function first, and everybody's client in a language."""
        self._world.read = read
        self._people.usual_locale = locale

    def locale(self, person: Person) -> str:
        """Return the language of a person's client."""
        return self._people.locale(person)

    def set_locale(self, person: Person, locale: str) -> None:
        """Have a person's client use another language."""
        self._people.locales[person.id] = locale

    # ------------------------------------------------------------------ address

    @property
    def api(self) -> str:
        return f"http://{HOST}:{self._port}{PREFIX}"

    @property
    def gateway(self) -> str:
        return f"ws://{HOST}:{self._port}/gateway"

    # -------------------------------------------------------------------- world

    @property
    def application_id(self) -> int:
        return self._world.backend.application_id

    @property
    def bot_id(self) -> int:
        return self._world.bot_user.id

    @property
    def guild_id(self) -> int:
        return self._world.guild_id

    @property
    def channel_id(self) -> int:
        """#midjourney, where commands are used."""
        return self._world.channel_id

    @property
    def alerts_channel_id(self) -> int:
        return self._world.alerts_channel_id

    @property
    def status_channel_id(self) -> int:
        """#status, where the demo has the board."""
        return self._world.status_channel_id

    @property
    def owner(self) -> Person:
        """Owns the application and the server."""
        return self._world.owner

    @property
    def second_owner(self) -> Person:
        """Has Manage Server, and is an owner for bots whose settings name them."""
        return self._world.second_owner

    @property
    def stranger(self) -> Person:
        """A member like any other."""
        return self._world.stranger

    @property
    def people(self) -> tuple[Person, ...]:
        return self.owner, self.second_owner, self.stranger

    def dm_channel_id(self, person: Person) -> int:
        return self._world.dm_channel_id(person)

    def pass_time(self, seconds: float) -> None:
        """Move the world's clock forward."""
        self._world.backend.advance_clock(seconds)
        self._journal.changed()

    def give_to_team(self, *seats: tuple[Person, str], pending: tuple[Person, ...] = ()) -> None:
        """Let a team own the application: people with their role (`admin`, `developer`, `read_only`)."""
        self._world.give_to_team(seats, pending)

    def deny_bot(self, channel_id: int, **permissions: bool) -> None:
        """As an admin in a channel's settings: take these permissions, and no others, from the bot there."""
        self._world.deny_bot(channel_id, discord.Permissions(**permissions))

    def remove_bot(self) -> None:
        """As an admin: remove the bot from the server."""
        self._world.remove_bot()

    def invite_bot(self) -> None:
        """As an admin: invite the bot again."""
        self._world.invite_bot()

    def make_server(self, name: str) -> int:
        """Return the id of another server, which the bot is in."""
        return self._world.backend.create_guild(name, owner_id=self.owner.id).id

    def make_channel(self, name: str, server: int | None = None) -> int:
        """Return the id of a new text channel."""
        return self._world.backend.create_channel(server or self.guild_id, name).id

    def open_thread(self, channel_id: int) -> int:
        """Return the id of a new thread below a channel."""
        return self._world.backend.create_thread(channel_id, "thread", self.owner.id).id

    def permit(self, person: Person, name: str) -> None:
        """As an admin in the server's settings: offer a command to a person whatever its defaults say."""
        self._world.permit(person, name)

    # ---------------------------------------------------------- what a person does

    async def slash(
        self,
        person: Person,
        name: str,
        options: dict[str, object] | None = None,
        *,
        channel_id: int | None = None,
    ) -> Interaction:
        """Use a command; subcommands are written with a space. Raises `CannotDo` when it is not offered."""
        return self._send(self._people.slash(person, name, options or {}, channel_id or self.channel_id))

    async def autocomplete(
        self,
        person: Person,
        name: str,
        option: str,
        typed: str,
        *,
        options: dict[str, object] | None = None,
        channel_id: int | None = None,
        timeout: float = 3.0,  # noqa: ASYNC109 - part of the interface
    ) -> list[Choice]:
        """What is offered for an option after these letters."""
        where = channel_id or self.channel_id
        event = self._people.autocomplete(
            person, name, option, typed=typed, options=options or {}, channel_id=where
        )
        interaction = self._send(event)
        await interaction.acknowledged(timeout)
        return [Choice(choice["name"], choice["value"]) for choice in interaction.choices or []]

    async def click(self, person: Person, message_id: int | str, custom_id: str) -> Interaction:
        return self._send(self._people.click(person, int(message_id), custom_id))

    async def select(
        self, person: Person, message_id: int | str, custom_id: str, values: list[str]
    ) -> Interaction:
        return self._send(self._people.select(person, int(message_id), custom_id, values))

    async def submit(self, person: Person, shown: Interaction, values: dict[str, str]) -> Interaction:
        """Fill in and send the modal of `shown`; waits for the modal to open."""
        await self.wait_for(lambda: shown.modal)
        return self._send(self._people.submit(person, self._world.backend.interactions[shown.id], values))

    def _send(self, event: tuple[Record, Json]) -> Interaction:
        record, payload = event
        interaction = Interaction(record, self._world.backend, self._journal)
        self._interactions[record.id] = interaction
        self._world.backend.emit("INTERACTION_CREATE", payload)
        return interaction

    def _answered(self, record: Record, call: Call, body: Any) -> None:
        self._interactions[record.id].note(call, body)

    # ----------------------------------------------------------- what a person sees

    def messages(self, channel_id: int, viewer: Person) -> list[Json]:
        return self._people.messages(channel_id, viewer)

    def commands(self, person: Person, channel_id: int) -> list[Json]:
        return self._people.commands(person, channel_id)

    def file(self, url: str) -> bytes | None:
        """The bytes behind the address of an attachment."""
        return self._world.backend.cdn.get(url)

    @property
    def presence(self) -> Json | None:
        return self._gateway.presence

    @property
    def connected(self) -> bool:
        return self._gateway.connected

    # --------------------------------------------------------------------- traffic

    @property
    def requests(self) -> list[RestRequest]:
        return self._journal.requests

    @property
    def bodies(self) -> list[Any]:
        return self._journal.bodies

    @property
    def problems(self) -> list[str]:
        return self._journal.problems

    @property
    def on_change(self) -> list[Callable[[], None]]:
        return self._journal.on_change

    def notice(self) -> None:
        """Check the awaited conditions again, after a change that does not cross these sockets."""
        self._journal.changed()

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 20.0) -> T:  # noqa: ASYNC109 - the same
        return await self._journal.wait_for(predicate, timeout)

    # ---------------------------------------------------------------------- faults

    def fault(self, kind: FaultKind, **details: Any) -> Fault:
        """Apply a fault. The details are the fields of `Fault`."""
        return self._faults.add(Fault(kind, **details))

    def mend(self, fault: Fault | None = None) -> None:
        """End one fault, or all of them."""
        self._faults.mend(fault)

    def close_dm(self, person: Person, *, status: int = 403, at_opening: bool = False) -> None:
        """Refuse the bot's messages to this person with 50007, and with `at_opening` the channel too."""
        self._rest.closed_dms[person.id] = ClosedDm(status, at_opening)

    def open_dm(self, person: Person) -> None:
        self._rest.closed_dms.pop(person.id, None)

    def forget_presence(self) -> None:
        """Show no status of the bot, as if its last update had been lost on the way."""
        self._gateway.presence = None

    def drop_gateway(self, code: int | None = None) -> None:
        """Break the bot's websocket, with or without a close code."""
        self._gateway.drop(code)

    def forget_sessions(self) -> None:
        """Answer the next RESUME with INVALID_SESSION."""
        self._gateway.forget_sessions()
