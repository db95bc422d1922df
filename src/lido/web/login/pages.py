"""Every page as what its template is given, with a sample for tests. What becomes of one is layout.py's business."""

from typing import ClassVar

from msgspec import Struct

from lido.web.login.device_pages import AllowDevice as AllowDevice
from lido.web.login.device_pages import Device as Device
from lido.web.login.device_pages import DeviceAnswered as DeviceAnswered
from lido.web.login.layout import Frame as Frame
from lido.web.login.layout import Page as Page
from lido.web.login.layout import render as render

_MASKED = "a***@e***"
_SESSION = "c2VhbGVk"


class Field(Struct, frozen=True):
    """A field for an attribute of a user: its name in the form is `requiredAttributes[…]`."""

    name: str
    value: str = ""
    type: str = "text"
    autocomplete: str = "off"
    required: bool = True

    @property
    def form_name(self) -> str:
        return f"requiredAttributes[{self.name}]"


class SignIn(Page, frozen=True, kw_only=True):
    """Who it is, and the password unless the way is chosen afterwards. `called` is what usernames are here."""

    TEMPLATE: ClassVar[str] = "sign_in"
    TITLE: ClassVar[str] = "sign_in.title"

    username: str = ""
    called: str = "username"
    identifier_first: bool = False
    can_sign_up: bool = True
    can_recover: bool = True

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"username"} if self.identifier_first else {"username", "password"})

    @classmethod
    def sample(cls) -> "SignIn":
        return cls(username="alice")


class Password(Page, frozen=True, kw_only=True):
    """The password of somebody who said who they are."""

    TEMPLATE: ClassVar[str] = "password"
    TITLE: ClassVar[str] = "password.title"

    username: str
    can_recover: bool = True

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"password"})

    @classmethod
    def sample(cls) -> "Password":
        return cls(username="alice")


class Choose(Page, frozen=True, kw_only=True):
    """A choice of methods (challenge names). `kind`: "first", "second" or "setup"."""

    TEMPLATE: ClassVar[str] = "choose"

    kind: str
    methods: tuple[str, ...]
    username: str
    session: str

    @property
    def title(self) -> str:
        return f"choose.{self.kind}.title"

    @classmethod
    def sample(cls) -> "Choose":
        return cls(kind="first", methods=("PASSWORD", "EMAIL_OTP", "WEB_AUTHN"), username="alice", session=_SESSION)


class Code(Page, frozen=True, kw_only=True):
    """A code that was sent, or that an app shows, or that lies in a drawer. `kind`: "email", "sms", "app", "recovery".

    `destination` is where it went, masked; `names` are those of the user's apps. `can_swap`: a recovery code is taken
    in place of this one.
    """

    TEMPLATE: ClassVar[str] = "code"

    kind: str
    username: str
    session: str
    destination: str = ""
    names: str = ""
    can_swap: bool = False

    @property
    def title(self) -> str:
        return f"code.{self.kind}.title"

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"code"})

    @classmethod
    def sample(cls) -> "Code":
        return cls(kind="email", username="alice", session=_SESSION, destination=_MASKED, can_swap=True)


class LinkSent(Page, frozen=True, kw_only=True):
    """A link was sent that signs in, in this browser."""

    TEMPLATE: ClassVar[str] = "link_sent"
    TITLE: ClassVar[str] = "link_sent.title"

    destination: str

    @classmethod
    def sample(cls) -> "LinkSent":
        return cls(destination=_MASKED)


class Link(Page, frozen=True, kw_only=True):
    """The page that such a link leads to: a button, because opening a link does nothing."""

    TEMPLATE: ClassVar[str] = "link"
    TITLE: ClassVar[str] = "link.title"

    code: str

    @classmethod
    def sample(cls) -> "Link":
        return cls(code="a-long-code")


class NewPassword(Page, frozen=True, kw_only=True):
    """A password of one's own in place of the temporary one, and what the profile lacks."""

    TEMPLATE: ClassVar[str] = "new_password"
    TITLE: ClassVar[str] = "new_password.title"

    username: str
    session: str
    attributes: tuple[Field, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"password", "confirmPassword", *(field.name for field in self.attributes)})

    @classmethod
    def sample(cls) -> "NewPassword":
        return cls(username="alice", session=_SESSION, attributes=(Field("name", autocomplete="name"),))


class Authenticator(Page, frozen=True, kw_only=True):
    """An authenticator app to be set up: `picture` is its QR code (SVG of our own making), `secret` the same typed."""

    TEMPLATE: ClassVar[str] = "authenticator"
    TITLE: ClassVar[str] = "authenticator.title"

    username: str
    session: str
    picture: str
    secret: str

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"code", "name"})

    @classmethod
    def sample(cls) -> "Authenticator":
        picture = '<svg viewBox="0 0 2 2"><path d="M0 0h1"/></svg>'
        return cls(username="alice", session=_SESSION, picture=picture, secret="JBSW Y3DP")  # noqa: S106 - no secret


class EmailSetup(Page, frozen=True, kw_only=True):
    """An address to which the codes of the second step shall go."""

    TEMPLATE: ClassVar[str] = "email_setup"
    TITLE: ClassVar[str] = "email_setup.title"

    username: str
    session: str
    email: str = ""

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"email"})

    @classmethod
    def sample(cls) -> "EmailSetup":
        return cls(username="alice", session=_SESSION)


class Passkey(Page, frozen=True, kw_only=True):
    """A passkey is asked for. `options` are what the browser needs for it, JSON."""

    TEMPLATE: ClassVar[str] = "passkey"
    TITLE: ClassVar[str] = "passkey.title"

    username: str
    session: str
    options: str

    @classmethod
    def sample(cls) -> "Passkey":
        return cls(username="alice", session=_SESSION, options='{"challenge":"AA"}')


class AddPasskey(Page, frozen=True, kw_only=True):
    """A passkey may be made now. `options` are what the browser needs for it, JSON."""

    TEMPLATE: ClassVar[str] = "add_passkey"
    TITLE: ClassVar[str] = "add_passkey.title"

    options: str

    @classmethod
    def sample(cls) -> "AddPasskey":
        return cls(options='{"challenge":"AA"}')


class SignUp(Page, frozen=True, kw_only=True):
    """Somebody new: a name, a password, and what the pool wants to know."""

    TEMPLATE: ClassVar[str] = "sign_up"
    TITLE: ClassVar[str] = "sign_up.title"

    username: str = ""
    called: str = "username"
    needs_password: bool = True
    attributes: tuple[Field, ...] = ()
    terms_of_use: str = ""
    privacy_policy: str = ""

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"username", "password", *(field.name for field in self.attributes)})

    @classmethod
    def sample(cls) -> "SignUp":
        email = Field("email", type="email", autocomplete="email")
        return cls(attributes=(email,), needs_password=False, terms_of_use="/terms", privacy_policy="/privacy")


class Confirm(Page, frozen=True, kw_only=True):
    """The code that confirms a sign-up. `way`: "code", or "link" and "none" where there is nothing to type."""

    TEMPLATE: ClassVar[str] = "confirm"
    TITLE: ClassVar[str] = "confirm.title"

    username: str = ""
    destination: str = ""
    medium: str = ""
    way: str = "code"

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"code"} if self.username else {"code", "username"})

    @classmethod
    def sample(cls) -> "Confirm":
        return cls(username="alice", destination=_MASKED, medium="EMAIL")


class Forgot(Page, frozen=True, kw_only=True):
    """Who forgot a password. `expired`: nobody forgot, but the old one may not be used, or there never was one."""

    TEMPLATE: ClassVar[str] = "forgot"

    username: str = ""
    called: str = "username"
    expired: bool = False

    @property
    def title(self) -> str:
        return "expired.title" if self.expired else "forgot.title"

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"username"})

    @classmethod
    def sample(cls) -> "Forgot":
        return cls(username="alice")


class Reset(Page, frozen=True, kw_only=True):
    """The code and the new password. `expired`: the old one may not be used any more, and nobody asked for this."""

    TEMPLATE: ClassVar[str] = "reset"

    username: str = ""
    destination: str = ""
    expired: bool = False

    @property
    def title(self) -> str:
        return "expired.title" if self.expired else "reset.title"

    @property
    def fields(self) -> frozenset[str]:
        named = {"code", "password", "confirmPassword"}
        return frozenset(named if self.username else named | {"username"})

    @classmethod
    def sample(cls) -> "Reset":
        return cls(username="alice", destination=_MASKED)


class Wish(Struct, frozen=True):
    """A scope that an app asks for: its name, what its API says of it, whether it is allowed already."""

    scope: str
    described: str = ""
    is_new: bool = True


class Consent(Page, frozen=True, kw_only=True):
    """Whether an app may have what it wishes. `place` is where its answer goes, `shown` what is asked, sealed; the
    addresses are those of the app's own pages, '' where it named none.
    """

    TEMPLATE: ClassVar[str] = "consent"
    TITLE: ClassVar[str] = "consent.title"
    LEADS_TO_APP: ClassVar[bool] = False

    username: str
    place: str
    wishes: tuple[Wish, ...]
    shown: str
    policy_uri: str = ""
    tos_uri: str = ""

    @classmethod
    def sample(cls) -> "Consent":
        wishes = (Wish("openid", is_new=False), Wish("email"), Wish("photos/print", "Print your photos"))
        policy_uri, place = "https://app.example.com/privacy", "app.example.com"
        return cls(username="alice", place=place, wishes=wishes, shown=_SESSION, policy_uri=policy_uri)


class SignOut(Page, frozen=True, kw_only=True):
    """Whether somebody means to sign out. `confirmed` is what the answer carries, sealed: it is all that proves it."""

    TEMPLATE: ClassVar[str] = "sign_out"
    TITLE: ClassVar[str] = "sign_out.title"

    confirmed: str

    @classmethod
    def sample(cls) -> "SignOut":
        return cls(confirmed="c2VhbGVk")


class SigningOut(Page, frozen=True, kw_only=True):
    """The apps in `frames` are signing out, for some seconds; then the browser goes on to `leads_to`."""

    TEMPLATE: ClassVar[str] = "signing_out"
    TITLE: ClassVar[str] = "signing_out.title"

    frames: tuple[str, ...]
    leads_to: str

    @classmethod
    def sample(cls) -> "SigningOut":
        return cls(frames=("https://app.example.com/gone?sid=1&iss=2",), leads_to="https://app.example.com/?a=b&c=d")


class SignedOut(Page, frozen=True, kw_only=True):
    """Nobody is signed in any more."""

    TEMPLATE: ClassVar[str] = "signed_out"
    TITLE: ClassVar[str] = "signed_out.title"

    @classmethod
    def sample(cls) -> "SignedOut":
        return cls()


class Error(Page, frozen=True, kw_only=True):
    """Nothing can be done here; `trouble` says why. `can_restart`: the query leads back to the beginning."""

    TEMPLATE: ClassVar[str] = "error"
    TITLE: ClassVar[str] = "error.title"
    LEADS_TO_APP: ClassVar[bool] = False

    can_restart: bool = False

    @classmethod
    def sample(cls) -> "Error":
        return cls(can_restart=True)
