"""How the pages of an app look: styles of managed login, and the classic customization."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, branding, domains, events
from lido.flows.events import Fact
from lido.operations import operation
from lido.operations.describing import timestamp
from lido.records import Pool
from lido.rules import branding_assets, images, managed_login, stylesheets
from lido.rules.images import Unfit
from lido.shapes import idp
from lido.storage import assets
from lido.storage import branding as styles
from lido.storage import domains as names
from lido.storage.branding import ALL, AssetUse, Branding, Customization
from lido.storage.database import Transaction

MOST_STYLES = 20
MOST_IMAGE_BYTES = 100 * 1024

Drawn = list[tuple[idp.AssetType, bytes]]
"""The images of a request, each with what browsers are given of it."""


@operation
def create_managed_login_branding(
    call: Call, request: idp.CreateManagedLoginBrandingRequest
) -> idp.CreateManagedLoginBrandingResponse:
    """Raises ResourceNotFound, InvalidParameter, ManagedLoginBrandingExists, LimitExceeded."""
    settings, drawn = _checked(request)
    id_ = call.entropy.uuid()
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        client = access.require_client(tx, pool, request.client_id)
        if styles.find_by_client(tx, pool.pool_id, client.client_id) is not None:
            raise errors.ManagedLoginBrandingExists
        if styles.count(tx, pool.pool_id) >= MOST_STYLES:
            raise errors.LimitExceeded(
                f"A user pool cannot have more than {MOST_STYLES} managed login branding styles."
            )
        made = Branding(
            pool_id=pool.pool_id,
            id=id_,
            client_id=client.client_id,
            provided=bool(request.use_cognito_provided_values),
            settings=settings or {},
            assets=_kept(tx, pool, drawn or []),
            created_at=call.now,
            modified_at=call.now,
        )
        styles.put(tx, made)
        _tell(call, tx, pool, client.client_id, "CreateManagedLoginBranding")
        described = _described(tx, made)
    return idp.CreateManagedLoginBrandingResponse(managed_login_branding=described)


@operation
def update_managed_login_branding(
    call: Call, request: idp.UpdateManagedLoginBrandingRequest
) -> idp.UpdateManagedLoginBrandingResponse:
    """Changes the settings and the images that are sent, and no others; `UseCognitoProvidedValues` resets them all.

    Raises ResourceNotFound, InvalidParameter.
    """
    if request.user_pool_id is None or request.managed_login_branding_id is None:
        raise errors.InvalidParameter("UserPoolId and ManagedLoginBrandingId must be specified.")
    settings, drawn = _checked(request)
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        seen = _require(tx, pool, request.managed_login_branding_id)
        if request.use_cognito_provided_values:
            made = replace(seen, provided=True, settings={}, assets=[], modified_at=call.now)
        else:
            made = replace(
                seen,
                provided=False,
                settings=managed_login.merged(seen.settings, settings or {}),
                assets=_replaced(seen.assets, _kept(tx, pool, drawn or [])),
                modified_at=call.now,
            )
        styles.put(tx, made)
        branding.forget_unused(tx, pool.pool_id)
        _tell(call, tx, pool, made.client_id, "UpdateManagedLoginBranding")
        described = _described(tx, made)
    return idp.UpdateManagedLoginBrandingResponse(managed_login_branding=described)


@operation
def delete_managed_login_branding(call: Call, request: idp.DeleteManagedLoginBrandingRequest) -> None:
    """The client's pages are plain again. Raises ResourceNotFound."""
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        seen = _require(tx, pool, request.managed_login_branding_id)
        styles.remove(tx, pool.pool_id, seen.id)
        branding.forget_unused(tx, pool.pool_id)
        _tell(call, tx, pool, seen.client_id, "DeleteManagedLoginBranding")


@operation
def describe_managed_login_branding(
    call: Call, request: idp.DescribeManagedLoginBrandingRequest
) -> idp.DescribeManagedLoginBrandingResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        found = _require(tx, pool, request.managed_login_branding_id)
        described = _described(tx, found, merged=bool(request.return_merged_resources))
    return idp.DescribeManagedLoginBrandingResponse(managed_login_branding=described)


@operation
def describe_managed_login_branding_by_client(
    call: Call, request: idp.DescribeManagedLoginBrandingByClientRequest
) -> idp.DescribeManagedLoginBrandingByClientResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        client = access.require_client(tx, pool, request.client_id)
        found = styles.find_by_client(tx, pool.pool_id, client.client_id)
        if found is None:
            raise errors.ResourceNotFound("The app client has no managed login branding style.")
        described = _described(tx, found, merged=bool(request.return_merged_resources))
    return idp.DescribeManagedLoginBrandingByClientResponse(managed_login_branding=described)


@operation
def get_ui_customization(call: Call, request: idp.GetUICustomizationRequest) -> idp.GetUICustomizationResponse:
    """A client's own, else that of all clients, else nothing. Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        found = branding.customization(tx, pool.pool_id, _whose(tx, pool, request.client_id))
        shown = idp.UICustomizationType() if found is None else _customized(call, tx, pool, found)
    return idp.GetUICustomizationResponse(ui_customization=shown)


@operation
def set_ui_customization(call: Call, request: idp.SetUICustomizationRequest) -> idp.SetUICustomizationResponse:
    """Replaces CSS and logo together; what is omitted is gone, and a client without either shows that of all.

    Raises ResourceNotFound, InvalidParameter.
    """
    css, image = request.css or None, request.image_file or None
    if css is not None:
        stylesheets.checked(css)
    logo = None if image is None else _logo(image)
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        client_id = _whose(tx, pool, request.client_id)
        if not names.of_pool(tx, pool):
            raise errors.InvalidParameter("A domain must be associated with this user pool.")
        seen = styles.customization(tx, pool.pool_id, client_id)
        made = Customization(
            pool_id=pool.pool_id,
            client_id=client_id,
            css=css,
            css_version=_css_version(call, css, seen),
            image=logo and _keep_logo(tx, pool, *logo),
            created_at=seen.created_at if seen else call.now,
            modified_at=call.now,
        )
        if css is None and logo is None:
            styles.remove_customization(tx, pool.pool_id, client_id)
        else:
            styles.put_customization(tx, made)
        branding.forget_unused(tx, pool.pool_id)
        _tell(call, tx, pool, client_id, "SetUICustomization")
        described = _customized(call, tx, pool, made)
    return idp.SetUICustomizationResponse(ui_customization=described)


def _checked(
    request: idp.CreateManagedLoginBrandingRequest | idp.UpdateManagedLoginBrandingRequest,
) -> tuple[managed_login.Settings | None, Drawn | None]:
    """Settings and images, if they are right, and if there are either those or Cognito's own values."""
    own = request.settings is not None or request.assets is not None
    if own == bool(request.use_cognito_provided_values):
        raise errors.InvalidParameter("useCognitoProvidedValues or settings should be specified (but not both)")
    settings = None if request.settings is None else managed_login.check(request.settings)
    drawn = None if request.assets is None else [(asset, branding_assets.served(asset)) for asset in request.assets]
    slots = [(asset.category, asset.color_mode, asset.resource_id) for asset in request.assets or ()]
    if len(set(slots)) < len(slots):
        raise errors.InvalidParameter("Each category, color mode and resource can have one asset only.")
    return settings, drawn


def _kept(tx: Transaction, pool: Pool, drawn: Drawn) -> list[AssetUse]:
    return [
        AssetUse(
            category=asset.category,
            color_mode=asset.color_mode,
            extension=asset.extension,
            digest=branding.keep(tx, pool.pool_id, asset.extension, asset.bytes or b"", served),
            resource_id=asset.resource_id,
        )
        for asset, served in drawn
    ]


def _replaced(before: Sequence[AssetUse], new: Sequence[AssetUse]) -> list[AssetUse]:
    """Those of before with the new ones in their places. Raises InvalidParameter when they become too many."""
    uses = {use.slot: use for use in (*before, *new)}
    if len(uses) > branding_assets.MOST_ASSETS:
        raise errors.InvalidParameter(f"A style cannot have more than {branding_assets.MOST_ASSETS} assets.")
    return list(uses.values())


def _require(tx: Transaction, pool: Pool, id_: str) -> Branding:
    found = styles.find(tx, pool.pool_id, id_.lower())
    if found is None:
        raise errors.ResourceNotFound(f"Managed login branding {id_} does not exist.")
    return found


def _described(tx: Transaction, made: Branding, *, merged: bool = False) -> idp.ManagedLoginBrandingType:
    settings = managed_login.merged(managed_login.defaults(), made.settings) if merged else made.settings
    return idp.ManagedLoginBrandingType(
        managed_login_branding_id=made.id,
        user_pool_id=made.pool_id,
        use_cognito_provided_values=made.provided,
        settings=settings or None,
        assets=[
            idp.AssetType(
                category=use.category,
                color_mode=use.color_mode,
                extension=use.extension,
                bytes=assets.content(tx, made.pool_id, use.digest),
                resource_id=use.resource_id,
            )
            for use in made.assets
        ]
        or None,
        creation_date=timestamp(made.created_at),
        last_modified_date=timestamp(made.modified_at),
    )


def _whose(tx: Transaction, pool: Pool, client_id: str | None) -> str:
    return ALL if client_id in (None, ALL) else access.require_client(tx, pool, client_id or "").client_id


def _logo(image: bytes) -> tuple[str, bytes, bytes]:
    """Its kind, what was sent, and what browsers are given. Raises InvalidParameter."""
    kind = images.kind_of(image)
    if len(image) > MOST_IMAGE_BYTES:
        raise errors.InvalidParameter(f"The image file cannot be larger than {MOST_IMAGE_BYTES} bytes.")
    try:
        if kind not in ("PNG", "JPEG"):
            raise Unfit
        return kind, image, images.cleaned(kind, image)
    except Unfit:
        raise errors.InvalidParameter("The image file must be a PNG or JPG image.") from None


def _keep_logo(tx: Transaction, pool: Pool, kind: str, content: bytes, served: bytes) -> str:
    return branding.file_name(branding.keep(tx, pool.pool_id, kind, content, served), kind)


def _css_version(call: Call, css: str | None, seen: Customization | None) -> str | None:
    """When this CSS was first set: it stays while the CSS does."""
    if css is None:
        return None
    if seen is not None and seen.css == css:
        return seen.css_version
    return datetime.fromtimestamp(call.now / 1000, UTC).strftime("%Y%m%d%H%M%S")


def _customized(call: Call, tx: Transaction, pool: Pool, found: Customization) -> idp.UICustomizationType:
    image = found.image
    return idp.UICustomizationType(
        user_pool_id=found.pool_id,
        client_id=found.client_id,
        image_url=f"{domains.address(call, tx, pool)}/static/{image}" if image else None,
        css=found.css,
        css_version=found.css_version,
        creation_date=timestamp(found.created_at),
        last_modified_date=timestamp(found.modified_at),
    )


def _tell(call: Call, tx: Transaction, pool: Pool, client_id: str, name: str) -> None:
    of_all = client_id == ALL
    fact = Fact(client_id=None if of_all else client_id, operation=name, names=["Branding"])
    events.tell(call, tx, pool.pool_id, "pool_changed" if of_all else "client_changed", fact=fact)
