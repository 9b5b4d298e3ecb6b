"""The connections to servers elsewhere: straight, or through the HTTP proxy of PROXY_URL."""

from base64 import b64encode
from http import HTTPStatus

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from bot.domain.errors import Cause
from bot.domain.secret import SecretStr
from bot.providers.errors import NotAsked
from bot.runtime.setting_values import LOOPBACK


class ProxyError(NotAsked, aiohttp.ClientError):
    """The proxy let nothing through. To discord.py, too, it is a failure of the network."""


class Connector(aiohttp.TCPConnector):
    """Connects through the proxy, if there is one. This machine itself is reached without it."""

    def __init__(self, proxy: SecretStr | None, limit: int = 100) -> None:
        super().__init__(limit=limit)  # pyright: ignore[reportUnknownMemberType] - aiohttp leaves a part of it open
        address = URL(proxy.get_secret_value()) if proxy else None
        self._headers: dict[str, str] = {}
        if address and address.user is not None:
            login = b64encode(f"{address.user}:{address.password or ''}".encode()).decode()
            self._headers = {"Proxy-Authorization": f"Basic {login}"}
        self._proxy = address and address.with_user(None)

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's
    ) -> Connection:
        """Return a connection to the server of a request.

        Raises:
            ProxyError: the proxy does not let it through.
        """
        if self._proxy is None or LOOPBACK.fullmatch(req.url.host or ""):
            return await super().connect(req, traces, timeout)
        req.update_proxy(self._proxy, None, self._headers)
        if not req.is_ssl():
            req.headers.update(self._headers)  # the proxy reads the request itself
        try:
            return await super().connect(req, traces, timeout)
        except aiohttp.ClientSSLError:
            raise  # of the server behind the proxy
        except aiohttp.ClientHttpProxyError as error:
            status = error.status
        except (aiohttp.ClientError, OSError):
            status = None
        # Raised out here, the error has no context: aiohttp's errors hold the request's headers.
        if status is None:
            raise ProxyError(Cause.PROXY_SILENT)
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            raise ProxyError(Cause.PROXY_LOGIN)
        raise ProxyError(Cause.PROXY_REFUSED, status=status)
