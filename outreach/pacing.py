"""The pace of each sender, shared by all workers through Redis; by each process alone without it.

Nothing rests on it: a Redis that is away, emptied or frozen costs a quarter of a second once in ten
seconds, and may let more leave than the sender's rate. The provider queues that, or says 429.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from outreach.domain.clock import Clock
from outreach.domain.pacing import (
    Bucket,
    capacity,
    floor_of,
    given_back,
    refilled,
    taken,
)
from outreach.domain.states import Urgency
from outreach.pipeline.ports import Pace

log = structlog.get_logger(__name__)

_SECONDS = 0.25
_PAUSE = 10.0
"""Seconds without another try after one that failed."""
_KEY = "outreach:pace:"
_SCRIPT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local granted = {}
for i, key in ipairs(KEYS) do
  local rate, most = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2])
  local floor, want = ARGV[4 * i - 1], tonumber(ARGV[4 * i])
  local kept = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = most
  if kept[1] then
    local gained = math.max(0, now - tonumber(kept[2])) * rate
    tokens = math.min(most, tonumber(kept[1]) + gained)
  end
  local grant = want
  if floor == 'back' then
    tokens, grant = math.min(most, tokens + want), 0
  else
    grant = math.max(0, math.min(want, math.floor(tokens - tonumber(floor))))
    tokens = tokens - grant
  end
  redis.call('HSET', key, 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
  redis.call('EXPIRE', key, 3600)
  granted[i] = grant
end
return granted
"""
"""The rules of ``domain/pacing.py``, in one step for all senders and by one clock: Redis's own."""


class OwnPace:
    """The pace of this process alone: what one worker without Redis can keep."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    def take(self, rates: Mapping[str, float], want: int, lanes: Collection[Urgency]) -> list[int]:
        """As ``Pace`` says."""
        granted = []
        with self._lock:
            for name, rate in rates.items():
                grant, left = taken(self._now(name, rate), want, floor_of(lanes, rate))
                self._buckets[name] = left
                granted.append(grant)
        return granted

    def give_back(self, rates: Mapping[str, float], unused: Sequence[float]) -> None:
        """As ``Pace`` says."""
        with self._lock:
            for (name, rate), tokens in zip(rates.items(), unused, strict=True):
                self._buckets[name] = given_back(self._now(name, rate), rate, tokens)

    def _now(self, name: str, rate: float) -> Bucket:
        return refilled(self._buckets.get(name), rate, self._clock.now().timestamp())


class SharedPace:
    """The pace that all workers keep together. Safe to make before a fork."""

    def __init__(self, client: "redis.Redis", clock: Clock) -> None:
        self._script: Callable[..., Any] = client.register_script(_SCRIPT)
        self._clock = clock
        self._own = OwnPace(clock)
        self._failed_at: float | None = None

    def take(self, rates: Mapping[str, float], want: int, lanes: Collection[Urgency]) -> list[int]:
        """As ``Pace`` says; where Redis does not answer, as this process alone would."""
        asked = [(floor_of(lanes, rate), want) for rate in rates.values()]
        granted = self._ask(rates, asked)
        return self._own.take(rates, want, lanes) if granted is None else granted

    def give_back(self, rates: Mapping[str, float], unused: Sequence[float]) -> None:
        """As ``Pace`` says."""
        if any(unused) and self._ask(rates, [("back", tokens) for tokens in unused]) is None:
            self._own.give_back(rates, unused)

    def _ask(
        self, rates: Mapping[str, float], asked: Sequence[tuple[float | str, float]]
    ) -> list[int] | None:
        now = self._clock.now().timestamp()
        # a clock that stepped back must not keep Redis shut out
        if self._failed_at is not None and 0 <= now - self._failed_at < _PAUSE:
            return None
        words: list[object] = []
        for rate, (floor, want) in zip(rates.values(), asked, strict=True):
            words += [rate, capacity(rate), floor, want]
        try:
            found = self._script(keys=[f"{_KEY}{name}" for name in rates], args=words)
        except (redis.RedisError, OSError) as error:
            self._failed_at = self._clock.now().timestamp()
            log.info("pace.own", error=type(error).__name__)
            return None
        self._failed_at = None
        return cast("list[int]", found)


def build_pace(broker_url: str | None, clock: Clock) -> Pace:
    """Shared where the broker is a Redis; each process's own else."""
    parts = urlsplit(broker_url or "")
    quiet: dict[str, Any] = {
        "socket_timeout": _SECONDS,
        "socket_connect_timeout": _SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    if parts.scheme == "redis+socket":
        number = parse_qs(parts.query).get("virtual_host", ["0"])[0]
        client = redis.Redis(unix_socket_path=unquote(parts.path), db=int(number), **quiet)
        return SharedPace(client, clock)
    if parts.scheme in {"redis", "rediss"}:
        return SharedPace(redis.Redis.from_url(broker_url or "", **quiet), clock)
    return OwnPace(clock)
