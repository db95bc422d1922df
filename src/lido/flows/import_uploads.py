"""The file of an import job: the address that it is uploaded to, its parts as they arrive, and reading it again.

It holds addresses and hashes of passwords, so it rests sealed. A part of it is a mebibyte; nobody holds it whole.
"""

from typing import NamedTuple
from urllib.parse import quote

import msgspec

from lido.call import Call
from lido.flows.events import Fact, tell
from lido.rules.user_csv import LONGEST_FILE_BYTES, LONGEST_ROW_BYTES, Unreadable
from lido.storage import import_jobs, pools
from lido.storage.import_jobs import ImportJob

PURPOSE = "import chunk"
LIFETIME_SECONDS = 900
MOST_BYTES = LONGEST_FILE_BYTES
PART_BYTES = 1024 * 1024
_URL_PURPOSE = "import upload"


class UploadRefused(Exception):
    """The file is not taken. `code` is S3's, `status` HTTP's."""

    def __init__(self, code: str, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.status = status


def url(call: Call, job: ImportJob) -> str:
    """The address that takes the job's file for a quarter of an hour, from whoever has it."""
    expires_at = job.created_at + LIFETIME_SECONDS * 1000
    token = call.keys.seal_text(_URL_PURPOSE, msgspec.msgpack.encode(expires_at), job.pool_id, job.id)
    return f"{call.house.public_url}/{quote(job.pool_id)}/imports/{job.id}?upload={token}"


def check_url(call: Call, pool_id: str, job_id: str, token: str) -> None:
    """Raise UploadRefused for an address that we did not make, or that is over."""
    try:
        expires_at: int = msgspec.msgpack.decode(call.keys.open_text(_URL_PURPOSE, token, pool_id, job_id), type=int)
    except ValueError:
        raise UploadRefused("AccessDenied", "Access Denied", 403) from None
    if call.now >= expires_at:
        raise UploadRefused("AccessDenied", "Request has expired", 403)


def begin(call: Call, pool_id: str, job_id: str) -> str:
    """The name of a file that is on its way; one that began before is taken no more. Raises UploadRefused."""
    upload = call.entropy.uuid()
    with call.db.write(durable=False) as tx:
        if pools.find(tx, pool_id) is None or not import_jobs.begin_upload(tx, pool_id, job_id, upload):
            raise _not_taken()
    return upload


def add(call: Call, pool_id: str, job_id: str, upload: str, part: int, content: bytes) -> None:
    """Keep a part: all have PART_BYTES but the last. Raises UploadRefused."""
    sealed = call.keys.seal(PURPOSE, content, pool_id, job_id, upload, import_jobs.part_name(part))
    with call.db.write(durable=False) as tx:
        if not import_jobs.add_chunk(tx, pool_id, job_id, upload, part, sealed):
            raise _not_taken()


def end(call: Call, pool_id: str, job_id: str, upload: str, size: int) -> None:
    """The file came whole: it takes the place of one that was uploaded before. Raises UploadRefused."""
    with call.db.write() as tx:
        if not import_jobs.end_upload(tx, pool_id, job_id, upload, size):
            raise _not_taken()
        tell(call, tx, pool_id, "import_uploaded", fact=Fact(names=[job_id]))


def abandon(call: Call, pool_id: str, job_id: str, upload: str) -> None:
    """The file will not come whole."""
    with call.db.write() as tx:
        import_jobs.abandon_upload(tx, pool_id, job_id, upload)


def too_large() -> UploadRefused:
    """The refusal of a file beyond Cognito's bound."""
    size = MOST_BYTES // 1024 // 1024
    sentence = f"Your proposed upload exceeds the maximum allowed size of {size} MB."
    return UploadRefused("EntityTooLarge", sentence, 400)


def _not_taken() -> UploadRefused:
    return UploadRefused("OperationAborted", "The user import job does not take a file any more.", 409)


class FileLine(NamedTuple):
    """A line without its end, None where it is longer than any may be; the next begins at `end`."""

    content: bytes | None
    end: int


class UploadedFile:
    """The lines of a job's file, wherever one wants to begin; holds one part at a time."""

    def __init__(self, job: ImportJob) -> None:
        self._job = job
        self._held: tuple[int, bytes] = (-1, b"")

    def line(self, call: Call, position: int) -> FileLine:
        """The line at that offset, which must be below the file's size. Raises Unreadable."""
        kept: list[bytes] = []
        length = 0
        while position < self._job.size:
            part = self._part(call, position // PART_BYTES)
            begin = position % PART_BYTES
            end = part.find(b"\n", begin)
            piece = part[begin : len(part) if end < 0 else end]
            length += len(piece)
            if length <= LONGEST_ROW_BYTES:
                kept.append(piece)
            position += len(piece)
            if end >= 0:
                position += 1
                break
        return FileLine(b"".join(kept) if length <= LONGEST_ROW_BYTES else None, position)

    def _part(self, call: Call, number: int) -> bytes:
        job = self._job
        if self._held[0] != number:
            with call.db.read() as tx:
                sealed = import_jobs.chunk(tx, job, number)
            if sealed is None or job.upload is None:
                raise Unreadable("The CSV file is gone.")
            name = import_jobs.part_name(number)
            self._held = (number, call.keys.open(PURPOSE, sealed, job.pool_id, job.id, job.upload, name))
        part = self._held[1]
        if not part:
            raise Unreadable("The CSV file is gone.")
        return part
