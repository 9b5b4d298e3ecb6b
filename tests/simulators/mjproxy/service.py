"""What the simulated midjourney-proxy answers, without a socket: as version 11.10.3 did."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from tests.simulators.answers import Answer, Json, decode, encode
from tests.simulators.mjproxy.accounts import SimulatedProxyAccount
from tests.simulators.mjproxy.endpoints import OPEN, READS, WITH_BODY, WITHOUT_REDIS, Ask, Endpoint
from tests.simulators.mjproxy.entry import entry, masked
from tests.simulators.mjproxy.pool import Pool

DONE: Final = "操作成功"
FAILED: Final = "操作失败"
NO_SUCH_ACCOUNT: Final = "账号不存在"
NO_BODY: Final = "A non-empty request body is required."
BROKEN_JSON: Final = (
    "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that "
    "should be closed. Path: $.pagination | LineNumber: 0 | BytePositionInLine: 14."
)
NOT_A_TABLE: Final = (
    "The JSON value could not be converted to Midjourney.Base.StandardTable.StandardTableParam`1"
    "[Midjourney.Base.Models.DiscordAccount]. Path: $ | LineNumber: 0 | BytePositionInLine: 1."
)
NOT_A_NUMBER: Final = (
    "The JSON value could not be converted to System.Int32. "
    "Path: $.pagination.current | LineNumber: 0 | BytePositionInLine: 30."
)
DEMO_WRITE: Final = "演示模式，禁止操作"
DEMO_PAGES: Final = "演示模式，禁止查看更多数据"
REFUSED: Final = Answer(401, "账号无权限".encode(), "")
MISSING: Final = Answer(404, b"", "")
PROBLEM: Final[dict[str, Json]] = {
    "type": "https://tools.ietf.org/html/rfc9110#section-15.5.16",
    "title": "Unsupported Media Type",
    "status": 415,
    "traceId": "00-a7b1428854e136fb68960238d3e26b04-1872e6879fae5f09-00",
}
MOST_A_PAGE: Final = 100
DEMO_A_PAGE: Final = 10
FIRST_WITH_ENABLE: Final = (11, 9, 1)


SYSTEM: Final[dict[str, Json]] = {
    "programStartTime": "2026-11-27 06:19:50",
    "programUptime": "24 Seconds",
    "cpuCores": 2,
    "operatingSystem": "linux",
    "architecture": "x64",
    "hostname": "proxyhost",
    "serverStartTime": "2026-11-27 06:11:09",
    "serverUptime": "0 Days",
    "totalMemory": "24105MB",
    "freeMemory": "23649MB",
    "systemPlatform": "docker",
    "processCount": 70,
    "availableMemory": "166MB",
    "programDirectory": "/app",
    "isDocker": True,
}


class Service(Pool):
    """Answers for one installation."""

    def __init__(self, *, token: str, now: Callable[[], datetime], seed: int, pace: float) -> None:
        super().__init__(now=now, seed=seed, pace=pace)
        self.token = token
        self.has_redis = True
        self.is_demo = False
        self.version = "v11.10.3.0"
        self.local = timedelta()
        """How far the server's clock is ahead of UTC."""
        self.syncs_bring_news = True
        self.ignores_search = False
        self._handlers: Mapping[Endpoint, Callable[[Ask], Answer]] = {
            Endpoint.LIST: self._listed,
            Endpoint.ENABLED: self._listed_enabled,
            Endpoint.ENABLE: self._enabled,
            Endpoint.ADD: self._added,
            Endpoint.ACCOUNT: self._one,
            Endpoint.REMOVE: self._removed,
            Endpoint.LINK: self._link_given,
            Endpoint.SOLVED: self._solved,
            Endpoint.SYNC: self._synced,
            Endpoint.RECONNECT: self._reconnected,
            Endpoint.HOME: self._home,
            Endpoint.HEALTH: self._health,
        }

    def answer(self, ask: Ask, methods: tuple[str, ...]) -> Answer:
        """Do what is asked, and answer as the real one does."""
        self.settle()
        is_admin = ask.token == self.token
        if refused := self._refusal(ask, methods, is_admin=is_admin):
            return refused
        if ask.endpoint in READS | OPEN or is_admin:
            return self._handlers[ask.endpoint](ask)
        return self.says(DEMO_WRITE, success=False)

    def _refusal(self, ask: Ask, methods: tuple[str, ...], *, is_admin: bool) -> Answer | None:
        """Answer for what stands before any handler, in the order of the real one."""
        if ask.endpoint not in OPEN and not is_admin and not self.is_demo:
            return REFUSED
        if ask.endpoint is Endpoint.OTHER:
            return Answer(405, b"", "", {"Allow": ", ".join(methods)}) if methods else MISSING
        if ask.endpoint is Endpoint.ENABLE and self._version < FIRST_WITH_ENABLE:
            return MISSING
        if ask.endpoint in WITH_BODY and "json" not in ask.content_type:
            return Answer(415, encode(PROBLEM), "application/problem+json; charset=utf-8")
        if not self.has_redis and ask.endpoint not in WITHOUT_REDIS:
            return self.says(FAILED, success=False, status=500)
        return None

    def says(
        self, message: str, *, success: bool = True, status: int = HTTPStatus.OK, data: Json = None
    ) -> Answer:
        """Return an answer in the proxy's envelope."""
        envelope: dict[str, Json] = {"data": data} if data is not None else {}
        ticks = int((self._time.now() + self.local - datetime(1, 1, 1, tzinfo=UTC)).total_seconds() * 10**7)
        envelope |= {
            "success": success,
            "code": 0 if success else -1,
            "message": message,
            "timestamp": str(ticks),
        }
        return Answer.json(envelope, status)

    @property
    def _version(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.removeprefix("v").split("."))

    def _entry(self, account: SimulatedProxyAccount, ask: Ask, *, counted: bool = True) -> dict[str, Json]:
        fields = entry(account, local=self.local, counted=counted)
        return fields if ask.token == self.token else masked(fields)

    def _listed(self, ask: Ask) -> Answer:
        """Answer with one page of all accounts, the newest first."""
        body = decode(ask.body)
        if not isinstance(body, dict) or (not body and ask.body.strip() != b"{}"):
            unread = BROKEN_JSON if isinstance(body, dict) else NOT_A_TABLE
            return self.says(unread if ask.body else NO_BODY, success=False)
        if body.get("search", {}) is None or body.get("sort", {}) is None:
            return self.says(FAILED, success=False, status=500)
        pagination = body.get("pagination")
        paging = pagination if isinstance(pagination, dict) else {}
        current, size = paging.get("current", 1), paging.get("pageSize", DEMO_A_PAGE)
        if not isinstance(current, int) or not isinstance(size, int):
            return self.says(NOT_A_NUMBER, success=False)
        size = min(size, MOST_A_PAGE)
        if ask.token != self.token:
            size = min(size, DEMO_A_PAGE)
            if current > DEMO_A_PAGE:
                return self.says(DEMO_PAGES, success=False)
        found = self._found(body.get("search"))
        shown = found[(current - 1) * size : current * size] if current > 0 and size > 0 else []
        return Answer.json(
            {
                "list": [self._entry(account, ask) for account in shown],
                "pagination": {
                    "total": len(found),
                    "pageCount": -(-len(found) // size) if size > 0 else 0,
                    "current": current,
                    "pageSize": size,
                },
            }
        )

    def _found(self, search: Json) -> list[SimulatedProxyAccount]:
        wanted = search if isinstance(search, dict) and not self.ignores_search else {}
        channel, remark = wanted.get("channelId"), wanted.get("remark")
        found = [
            account
            for account in self.accounts.values()
            if (not channel or account.channel == channel)
            and (not isinstance(remark, str) or remark in (account.remark or ""))
        ]
        return sorted(found, key=lambda account: account.created, reverse=True)

    def _listed_enabled(self, ask: Ask) -> Answer:
        return Answer.json([self._entry(account, ask) for account in self._in_order() if account.enable])

    def _one(self, ask: Ask) -> Answer:
        account = self.accounts.get(ask.key)
        return (
            self._no_account() if account is None else Answer.json(self._entry(account, ask, counted=False))
        )

    def _enabled(self, ask: Ask) -> Answer:
        keys = decode(ask.body)
        if keys is None:
            return self.says(NO_BODY, success=False)
        if not isinstance(keys, list) or not keys:
            return self.says("参数错误", success=False)
        return self.says(f"已启用 {self.enable(keys)} 个账号")

    def _added(self, ask: Ask) -> Answer:
        fields = decode(ask.body)
        channel = str(fields.get("channelId")) if isinstance(fields, dict) else ""
        if any(account.channel == channel for account in self.accounts.values()):
            return self.says("渠道已存在", success=False)
        self.add(channel=channel, running=False)
        return self.says(DONE)

    def _removed(self, ask: Ask) -> Answer:
        return self.says(DONE) if self.remove(ask.key) else self._no_account()

    def _link_given(self, ask: Ask) -> Answer:
        account = self.accounts.get(ask.key)
        if account is None:
            return self._no_account()
        if not account.lock:
            return self.says("CF 验证链接不存在", success=False)
        if "refresh" in ask.query:
            if self.links_fail:
                return self.says(FAILED, success=False, status=500)
            self.fresh_link(account)
        return self.says(DONE, data=self._entry(account, ask, counted=False))

    def _solved(self, ask: Ask) -> Answer:
        account = self.accounts.get(ask.key)
        if account is None:
            return self._no_account()
        self.unlock(account)
        return self.says(DONE)

    def _synced(self, ask: Ask) -> Answer:
        """Send `/info` to Midjourney each time; success does not mean that anything new came."""
        account = self.accounts.get(ask.key)
        if account is None:
            return self.says("未找到账号实例", success=False)
        if not account.enable or not account.is_within_hours:
            return self.says("无可用的账号实例", success=False)
        if not account.is_connected:
            return self.says("同步失败，请稍后重试", success=False)
        self.midjourney_commands += 1
        account.syncs += 1
        if self.syncs_bring_news and not account.lock:
            account.info_at = self._time.now()
        return self.says(DONE)

    def _reconnected(self, ask: Ask) -> Answer:
        fields = decode(ask.body)
        account = self.accounts.get(ask.key)
        if account is None or not isinstance(fields, dict):
            return self._no_account()
        if fields.get("enable") is False:
            self.pause(account.id)
        return self.says(DONE)

    def _no_account(self) -> Answer:
        return self.says(NO_SUCH_ACCOUNT, success=False)

    def _home(self, _: Ask) -> Answer:
        """Answer what anybody may know, and more of the machine than anybody should."""
        runs = (account.running for account in self.accounts.values())
        data: dict[str, Json] = {
            "isRegister": False,
            "isGuest": True,
            "isDemoMode": self.is_demo,
            "version": self.version,
            **dict.fromkeys(("todayDraw", "yesterdayDraw", "totalDraw", "todayCount"), 0),
            "notify": None,
            "tops": {},
            "privateIp": "127.0.0.1",
            "systemInfo": {**SYSTEM},
            **dict.fromkeys(("todayCancelCount", "todayFailCount"), 0),
            "todayCounter": {},
            "todayCancelCounter": {},
            "todayFailCounter": {},
            "fastAvailableCount": sum(runs),
            **dict.fromkeys(("relaxAvailableCount", "youChuanRelaxAvailableCount"), 0),
            **dict.fromkeys(("todayWarningCount", "todayErrorCount"), 0),
            "nodes": [],
        }
        return self.says(DONE, data=data)

    def _health(self, _: Ask) -> Answer:
        moment = self._time.now().replace(tzinfo=None).isoformat()
        status: dict[str, Json] = {"status": "Healthy", "timestamp": f"{moment}Z"}
        return Answer.json({**status, "machineName": "proxyhost", "processId": 4926})
