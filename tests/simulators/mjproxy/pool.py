"""How a simulated midjourney-proxy treats its accounts: what disturbs them, and how it starts them again.

The seconds are those that were seen with the real one, version 11.10.3.
"""

import random
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from tests.simulators.mjproxy.accounts import SimulatedProxyAccount, Timeline

MODERATION: Final = (
    "Pending mod message, You have a pending moderation message. Please acknowledge it before you go on."
)
BLOCKED: Final = "Blocked, You have been blocked from accessing Midjourney for 3 days"
PLAN_CANCELLED: Final = "Plan Cancelled, Your plan was cancelled. Renew it on the website."
CREDITS: Final = "账号用量已经用完"
FORBIDDEN: Final = "请求没有操作权限"
REJECTED: Final = "Authentication failed."
TOO_MANY_FAILURES: Final = "新的连接失败次数超过限制，禁用账号"
SOCKET_BROKEN: Final = "用户 WebSocket 连接异常"
NOT_RECONNECTED: Final = "由于无法重新连接，自动禁用账号"
CAPTCHA_BY_HAND: Final = "CF 人工验证..."
CAPTCHA_BY_MACHINE: Final = "CF 自动验证中..."

ROUTINE: Final = timedelta(minutes=1)
SAVED_AFTER: Final = timedelta(seconds=5)
SOCKET_UP: Final = timedelta(milliseconds=500)
INFO_AFTER: Final = timedelta(seconds=5)
RUNS_AFTER: Final = timedelta(seconds=10, milliseconds=500)
RESTARTED_EACH: Final = timedelta(seconds=2, milliseconds=500)
LOST_AFTER: Final = timedelta(seconds=45)
LOST_EACH: Final = timedelta(seconds=15)
BACK_AFTER: Final = timedelta(seconds=250)


class Pool:
    """Keeps the accounts, and lets time pass for them."""

    def __init__(self, *, now: Callable[[], datetime], seed: int, pace: float = 1) -> None:
        self.accounts: dict[str, SimulatedProxyAccount] = {}
        self.deleted: list[SimulatedProxyAccount] = []
        self.midjourney_commands: int = 0
        """How often Midjourney was sent something, by starting accounts and by syncs."""
        self.links_fail = False
        """Whether Discord's side answers an error when a CAPTCHA link is asked for."""
        self._pace = pace
        """How many times faster than the real one it does what takes it time."""
        self._rng = random.Random(seed)  # noqa: S311 - made-up ids, the same in every run
        self._time = Timeline(now)
        self._discord_is_out = False
        self._time.plan(now() + self._takes(ROUTINE), self._routine)

    def add(
        self,
        *,
        key: str | None = None,
        channel: str | None = None,
        remark: str | None = "",
        sort: int | None = None,
        work_time: str | None = None,
        is_discord: bool = True,
        running: bool = True,
    ) -> SimulatedProxyAccount:
        """Make an account, by default one that runs and has its info."""
        number = len(self.accounts) + len(self.deleted) + 1
        now = self.settle()
        account = SimulatedProxyAccount(
            id=key or str(self._guid()),
            channel=channel or (str(1_200_000_000_000_000_000 + number) if is_discord else self._hex()),
            guild="110000000000000001" if is_discord else self._hex(),
            remark=f"account {number}" if remark == "" else remark,
            sort=number if sort is None else sort,
            created=now + timedelta(microseconds=number),
            work_time=work_time,
            is_discord=is_discord,
        )
        if running and account.is_within_hours:
            self._run(account, now)
        self.accounts[account.id] = account
        return account

    def settle(self) -> datetime:
        """Let pass the time that has passed."""
        return self._time.settle()

    def leap(self, by: timedelta) -> None:
        """Let a time pass, right before the clock is set ahead, in which nothing happens to the accounts.

        Its routine would otherwise run some 10,000 times for a week, one after another.
        """
        self.settle()
        self._time.postpone(by)

    def _takes(self, real: timedelta) -> timedelta:
        return real / self._pace

    @property
    def is_cut_off(self) -> bool:
        """Whether it cannot reach Discord now."""
        return self._discord_is_out

    # What happens to accounts

    def strike(self, key: str, reason: str) -> None:
        """Let Midjourney stop an account: for a message, a block or a plan; the proxy saves it 5 s later."""
        account = self.accounts[key]
        account.pending = reason
        self._time.plan(self.settle() + self._takes(SAVED_AFTER), partial(self._disable, account, reason))

    def exhaust(self, key: str) -> None:
        """Let an account use up its credits."""
        self.accounts[key].fast_exhausted = True
        self.strike(key, CREDITS)

    def acknowledge(self, key: str) -> None:
        """Let a person deal with what Midjourney or Discord wants of an account; it stays disabled."""
        account = self.accounts[key]
        account.pending, account.token_is_rejected, account.fast_exhausted = None, False, False

    def reject_token(self, key: str) -> None:
        """Let Discord refuse the token: enabled with the true cause for four seconds, then disabled."""
        account = self.accounts[key]
        account.token_is_rejected = True
        self._turn_away(account, self.settle())

    def ask_captcha(self, key: str, *, link: bool = True, disabled: bool = False) -> None:
        """Let Midjourney ask for a CAPTCHA: locked at once; a link comes unless Discord's side fails."""
        account = self.accounts[key]
        account.lock, account.running, account.captcha_at = True, False, self.settle()
        account.enable = account.enable and not disabled
        account.reason = CAPTCHA_BY_HAND if link else CAPTCHA_BY_MACHINE
        account.captcha_link = self._link(account) if link else None

    def pause(self, key: str) -> None:
        """Let a person disable an account, whose reason stays."""
        account = self.accounts[key]
        self.settle()
        account.enable = account.running = account.is_connected = False

    def drop_reason(self, key: str) -> None:
        """Let a disabled account stand there without its reason."""
        self.settle()
        self.accounts[key].reason = ""

    def block_until(self, key: str, end: datetime) -> None:
        """Disable an account until a time, without a reason. Nothing enables it then."""
        self.pause(key)
        self.accounts[key].unlocks_at = end

    def lose_discord(self, spared: Collection[str] = ()) -> None:
        """Cut the proxy off Discord: running accounts are disabled one after another, but for some."""
        self._discord_is_out = True
        at = self.settle() + self._takes(LOST_AFTER)
        for account in self._in_order():
            if not account.running:
                continue
            if account.id in spared:
                self._time.plan(at, partial(self._stop, account))
                continue
            self._time.plan(at, partial(self._stop, account, reason=SOCKET_BROKEN))
            self._time.plan(at + self._takes(LOST_EACH), partial(self._disable, account, NOT_RECONNECTED))
            at += self._takes(LOST_EACH) / 3

    def find_discord(self) -> None:
        """Connect the proxy again: who was spared runs 250 s later, the disabled stay so."""
        now = self.settle()
        self._discord_is_out = False
        for account in self._in_order():
            if account.enable and not account.lock and not account.running:
                self._time.plan(now + self._takes(BACK_AFTER), partial(self._start_ends, account))

    def restart(self) -> None:
        """Start the proxy again: all as it was, but nothing runs until it has gone through its accounts."""
        at = self.settle()
        for account in self._in_order():
            account.running = account.is_connected = False
            if account.can_start:
                at += self._takes(RESTARTED_EACH)
                self._time.plan(at, partial(self._start_ends, account))

    # What the proxy does when it is asked to

    def enable(self, keys: Collection[object]) -> int:
        """Enable accounts, with the old reason still there; return how many were disabled."""
        self.settle()
        found = [self.accounts[key] for key in keys if isinstance(key, str) and key in self.accounts]
        disabled = [account for account in found if not account.enable]
        for account in disabled:
            account.enable = True
        return len(disabled)

    def unlock(self, account: SimulatedProxyAccount) -> None:
        """Clear the lock, whether the CAPTCHA was solved or not."""
        if account.lock:
            account.lock, account.reason, account.captcha_link, account.captcha_at = False, "", None, None
            account.running = account.enable

    def fresh_link(self, account: SimulatedProxyAccount) -> None:
        """Mint a new link; the reason stays as it was."""
        account.captcha_link = self._link(account)

    def remove(self, key: str) -> bool:
        """Delete an account."""
        account = self.accounts.pop(key, None)
        if account is not None:
            self.deleted.append(account)
        return account is not None

    # How it starts accounts

    def _routine(self, at: datetime) -> None:
        """Start what can be started, one after another in the order of `sort`; then again each minute."""
        begins = at
        for account in self._in_order():
            if account.can_start and not self._discord_is_out:
                self._time.plan(begins + self._takes(SOCKET_UP), partial(self._socket_is_up, account))
                self._time.plan(begins + self._takes(INFO_AFTER), partial(self._info_comes, account))
                self._time.plan(begins + self._takes(RUNS_AFTER), partial(self._start_ends, account))
                begins += self._takes(RUNS_AFTER)
        self._time.plan(max(at + self._takes(ROUTINE), begins), self._routine)

    def _socket_is_up(self, account: SimulatedProxyAccount, at: datetime) -> None:
        if not account.can_start:
            return
        if account.token_is_rejected:
            self._turn_away(account, at)
            return
        account.reason = ""

    def _info_comes(self, account: SimulatedProxyAccount, at: datetime) -> None:
        if not account.can_start or account.token_is_rejected:
            return
        self.midjourney_commands += 1
        account.is_connected = True
        if not account.pending:
            account.info_at = at

    def _start_ends(self, account: SimulatedProxyAccount, at: datetime) -> None:
        if not account.can_start or account.token_is_rejected or self._discord_is_out:
            return
        if account.pending:
            self._disable(account, account.pending, at)
        else:
            self._run(account, account.info_at or at)

    def _run(self, account: SimulatedProxyAccount, info_at: datetime) -> None:
        account.running, account.is_connected, account.reason, account.info_at = True, True, "", info_at

    def _stop(self, account: SimulatedProxyAccount, _: datetime, *, reason: str = "") -> None:
        if account.running:
            account.running, account.reason = False, reason

    def _disable(self, account: SimulatedProxyAccount, reason: str, _: datetime) -> None:
        account.enable = account.running = account.is_connected = False
        account.reason = reason

    def _turn_away(self, account: SimulatedProxyAccount, at: datetime) -> None:
        def said(_: datetime) -> None:
            account.running, account.reason = False, REJECTED

        self._time.plan(at + self._takes(timedelta(seconds=1)), said)
        self._time.plan(at + self._takes(SAVED_AFTER), partial(self._disable, account, TOO_MANY_FAILURES))

    def _in_order(self) -> list[SimulatedProxyAccount]:
        return sorted(self.accounts.values(), key=lambda account: (account.sort, account.created))

    def _link(self, account: SimulatedProxyAccount) -> str:
        return (
            "https://captcha.example/captcha/challenge/index.html?hash=made-up"
            f"&token={account.secret('captcha')}"
        )

    def _guid(self) -> str:
        digits = f"{self._rng.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _hex(self) -> str:
        return f"{self._rng.getrandbits(64):016x}"
