"""The outcome of one act of a person."""

from typing import Any

from simcord.backend import Backend, serializers
from simcord.backend.errors import BackendError
from simcord.backend.models import EPHEMERAL_FLAG, Message
from simcord.backend.models import Interaction as Record

from .call import Call
from .journal import Journal
from .world import Json


class Interaction:
    """Follows the answers of the bot to one command, click, selection or modal, as the person sees them."""

    def __init__(self, record: Record, backend: Backend, journal: Journal) -> None:
        self._record, self._backend, self._journal = record, backend, journal
        self._shown: list[int] = []
        self._first: Json | None = None
        self.first_answer_at: float | None = None
        """When the bot's first answer arrived, a defer among them, by `time.monotonic`."""
        self.answered_at: float | None = None
        """When the first answer with content arrived."""

    def __repr__(self) -> str:
        return f"<Interaction {self.id} kind={self.kind}>"

    @property
    def id(self) -> int:
        return self._record.id

    @property
    def token(self) -> str:
        return self._record.token

    @property
    def kind(self) -> str | None:
        """message, deferred, deferred_update, update, modal or autocomplete; None without an answer."""
        kind = self._record.response_kind
        return None if kind is None else kind.value

    @property
    def delivered_at(self) -> float | None:
        """When it went to the bot's socket; None until then."""
        return self._journal.delivered.get(self.id)

    @property
    def acknowledged_after(self) -> float | None:
        """Seconds until the first answer; None while there is none."""
        if self.first_answer_at is None or self.delivered_at is None:
            return None
        return self.first_answer_at - self.delivered_at

    @property
    def deferred(self) -> bool:
        """Whether the bot put its answer off and has not completed it."""
        return self._record.deferred

    @property
    def ephemeral(self) -> bool | None:
        """Whether the answer is for this person alone; None while there is none."""
        message = self._answer_message()
        if message is not None:
            return bool(message.flags & EPHEMERAL_FLAG)
        return self._record.ephemeral if self._record.responded else None

    @property
    def modal(self) -> Json | None:
        return self._record.modal

    @property
    def choices(self) -> list[Json] | None:
        return self._record.autocomplete_choices

    @property
    def followups(self) -> list[Json]:
        """Follow-ups that still exist, oldest first."""
        messages = [self._message(message_id) for message_id in self._record.followup_ids]
        return [self._payload(message) for message in messages if message is not None]

    @property
    def message(self) -> Json | None:
        """The answer as it is now; None while there is none."""
        message = self._answer_message()
        return None if message is None else self._payload(message)

    async def acknowledged(self, timeout: float = 20.0) -> "Interaction":  # noqa: ASYNC109 - part of the interface
        """Wait for any answer, a defer among them."""
        await self._journal.wait_for(lambda: self._record.responded, timeout)
        return self

    async def answer(self, timeout: float = 20.0) -> Json:  # noqa: ASYNC109 - part of the interface
        """The first real answer: the original once it has content, else the first follow-up."""

        def answered() -> Json | None:
            return self.message

        message = await self._journal.wait_for(answered, timeout)
        assert message is not None
        return message

    async def edited(self, timeout: float = 20.0) -> Json:  # noqa: ASYNC109 - part of the interface
        """The answer once it differs from what was first shown."""

        def edited() -> Json | None:
            message = self.message
            return message if message is not None and _visible(message) != self._first else None

        message = await self._journal.wait_for(edited, timeout)
        assert message is not None
        return message

    def note(self, call: Call, body: Any) -> None:
        """A request of the bot that carried this interaction's token, after it took effect."""
        if self.first_answer_at is None:
            self.first_answer_at = call.arrived
        message_id = self._shown_by(call, body)
        if message_id is not None:
            self._shown.append(message_id)
        if self._first is None and self.message is not None:
            self._first = _visible(self.message)
            self.answered_at = call.arrived

    def _shown_by(self, call: Call, body: Any) -> int | None:
        """The message that the request showed or changed."""
        if call.path.endswith("/callback"):
            resource: Json = body.get("resource") or {}
            return int(resource["message"]["id"]) if "message" in resource else None
        return int(body["id"]) if call.method in ("POST", "PATCH") else None

    def _answer_message(self) -> Message | None:
        shown = (self._message(message_id) for message_id in self._shown)
        return next((message for message in shown if message is not None), None)

    def _message(self, message_id: int) -> Message | None:
        try:
            return self._backend.get_message(self._record.channel_id, message_id)
        except BackendError:
            return None

    def _payload(self, message: Message) -> Json:
        return dict(serializers.message_payload(self._backend, message))


def _visible(message: Json) -> Json:
    return {key: message[key] for key in ("content", "embeds", "components")}
