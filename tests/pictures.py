"""Pictures as somebody would upload them, with what cameras and editors write into them."""

from io import BytesIO
from typing import Any

from PIL import Image, PngImagePlugin

SECRET = "52.5200N 13.4050E"
"""Where the picture was taken: what must not be told to everybody."""


def picture(form: str = "PNG", size: tuple[int, int] = (64, 32), colour: str = "#0b5cad", **options: Any) -> bytes:
    """A picture in one colour; `form` as Pillow calls it."""
    written = BytesIO()
    Image.new("RGB", size, colour).save(written, form, **options)
    return written.getvalue()


def talkative(form: str) -> bytes:
    """A picture that says where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = SECRET
    if form == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Comment", SECRET)
        notes.add_text("Software", SECRET, zip=True)
        return picture(form, pnginfo=notes, exif=exif)
    return picture(form, exif=exif, **({"comment": SECRET} if form == "JPEG" else {}))


def opened(content: bytes) -> Any:
    """What a reader of pictures makes of it."""
    image = Image.open(BytesIO(content))
    image.load()
    return image
