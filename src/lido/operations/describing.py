"""Records as Cognito's shapes, where several files of operations answer with the same one."""

from collections.abc import Collection, Mapping
from typing import cast

from lido.records import Group, Status, User
from lido.rules.profile import attributes_of
from lido.shapes import idp


def timestamp(milliseconds: int) -> float:
    """A time of ours, milliseconds since 1970, as the wire has it: seconds with a fraction."""
    return milliseconds / 1000


def attribute_list(attributes: Mapping[str, str]) -> list[idp.AttributeType]:
    """Names and values as Cognito lists them, in their order."""
    return [idp.AttributeType(name=name, value=value) for name, value in attributes.items()]


def user_type(user: User, names: Collection[str] | None = None) -> idp.UserType:
    """A user as lists of users show one; `names` are the attributes that were asked for, None for all."""
    attributes = attributes_of(user)
    shown = {name: value for name, value in attributes.items() if names is None or name in names}
    return idp.UserType(
        username=user.username,
        attributes=attribute_list(shown),
        user_create_date=timestamp(user.created_at),
        user_last_modified_date=timestamp(user.modified_at),
        enabled=user.enabled,
        user_status=cast("idp.UserStatusType", Status(user.status).name),
    )


def group_type(group: Group) -> idp.GroupType:
    """A group; what it lacks is left out."""
    return idp.GroupType(
        group_name=group.name,
        user_pool_id=group.pool_id,
        description=group.description,
        role_arn=group.role_arn,
        precedence=group.precedence,
        last_modified_date=timestamp(group.modified_at),
        creation_date=timestamp(group.created_at),
    )


def code_delivery(
    destination: str, medium: idp.DeliveryMediumType, attribute_name: str | None
) -> idp.CodeDeliveryDetailsType:
    """Where a code went; `destination` is masked already."""
    return idp.CodeDeliveryDetailsType(destination=destination, delivery_medium=medium, attribute_name=attribute_name)


def validation_data(given: Collection[idp.AttributeType] | None) -> dict[str, str] | None:
    """`ValidationData` as triggers are told it; an entry without a value is empty text."""
    return {entry.name: entry.value or "" for entry in given} if given else None
