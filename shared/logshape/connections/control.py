"""Turns profile and Region into AWS as operators change it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from logshape.connections.answers import NoAnswer, refused
from logshape.connections.aws import CONNECT_SECONDS
from logshape.errors import InvalidEnvironment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.connections.answers import Refused

CONTROL_SECONDS: Final = 30.0
"""For an answer to a change, of which a service may think longer than of data."""
_CONTROL_TRIES: Final = 8
_LONGEST_PAUSE: Final = 5.0


class Control:
    """AWS as operators change it: no haste, and as many tries as it takes where a service is busy."""

    def __init__(self, environ: Mapping[str, str], profile: str | None = None, region: str | None = None) -> None:
        """
        Take *profile* and *region* as the AWS CLI does, each before what *environ* and the configuration say.

        Raises:
            InvalidEnvironment: there is no such profile, or nobody names a Region.

        """
        import botocore.session
        from botocore.exceptions import BotoCoreError

        self._session = botocore.session.Session(profile=profile)
        self._clients: dict[str, Any] = {}
        try:
            self._session.get_scoped_config()  # tells whether the profile is there
            configured = environ.get("AWS_REGION") or self._session.get_config_variable("region")
        except BotoCoreError as error:
            raise InvalidEnvironment(str(error)) from error
        self.region: str = region or configured or ""
        if not self.region:
            raise InvalidEnvironment("nobody names a Region; say --region, or set AWS_REGION")

    def call(self, service: str, operation: str, **arguments: object) -> Mapping[str, Any] | Refused | NoAnswer:
        """Return what *operation*, by its name in Python, answers; a busy service is asked again, more slowly."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            answer: Mapping[str, Any] = getattr(self.client(service), operation)(**arguments)
        except ClientError as error:
            return replace(refused(error.response), message=error.response.get("Error", {}).get("Message", ""))
        except BotoCoreError as error:
            return NoAnswer(reason=str(error))
        except ResponseParserError:
            return NoAnswer(reason="what was answered cannot be read")
        return answer

    def credentials(self) -> Any:  # noqa: ANN401 # botocore makes them at run time
        """Return botocore's credentials, which renew themselves, or None."""
        return self._session.get_credentials()

    def client(self, service: str) -> Any:  # noqa: ANN401 # as above
        """Return the client of *service*, which has the patience."""
        if service not in self._clients:
            from botocore.config import Config

            retries: Any = {"mode": "adaptive", "total_max_attempts": _CONTROL_TRIES}
            config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=CONTROL_SECONDS, retries=retries)
            client: Any = self._session.create_client(service, region_name=self.region, config=config)
            # By the service's own name, or it would come after botocore's.
            event = f"needs-retry.{client.meta.service_model.service_id.hyphenize()}"
            client.meta.events.register_first(event, _again)
            self._clients[service] = client
        return self._clients[service]


def _again(response: tuple[object, dict[str, Any]] | None, attempts: int, **_: object) -> float | None:
    """Tell botocore in how many seconds to try again where it does not know, and not to where it should not."""
    error = response[1].get("Error", {}) if response else {}
    match error.get("Code"):
        case "OperationAbortedException" if attempts < _CONTROL_TRIES:  # another writer holds the thing
            return random.uniform(0.5, 1) * min(2.0**attempts / 10, _LONGEST_PAUSE)  # noqa: S311 # no secret
        case "LimitExceededException":  # botocore takes it for haste; to CloudWatch it is a quota, and full
            error["Code"] = "LimitExceeded"
    return None
