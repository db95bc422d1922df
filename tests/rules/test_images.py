"""Images from outside: they stay what they show, and lose what they tell; what is none is refused."""

import struct
import zlib

import pytest
from tests.pictures import SECRET, opened, picture, talkative

from lido.rules.images import LONGEST_SIDE, Unfit, cleaned, kind_of

FORMS = ["PNG", "JPEG", "WEBP", "ICO"]
TAIL = b"<script>alert(1)</script>PK\x03\x04"


def png_of(*chunks):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def header(width, height):
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_stays_what_it_shows(form):
    content = picture(form)
    assert kind_of(content) == form
    shown = cleaned(form, content)
    assert kind_of(shown) == form
    assert opened(shown).convert("RGB").tobytes() == opened(content).convert("RGB").tobytes()
    assert cleaned(form, shown) == shown


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"quality": 95, "subsampling": 0}, {"restart_marker_rows": 1}]
)
def test_jpegs_of_all_kinds_stay(options):
    content = picture("JPEG", (200, 120), **options)
    assert opened(cleaned("JPEG", content)).tobytes() == opened(content).tobytes()


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}])
def test_webps_of_all_kinds_stay(options):
    content = picture("WEBP", (200, 120), **options)
    assert opened(cleaned("WEBP", content)).tobytes() == opened(content).tobytes()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_does_not_tell_where_it_was_taken(form):
    content = talkative(form)
    assert SECRET.encode() in content
    shown = cleaned(form, content)
    assert SECRET.encode() not in shown
    assert not opened(shown).getexif()
    assert opened(shown).tobytes() == opened(content).tobytes()


@pytest.mark.parametrize("form", FORMS)
def test_what_is_appended_stays_behind(form):
    assert TAIL not in cleaned(form, picture(form) + TAIL)
    assert cleaned(form, picture(form) + TAIL) == cleaned(form, picture(form))


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_that_is_cut_off_or_damaged_is_refused_or_harmless(form):
    content = picture(form)
    for end in range(0, len(content) - 1, max(1, len(content) // 200)):
        try:
            shown = cleaned(form, content[:end])
        except Unfit:
            continue
        assert kind_of(shown) == form


@pytest.mark.parametrize("form", FORMS)
def test_one_form_is_not_another(form):
    for other in FORMS:
        if other != form:
            with pytest.raises(Unfit):
                cleaned(form, picture(other))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html>",
        b"BM" + bytes(60),
        b"%PDF-1.7",
    ],
)
def test_what_is_no_picture_has_no_kind(content):
    assert kind_of(content) is None
    for form in FORMS:
        with pytest.raises(Unfit):
            cleaned(form, content)


def test_a_picture_that_would_fill_the_memory_is_refused():
    pixel = (b"IDAT", zlib.compress(bytes(4)))
    cleaned("PNG", png_of(header(LONGEST_SIDE, 1), pixel, (b"IEND", b"")))
    for width, height in [(LONGEST_SIDE + 1, 1), (1, 2**31), (LONGEST_SIDE, LONGEST_SIDE), (0, 1), (1, 0)]:
        with pytest.raises(Unfit):
            cleaned("PNG", png_of(header(width, height), pixel, (b"IEND", b"")))
    jpeg = bytearray(picture("JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(Unfit):
        cleaned("JPEG", bytes(jpeg))


def test_icons_that_share_their_bytes_do_not_multiply():
    picture_ = picture(size=(256, 256), compress_level=0)
    entries = b"".join(struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(picture_), 6 + 16 * 32) for _ in range(32))
    with pytest.raises(Unfit):
        cleaned("ICO", struct.pack("<HHH", 0, 1, 32) + entries + picture_)


def test_a_png_with_a_wrong_sum_without_a_picture_or_without_an_end_is_refused():
    whole = png_of(header(1, 1), (b"IDAT", zlib.compress(bytes(4))), (b"IEND", b""))
    cleaned("PNG", whole)
    for broken in (
        whole[:20] + bytes([whole[20] ^ 1]) + whole[21:],
        png_of(header(1, 1), (b"IEND", b"")),
        png_of((b"IDAT", b"x"), header(1, 1), (b"IEND", b"")),
        png_of(header(1, 1), (b"IDAT", b"x")),
        png_of((b"IEND", b"")),
    ):
        with pytest.raises(Unfit):
            cleaned("PNG", broken)


def test_chunks_that_tell_or_unpack_are_left_out():
    bomb = (b"iCCP", b"x\0\0" + zlib.compress(bytes(1_000_000)))
    chunks = [header(1, 1), bomb, (b"zTXt", b"x"), (b"eXIf", b"x"), (b"IDAT", zlib.compress(bytes(4))), (b"IEND", b"")]
    shown = cleaned("PNG", png_of(*chunks))
    assert shown == png_of(chunks[0], *chunks[4:])
