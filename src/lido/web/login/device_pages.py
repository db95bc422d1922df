"""The pages at which a device is let in, as what their templates are given."""

from typing import ClassVar

from lido.web.login.layout import Page


class Device(Page, frozen=True, kw_only=True):
    """The code that a device shows is typed here; `code` is what the address or a try before said."""

    TEMPLATE: ClassVar[str] = "device"
    TITLE: ClassVar[str] = "device.title"

    code: str = ""

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"user_code"})

    @classmethod
    def sample(cls) -> "Device":
        return cls(code="WDJB-MJHT")


class AllowDevice(Page, frozen=True, kw_only=True):
    """Whether a device that shows `code` may come in as `username`; `question` is sealed, `device` its app's name."""

    TEMPLATE: ClassVar[str] = "allow_device"
    TITLE: ClassVar[str] = "allow_device.title"

    code: str
    username: str
    question: str
    device: str

    @classmethod
    def sample(cls) -> "AllowDevice":
        return cls(code="WDJB-MJHT", username="alice", question="c2VhbGVk", device="television")


class DeviceAnswered(Page, frozen=True, kw_only=True):
    """The device was let in, or not."""

    TEMPLATE: ClassVar[str] = "device_answered"

    allowed: bool

    @property
    def title(self) -> str:
        return "device_answered.yes" if self.allowed else "device_answered.no"

    @classmethod
    def sample(cls) -> "DeviceAnswered":
        return cls(allowed=True)
