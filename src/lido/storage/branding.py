"""How a pool's pages look: a managed login style for a client, and the classic customization of clients or of all."""

from typing import Any

import msgspec

from lido.records import Record
from lido.shapes import idp
from lido.storage.database import Row, Transaction

ALL = "ALL"
"""In the place of a client's id: the customization of clients that have none of their own."""

_COLUMNS = "pool_id, id, client_id, provided, settings, assets, created_at, modified_at"
_CLASSIC_COLUMNS = "pool_id, client_id, css, css_version, image, created_at, modified_at"


class AssetUse(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image in a style: what it is for, and where its bytes are (`storage/assets.py`)."""

    category: idp.AssetCategoryType
    color_mode: idp.ColorSchemeModeType
    extension: idp.AssetExtensionType
    digest: str
    resource_id: str | None = None

    @property
    def slot(self) -> tuple[str, str, str | None]:
        """What only one image can be in a style."""
        return (self.category, self.color_mode, self.resource_id)


class Branding(Record, frozen=True):
    """A managed login style. `provided`: Cognito's own values; `settings` what differs from them, and no more."""

    pool_id: str
    id: str
    client_id: str
    provided: bool
    settings: dict[str, Any]
    assets: list[AssetUse]
    created_at: int
    modified_at: int


class Customization(Record, frozen=True):
    """A classic customization: `css` as it was sent, `image` the name of the logo's file, its digest first."""

    pool_id: str
    client_id: str
    css: str | None
    css_version: str | None
    image: str | None
    created_at: int
    modified_at: int


_settings = msgspec.json.Decoder(dict[str, Any]).decode
_assets = msgspec.json.Decoder(list[AssetUse]).decode


def _branding(row: Row) -> Branding:
    return Branding(row[0], row[1], row[2], bool(row[3]), _settings(row[4]), _assets(row[5]), row[6], row[7])


def find(tx: Transaction, pool_id: str, id_: str) -> Branding | None:
    """The style of that id."""
    row = tx.row(f"SELECT {_COLUMNS} FROM brandings WHERE pool_id = :pool_id AND id = :id", pool_id=pool_id, id=id_)
    return None if row is None else _branding(row)


def find_by_client(tx: Transaction, pool_id: str, client_id: str) -> Branding | None:
    """The style of that client."""
    row = tx.row(
        f"SELECT {_COLUMNS} FROM brandings WHERE pool_id = :pool_id AND client_id = :client_id",
        pool_id=pool_id,
        client_id=client_id,
    )
    return None if row is None else _branding(row)


def count(tx: Transaction, pool_id: str) -> int:
    """How many styles the pool has."""
    row = tx.row("SELECT count(*) FROM brandings WHERE pool_id = :pool_id", pool_id=pool_id)
    return 0 if row is None else int(row[0])


def put(tx: Transaction, branding: Branding) -> None:
    """Store a style, in place of the one of its id. The caller has locked the pool (`pools.touch`)."""
    tx.run(
        f"""INSERT INTO brandings ({_COLUMNS})
            VALUES (:pool_id, :id, :client_id, :provided, :settings, :assets, :created_at, :modified_at)
            ON CONFLICT (pool_id, id) DO UPDATE SET provided = excluded.provided, settings = excluded.settings,
              assets = excluded.assets, modified_at = excluded.modified_at""",
        pool_id=branding.pool_id,
        id=branding.id,
        client_id=branding.client_id,
        provided=branding.provided,
        settings=msgspec.json.encode(branding.settings).decode(),
        assets=msgspec.json.encode(branding.assets).decode(),
        created_at=branding.created_at,
        modified_at=branding.modified_at,
    )


def remove(tx: Transaction, pool_id: str, id_: str) -> None:
    """Delete a style. The caller has locked the pool (`pools.touch`)."""
    tx.run("DELETE FROM brandings WHERE pool_id = :pool_id AND id = :id", pool_id=pool_id, id=id_)


def customization(tx: Transaction, pool_id: str, client_id: str) -> Customization | None:
    """The classic customization of that client alone, or of `ALL`."""
    row = tx.row(
        f"SELECT {_CLASSIC_COLUMNS} FROM ui_customizations WHERE pool_id = :pool_id AND client_id = :client_id",
        pool_id=pool_id,
        client_id=client_id,
    )
    return None if row is None else Customization(*row)


def put_customization(tx: Transaction, made: Customization) -> None:
    """Store it, in place of what was there. The caller has locked the pool (`pools.touch`)."""
    tx.run(
        f"""INSERT INTO ui_customizations ({_CLASSIC_COLUMNS})
            VALUES (:pool_id, :client_id, :css, :css_version, :image, :created_at, :modified_at)
            ON CONFLICT (pool_id, client_id) DO UPDATE SET css = excluded.css, css_version = excluded.css_version,
              image = excluded.image, modified_at = excluded.modified_at""",
        pool_id=made.pool_id,
        client_id=made.client_id,
        css=made.css,
        css_version=made.css_version,
        image=made.image,
        created_at=made.created_at,
        modified_at=made.modified_at,
    )


def remove_customization(tx: Transaction, pool_id: str, client_id: str) -> None:
    """Forget it. The caller has locked the pool (`pools.touch`)."""
    tx.run(
        "DELETE FROM ui_customizations WHERE pool_id = :pool_id AND client_id = :client_id",
        pool_id=pool_id,
        client_id=client_id,
    )


def images_in_use(tx: Transaction, pool_id: str) -> set[str]:
    """The digests of all images that the pool's styles and customizations show."""
    styles = tx.rows("SELECT assets FROM brandings WHERE pool_id = :pool_id", pool_id=pool_id)
    classic = tx.rows(
        "SELECT image FROM ui_customizations WHERE pool_id = :pool_id AND image IS NOT NULL", pool_id=pool_id
    )
    return {use.digest for row in styles for use in _assets(row[0])} | {
        str(row[0]).partition(".")[0] for row in classic
    }
