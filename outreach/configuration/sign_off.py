"""The sign-off of an installation: its approvals, asked about the texts that it would send."""

from collections.abc import Callable, Collection

from outreach.configuration.approvals_file import RecordedApprovals
from outreach.domain.approvals import Role, lacking
from outreach.domain.states import ChannelKind


class RecordedSignOff:
    """Implements ``outreach.pipeline.ports.SignOff``."""

    def __init__(
        self,
        approvals: RecordedApprovals,
        version: Callable[[str, str], str],
        default_language: str,
        channels: Collection[ChannelKind],
    ) -> None:
        """``version`` gives the digest of a message in a language, as a process has it loaded;
        ``channels`` are those that reach real people: the others need no approval.
        """
        self._approvals = approvals
        self._version = version
        self._default_language = default_language
        self._channels = frozenset(channels)

    def lacking(self, message: str, language: str, channel: ChannelKind) -> tuple[Role, ...]:
        """Whose word is wanting. Raises ConfigurationError where that cannot be read."""
        if channel not in self._channels:
            return ()
        version = self._version(message, language)
        return lacking(self._approvals.now(), message, language, version, self._default_language)
