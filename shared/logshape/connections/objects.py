"""Turns S3, or a folder that stands for a bucket, into objects that are read, listed, written and removed."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec

from logshape.connections.answers import told
from logshape.errors import InvalidEnvironment, OutsideFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from logshape.connections.aws import Aws

TRIES: Final = 3
GONE: Final = frozenset({"NoSuchKey", "404"})
_IN_MEMORY: Final = 8 * 1024 * 1024
_PIECE: Final = 1024 * 1024


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a listing; *modified* is in seconds since 1970."""

    key: str
    size: int
    modified: float


class Store(Protocol):
    """A bucket, or what stands for one. What raises `OutsideFailure` was not done, or nobody knows."""

    def read(self, key: str) -> IO[bytes] | None:
        """Return the whole object, on disk where it is large, or None when there is none of this *key*."""

    def write(self, key: str, body: bytes) -> None:
        """Put *body* under *key*, in place of what was there."""

    def remove(self, key: str) -> None:
        """Take the object away; one that is not there is away."""

    def listed(self, prefix: str) -> Iterator[Item]:
        """Yield what there is under *prefix*, in the order of keys."""

    def address(self, key: str) -> str:
        """Name an object for people."""


class Bucket:
    """A bucket on S3."""

    def __init__(self, aws: Aws, name: str) -> None:
        """Use *aws* for the bucket *name*."""
        self._aws = aws
        self._name = name

    def read(self, key: str) -> IO[bytes] | None:
        """Fetch the object before it is read, for a store of documents may take longer than S3 waits."""
        import tempfile  # which ingest has no use for

        file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 # who reads it closes it
        try:
            with told(self.address(key)):
                found = self._of_s3(self._s3.get_object(Bucket=self._name, Key=key), key)
                for piece in found["Body"].iter_chunks(_PIECE):
                    file.write(piece)
        except OutsideFailure as failure:
            file.close()
            if getattr(failure.__cause__, "response", {}).get("Error", {}).get("Code") in GONE:
                return None
            raise
        file.seek(0)
        return file

    def write(self, key: str, body: bytes) -> None:
        """Put an object."""
        with told(self.address(key)):
            kind = "application/gzip" if key.endswith(".gz") else "application/octet-stream"
            self._of_s3(self._s3.put_object(Bucket=self._name, Key=key, Body=body, ContentType=kind), key)

    def remove(self, key: str) -> None:
        """Delete an object."""
        with told(self.address(key)):
            self._s3.delete_object(Bucket=self._name, Key=key)

    def listed(self, prefix: str) -> Iterator[Item]:
        """List objects, a page at a time."""
        with told(self.address(prefix)):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix):
                for found in page.get("Contents", ()):
                    modified = found["LastModified"].timestamp()
                    yield Item(key=found["Key"], size=found["Size"], modified=modified)

    def address(self, key: str) -> str:
        """Return the object's URL."""
        return f"s3://{self._name}/{key}"

    @property
    def _s3(self) -> Any:  # noqa: ANN401 # botocore makes its clients at run time
        return self._aws.client("s3", tries=TRIES)

    def _of_s3(self, answer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Return *answer* if it names the object, as S3's do; a proxy that asks who is there says 200 too."""
        if "ETag" not in answer:
            raise OutsideFailure(f"{self.address(key)}: an answer that is not S3's")
        return answer


class Folder:
    """A folder on this machine, whose files are objects."""

    def __init__(self, path: Path) -> None:
        """Keep objects under *path*."""
        self._path = path

    def read(self, key: str) -> IO[bytes] | None:
        """Open the file."""
        try:
            return (self._path / key).open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutsideFailure(f"{self.address(key)}: {error.strerror}") from error

    def write(self, key: str, body: bytes) -> None:
        """Write the file whole or not at all."""
        file = self._path / key
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            beside = file.with_name(f".{file.name}")
            beside.write_bytes(body)
            beside.replace(file)
        except OSError as error:
            raise OutsideFailure(f"{self.address(key)}: {error.strerror}") from error

    def remove(self, key: str) -> None:
        """Delete the file."""
        try:
            (self._path / key).unlink(missing_ok=True)
        except OSError as error:
            raise OutsideFailure(f"{self.address(key)}: {error.strerror}") from error

    def listed(self, prefix: str) -> Iterator[Item]:
        """List files; one that is being written is not there yet."""
        for file in sorted((self._path / prefix.rpartition("/")[0]).rglob("*")):
            key = file.relative_to(self._path).as_posix()
            if key.startswith(prefix) and file.is_file() and not file.name.startswith("."):
                found = file.stat()
                yield Item(key=key, size=found.st_size, modified=found.st_mtime)

    def address(self, key: str) -> str:
        """Return the file's path."""
        return str(self._path / key)


def bucket_and_prefix(variable: str, url: str) -> tuple[str, str]:
    """
    Take *url*, the value of *variable*, apart into a bucket and a prefix, which is empty or ends in a slash.

    Raises:
        InvalidEnvironment: it is not of the form s3://bucket/prefix.

    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise InvalidEnvironment(f"{variable} is `{url}`; wanted s3://bucket/prefix")
    return parts.netloc, f"{parts.path.strip('/')}/".lstrip("/")
