"""Read a chained Ogg file (RFC 3533, section 4) as one logical stream; recorders that pause write link after link.

FFmpeg takes the second link's time stamps for sound that runs backwards. Of Opus (RFC 7845) the packets of all links
can stand in one stream: the head of the first is kept, those of the others must say the same, and pages get the serial
number, the sequence number and the time that they have in the whole. What an encoder put before and after each link is
played then: at most 0.1 s a link. Other codecs have heads that need not fit each other, so their chains are refused.
"""

from typing import BinaryIO, Final

from vault.screen.errors import UnscreenableError
from vault.screen.sound.ogg import CONTINUED, FIRST, FULL, LAST, Page, pages
from vault.screen.sound.silence import opus_samples

_HEADS: Final = 2  # packets before the sound: the head and the comments
_MAGIC: Final = b"OpusHead"
_FORM: Final = (slice(8, 10), slice(16, None))  # of a head: version and channels, gain and mapping
_NAMES: Final = {b"\x01vorbis": "Vorbis", b"\x7fFLAC": "FLAC", b"Speex   ": "Speex"}
_NOWHERE: Final = 2**64 - 1  # the time of a page on which no packet ends
_DO: Final = "decode it into one recording, for instance with 'ffmpeg -i old.ogg new.flac', and take that in"


class Joined:
    """The bytes of a chain as those of one logical stream; it has `read` alone, and goes from start to end once."""

    def __init__(self, source: BinaryIO, links: int) -> None:
        """Take a file that vault.screen.sound.ogg.walk has seen `links` links in."""
        self._pages, self._links = pages(source), links
        self._link = _Link(b"")
        self._head = self._serial = self._rest = b""
        self._count = self._sequence = self._time = 0  # links begun, pages given out, samples in them

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`; none at the end.

        Raises:
            UnscreenableError: the links are not of one kind, or of one that cannot be joined.

        """
        while not self._rest and (page := next(self._pages, None)):
            self._rest = self._moved(page)
        size = len(self._rest) if size < 0 else size
        out, self._rest = self._rest[:size], self._rest[size:]
        return out

    def _moved(self, page: Page) -> bytes:
        """Return a page as it is in the whole; nothing for the heads of all links but the first."""
        if page.flags & FIRST:
            self._begin(page)
        elif page.serial != self._link.serial:
            raise UnscreenableError(f"the Ogg file is a chain of {self._links} links of several streams; {_DO}")
        is_head, packets = self._link.heads < _HEADS, self._link.ended(page)
        is_last = self._count == self._links and bool(page.flags & LAST)
        granule = 0
        if is_head:
            self._link.heads += len(packets)
            if self._link.heads > _HEADS:
                raise UnscreenableError("the Ogg file is damaged: sound lies on a page of its heads")
            if self._count > 1 and not is_last:
                return b""
            if self._count > 1:  # a link without sound; the whole must end all the same
                page, granule = page._replace(flags=LAST, lacing=b"", body=b""), self._time
        else:
            samples = sum(map(opus_samples, packets))
            self._time += samples
            unplayed = self._link.unplayed(page, samples)
            granule = self._time - (unplayed if is_last else 0) if packets else _NOWHERE
        flags = page.flags & CONTINUED | (LAST if is_last else 0) | (0 if self._sequence else FIRST)
        moved = page._replace(flags=flags, granule=granule, serial=self._serial, sequence=self._sequence)
        self._sequence += 1
        return moved.packed()

    def _begin(self, page: Page) -> None:
        self._count += 1
        self._link = _Link(page.serial)
        self._serial, self._head = self._serial or page.serial, self._head or page.body
        _check(self._head, page.body, self._links)


class _Link:
    """The link that is being read."""

    def __init__(self, serial: bytes) -> None:
        self.serial = serial
        self.heads = 0  # packets that are no sound: the head and the comments
        self._begun = b""  # the first bytes of a packet that goes on in the next page
        self._time: int | None = None  # in samples, as its pages have it

    def ended(self, page: Page) -> list[bytes]:
        """Return of each packet that ends on a page its first two bytes."""
        out, at = [], 0
        for size in page.lacing:
            self._begun = (self._begun + page.body[at : at + min(size, 2)])[:2]
            at += size
            if size < FULL:
                out.append(self._begun)
                self._begun = b""
        return out

    def unplayed(self, page: Page, samples: int) -> int:
        """Return how many of the samples that end on a page lie after the end of the link."""
        if not samples:
            return 0
        if self._time is None:  # where the link begins, unless it has but one page, whose time may be its end
            self._time = 0 if page.flags & LAST else max(0, page.granule - samples)
        self._time += samples
        return min(max(0, self._time - page.granule), samples) if page.flags & LAST else 0


def _check(head: bytes, other: bytes, links: int) -> None:
    if not head.startswith(_MAGIC):
        name = next((n for magic, n in _NAMES.items() if head.startswith(magic)), "an unknown codec")
        raise UnscreenableError(f"the Ogg file is a chain of {links} links in {name}, which cannot be joined; {_DO}")
    if not other.startswith(_MAGIC) or any(head[part] != other[part] for part in _FORM):
        raise UnscreenableError(f"the Ogg file is a chain of {links} links that are not of one kind; {_DO}")
