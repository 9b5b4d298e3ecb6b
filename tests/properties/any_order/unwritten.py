"""What was seen and could not be written down: it is true once it can, with the time of its first sight."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.properties.any_order.process import Taken
from tests.properties.any_order.truth import Case, Shown, Truth


@dataclass
class Unwritten:
    """Flags that wait to be written down, as long as the process lives."""

    truth: Truth
    seen: dict[str, tuple[datetime, str]] = field(default_factory=dict[str, tuple[datetime, str]])
    """When each flag was seen first, and its text."""
    met: dict[str, tuple[str, bool]] = field(default_factory=dict[str, tuple[str, bool]])
    """Those that no list will show: the text, and whether a poll met it."""

    cases: dict[str, Case] = field(default_factory=dict[str, Case])
    """Those of incidents which were known before."""

    def forget(self) -> None:
        """Die with the process."""
        self.seen.clear()
        self.met.clear()
        self.cases.clear()

    def forget_ended(self) -> None:
        """Forget the flags of incidents that have ended since, as by a reset."""
        for channel in [channel for channel, case in self.cases.items() if case.end is not None]:
            del self.cases[channel]
            self.seen.pop(channel, None)
            self.met.pop(channel, None)

    def meet(self, channel: str, text: str, at: datetime, *, in_list: bool) -> None:
        """Record that something else than the list shows a flag."""
        self.forget_ended()
        self.met[channel] = text, in_list
        self._see(channel, text, at)

    def _see(self, channel: str, text: str, at: datetime) -> None:
        case = self.truth.open_case(channel)
        if case is not None:
            self.cases[channel] = case
            # What is shown during a reset belongs to the reset.
            self.seen[channel] = case.born, case.text if case.lease_ends is not None else text
        else:
            self.cases.pop(channel, None)
            self.seen[channel] = self.seen.get(channel, (at, ""))[0], text

    def take(self, all_taken: Iterable[Taken], at: datetime) -> None:
        """Apply, in order, which flags were met, and which of them are written down now."""
        self.forget_ended()
        for each in all_taken:
            if each.channel is None:
                continue
            if each.is_new:
                self.meet(each.channel, each.text or "", at, in_list=each.in_list)
                continue
            since, seen = self.seen.pop(each.channel)
            text, in_list = self.met.pop(each.channel, (seen, True))  # one that has just gone, too
            self.cases.pop(each.channel, None)
            assert (text, in_list) == (each.text, each.in_list)
            self.truth.pass_time(at)
            self.truth.flag(each.channel, text, at, by_command=not in_list, since=since)

    def read_list(self, shown: Shown, at: datetime, *, is_taken: bool) -> bool:
        """Apply a list. Return whether it is accepted."""
        flags = {channel: text for channel, text in shown.items() if text is not None}
        for channel, (_, text) in self.seen.items():
            if channel not in flags:
                self.met.setdefault(channel, (text, True))
        since = {channel: first for channel, (first, _) in self.seen.items() if channel in flags}
        before = {channel: each for channel, each in self.seen.items() if channel in self.met}
        if is_taken:
            believed = self.truth.read_list(shown, at, since)
            self.seen = before
            return believed
        self.truth.pass_time(at)
        self.seen = before | {channel: each for channel, each in self.seen.items() if channel in flags}
        for channel, text in flags.items():
            self._see(channel, text, at)
        return self.truth.would_believe(shown, at)
