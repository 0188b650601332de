"""What the environment means, and what comes back from a wire that works, lies or breaks."""

from __future__ import annotations

import base64
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from logshape import connections
from logshape.connections import Aws, NoAnswer, Refused, Reply
from logshape.errors import InvalidEnvironment, OutsideFailure
from tests.wires import Told, body, created, served

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.wires import Asked

CLOSED = "http://127.0.0.1:1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-central-1"}
PUT_OK = b'{"FailedPutCount":0,"RequestResponses":[{"RecordId":"r"}]}'


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Give botocore credentials, and hide what this machine has of its own."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")


def bulk(url: str, **more: str) -> Reply | NoAnswer:
    """Send one body to the cluster at *url*."""
    environ = {**KEYS, "LOGSHAPE_OPENSEARCH_URL": url, **more}
    request = connections.opensearch(environ, Aws(environ))
    assert request is not None
    return request("POST", "/_bulk", body("1"), 2.0)


def put(url: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """Put one record into a stream of the Firehose at *url*."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    environ = {**KEYS, "LOGSHAPE_FIREHOSE_STREAM": "archive"}
    way = connections.firehose(environ, Aws(environ))
    assert way is not None
    return way([b"{}\n"])


@pytest.mark.parametrize("name", ["LOGSHAPE_FIREHOSE_STREAM", "LOGSHAPE_OPENSEARCH_URL", "LOGSHAPE_SPOOL"])
def test_an_empty_variable_switches_its_sink_off(name: str) -> None:
    """A template passes parameters on, and an empty one is how it says nothing."""
    environ = {**KEYS, name: ""}
    aws = Aws(environ)

    found = [connections.firehose(environ, aws), connections.opensearch(environ, aws), connections.spool(environ, aws)]

    assert found == [None, None, None]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"LOGSHAPE_OPENSEARCH_AUTH": "kerberos"},
            "LOGSHAPE_OPENSEARCH_AUTH is `kerberos`; use one of none, basic, es",
        ),
        (
            {"LOGSHAPE_OPENSEARCH_AUTH": "basic"},
            (
                "LOGSHAPE_OPENSEARCH_AUTH is `basic`, and nobody says who: put user:password@ into "
                "LOGSHAPE_OPENSEARCH_URL, or the ARN of a secret into LOGSHAPE_OPENSEARCH_SECRET"
            ),
        ),
        (
            {"LOGSHAPE_OPENSEARCH_URL": "https://search.example.com"},
            "LOGSHAPE_OPENSEARCH_AUTH is `es`, which needs AWS_REGION; it is empty",
        ),
        (
            {"LOGSHAPE_OPENSEARCH_URL": "me:secret@search.example.com:port"},
            "LOGSHAPE_OPENSEARCH_URL is not a URL; wanted http[s]://[user:password@]host[:port]",
        ),
    ],
)
def test_a_value_that_means_nothing_is_refused_before_the_first_event(variables: dict[str, str], message: str) -> None:
    """A typo must show when the function starts, and not as documents that pile up in the spool."""
    environ = {"LOGSHAPE_OPENSEARCH_URL": "http://localhost:9200", **variables}

    with pytest.raises(InvalidEnvironment) as raised:
        connections.opensearch(environ, Aws(environ))

    assert str(raised.value) == message


@pytest.mark.parametrize("url", ["bucket/prefix", "s3:///prefix", "file:///tmp"])
def test_a_spool_is_a_place_on_s3(url: str) -> None:
    """Lambda's own disk goes away with the container."""
    with pytest.raises(InvalidEnvironment) as raised:
        connections.spool({"LOGSHAPE_SPOOL": url}, Aws({}))

    assert str(raised.value) == f"LOGSHAPE_SPOOL is `{url}`; wanted s3://bucket/prefix"


def test_a_bulk_request_carries_the_body_and_its_kind() -> None:
    """OpenSearch refuses another content type, and the body's own bytes must arrive."""
    with served(lambda asked: Told(200, created(asked.body))) as (url, asked):
        reply = bulk(f"{url}/prefix")

    assert reply == Reply(status=200, body=created(body("1")).decode())
    (request,) = asked
    assert (request.method, request.path, request.body) == ("POST", "/prefix/_bulk", body("1"))
    assert request.headers["content-type"] == "application/x-ndjson"
    assert "authorization" not in request.headers


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 429, 500, 503])
def test_an_error_of_a_cluster_is_a_reply(status: int) -> None:
    """opensearch-py would raise, and drop the headers."""
    with served(lambda _: Told(status, b"<html>", (("Retry-After", "3"),))) as (url, asked):
        reply = bulk(url)

    assert reply == Reply(status=status, body="<html>", after=3.0)
    assert len(asked) == 1


@pytest.mark.parametrize(("header", "seconds"), [("1", 1), ("soon", 0), ("-1", 0), ("", 0)])
def test_retry_after_is_seconds(header: str, seconds: float) -> None:
    """RFC 9110 allows a number; what is none asks for nothing."""
    with served(lambda _: Told(503, b"", (("Retry-After", header),))) as (url, _):
        reply = bulk(url)

    assert isinstance(reply, Reply)
    assert reply.after == seconds


def test_retry_after_is_a_date() -> None:
    """RFC 9110 allows one, too."""
    header = formatdate(time.time() + 3600, usegmt=True)

    with served(lambda _: Told(503, b"", (("Retry-After", header),))) as (url, _):
        reply = bulk(url)

    assert isinstance(reply, Reply)
    assert 3000 <= reply.after <= 3600


def test_credentials_in_the_url_are_sent_and_not_written() -> None:
    """A password may hold any character, and `basic` goes without saying where there is one."""
    with served(lambda _: Told(200)) as (url, asked):
        bulk(url.replace("//", "//me:p%40ss@"))

    assert asked[0].headers["authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()


def test_a_rotated_secret_is_read_anew_after_a_401(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container lives for hours, and a password may not."""
    passwords = iter(["old", "new"])

    def answer(asked: Asked) -> Told:
        if "x-amz-target" in asked.headers:
            return Told(
                200, b'{"SecretString":"{\\"username\\":\\"me\\",\\"password\\":\\"%s\\"}"}' % next(passwords).encode()
            )
        accepted = asked.headers["authorization"] == "Basic " + base64.b64encode(b"me:new").decode()
        return Told(200 if accepted else 401)

    with served(answer) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        environ = {
            **KEYS,
            "LOGSHAPE_OPENSEARCH_URL": url,
            "LOGSHAPE_OPENSEARCH_AUTH": "basic",
            "LOGSHAPE_OPENSEARCH_SECRET": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:os",
        }
        request = connections.opensearch(environ, Aws(environ))
        assert request is not None
        replies = [request("POST", "/_bulk", body("1"), 2.0) for _ in range(2)]

    assert [reply.status for reply in replies if isinstance(reply, Reply)] == [401, 200]


def test_a_domain_is_sent_a_signature_over_what_goes_over_the_wire() -> None:
    """Amazon OpenSearch Service checks it, the digest of the compressed body with it."""
    with served(lambda _: Told(200)) as (url, asked):
        bulk(url, LOGSHAPE_OPENSEARCH_AUTH="es")

    headers = asked[0].headers
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/es/aws4_request" in headers["authorization"]
    assert headers["x-amz-content-sha256"]


def silent(_: Asked) -> Told:
    """Close the connection instead of an answer."""
    return Told(0)


def cut(_: Asked) -> Told:
    """Promise more than is sent."""
    return Told(200, b'{"items":[', (("content-length", "1000"), ("connection", "close")))


@pytest.mark.parametrize("answer", [silent, cut])
def test_a_connection_that_breaks_is_no_answer(answer: Callable[[Asked], Told]) -> None:
    """The documents may have arrived or not: what knows that is the next try."""
    with served(answer) as (url, asked):
        reply = bulk(url)

    assert reply == NoAnswer(reason="ConnectionError")
    assert len(asked) == 1


def test_a_cluster_that_is_not_there_is_no_answer() -> None:
    """Nothing listens, or no name says where."""
    assert bulk(CLOSED) == NoAnswer(reason="ConnectionError")
    assert bulk("http://no-such-host.invalid", LOGSHAPE_OPENSEARCH_AUTH="none") == NoAnswer(reason="ConnectionError")


def test_a_cluster_that_hangs_is_waited_for_as_long_as_was_said() -> None:
    """Connecting and reading share the time that is left of an invocation; each by itself would fit, and not both."""
    release = threading.Event()
    with served(lambda _: (release.wait(), Told(200))[1]) as (url, _):
        request = connections.opensearch({**KEYS, "LOGSHAPE_OPENSEARCH_URL": url}, Aws(KEYS))
        assert request is not None
        request("GET", "/", None, 0.05)  # the first one imports what it needs
        started = time.monotonic()
        answer = request("POST", "/_bulk", body("1"), 0.3)
        took = time.monotonic() - started
        release.set()

    assert answer == NoAnswer(reason="ConnectionTimeout")
    assert 0.2 < took < 2.0


def test_firehose_is_asked_once_and_answers_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer for each record is the sink's to read."""
    with served(lambda _: Told(200, PUT_OK)) as (url, asked):
        answer = put(url, monkeypatch)

    assert answer == {
        "FailedPutCount": 0,
        "RequestResponses": [{"RecordId": "r"}],
        "ResponseMetadata": answer["ResponseMetadata"],
    }  # type: ignore[index] # a dict
    assert len(asked) == 1


def test_an_error_of_firehose_is_refused_after_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tries of botocore would multiply ours."""
    error = b'{"__type":"ServiceUnavailableException","message":"Slow down."}'
    with served(lambda _: Told(503, error)) as (url, asked):
        answer = put(url, monkeypatch)

    assert answer == Refused(status=503, code="ServiceUnavailableException")
    assert len(asked) == 1


def test_a_wait_that_firehose_asks_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS sends it rarely, a proxy before it more often."""
    with served(lambda _: Told(503, b"{}", (("retry-after", "3"),))) as (url, _):
        assert put(url, monkeypatch) == Refused(status=503, code="503", after=3.0)


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("text", [b"[]", b"null", b"\xff", b'{"RequestResponses":["r"]}'])
def test_an_answer_of_firehose_that_botocore_cannot_read_says_nothing(
    monkeypatch: pytest.MonkeyPatch, status: int, text: bytes
) -> None:
    """It trips over most of these: an error of ours would not be tried again."""
    with served(lambda _: Told(status, text)) as (url, _):
        answer = put(url, monkeypatch)

    assert isinstance(answer, NoAnswer) or (status, answer) == (503, Refused(status=503, code="503"))


def test_a_firehose_that_breaks_off_or_is_not_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The records may be stored or not."""
    with served(silent) as (url, _):
        assert put(url, monkeypatch) == NoAnswer(reason="ConnectionClosedError")
    assert put(CLOSED, monkeypatch) == NoAnswer(reason="EndpointConnectionError")


def test_an_object_is_kept_under_the_spools_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stacks may share a bucket."""
    with served(lambda _: Told(200, b"", (("etag", '"9a0364b9"'),))) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        for spool in ("s3://bucket/a/b/", "s3://bucket"):
            environ = {**KEYS, "LOGSHAPE_SPOOL": spool, "AWS_ENDPOINT_URL": url}
            keep = connections.spool(environ, Aws(environ))
            assert keep is not None
            keep("undelivered/index/x.ndjson.gz", b"content")

    assert [(request.method, request.path) for request in asked] == [
        ("PUT", "/bucket/a/b/undelivered/index/x.ndjson.gz"),
        ("PUT", "/bucket/undelivered/index/x.ndjson.gz"),
    ]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (Told(403, b"<Error><Code>AccessDenied</Code></Error>"), "AccessDenied"),
        (Told(200, b"<html>Please sign in</html>"), "an answer that is not S3's"),
    ],
    ids=["denied", "a proxy's page"],
)
def test_what_the_spool_did_not_take_raises(told: Told, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that is not there must never be counted."""
    with served(lambda _: told) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        environ = {**KEYS, "LOGSHAPE_SPOOL": "s3://bucket/spool", "AWS_ENDPOINT_URL": url}
        keep = connections.spool(environ, Aws(environ))
        assert keep is not None

        with pytest.raises(OutsideFailure) as raised:
            keep("x.ndjson.gz", b"content")

    assert str(raised.value) == f"s3://bucket/spool/x.ndjson.gz: {said}"
