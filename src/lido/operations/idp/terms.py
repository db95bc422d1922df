"""Terms of use and privacy policies that an app's people agree to when they sign up."""

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, events
from lido.flows.events import Fact
from lido.operations import operation
from lido.operations.describing import timestamp
from lido.operations.pages import Pages, size
from lido.records import Pool
from lido.rules.terms import check_links
from lido.shapes import idp
from lido.storage import terms as documents
from lido.storage.database import Transaction
from lido.storage.terms import Terms

MOST_DOCUMENTS = 40


@operation
def create_terms(call: Call, request: idp.CreateTermsRequest) -> idp.CreateTermsResponse:
    """Raises ResourceNotFound, InvalidParameter, TermsExists, LimitExceeded."""
    links = check_links(request.links)
    id_ = call.entropy.uuid()
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        client = access.require_client(tx, pool, request.client_id)
        _refuse_second(tx, pool, client.client_id, request.terms_name)
        if documents.count(tx, pool.pool_id) >= MOST_DOCUMENTS:
            raise errors.LimitExceeded(f"A user pool cannot have more than {MOST_DOCUMENTS} terms documents.")
        made = Terms(pool.pool_id, id_, client.client_id, request.terms_name, links, call.now, call.now)
        documents.put(tx, made)
        _tell(call, tx, made, "CreateTerms")
    return idp.CreateTermsResponse(terms=_described(made))


@operation
def describe_terms(call: Call, request: idp.DescribeTermsRequest) -> idp.DescribeTermsResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        found = _require(tx, pool, request.terms_id)
    return idp.DescribeTermsResponse(terms=_described(found))


@operation
def describe_terms_by_client(
    call: Call, request: idp.DescribeTermsByClientRequest
) -> idp.DescribeTermsByClientResponse:
    """Raises ResourceNotFound."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        client = access.require_client(tx, pool, request.client_id)
        found = documents.find_by_client(tx, pool.pool_id, client.client_id, request.terms_name)
    if found is None:
        raise errors.ResourceNotFound(f"Terms {request.terms_name} do not exist for the app client.")
    return idp.DescribeTermsByClientResponse(terms=_described(found))


@operation
def update_terms(call: Call, request: idp.UpdateTermsRequest) -> idp.UpdateTermsResponse:
    """Changes what is sent; the links are replaced together. Raises ResourceNotFound, InvalidParameter, TermsExists."""
    links = None if request.links is None else check_links(request.links)
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        seen = _require(tx, pool, request.terms_id)
        name = request.terms_name or seen.name
        if name != seen.name:
            _refuse_second(tx, pool, seen.client_id, name)
        made = replace(seen, name=name, links=links or seen.links, modified_at=call.now)
        documents.put(tx, made)
        _tell(call, tx, made, "UpdateTerms")
    return idp.UpdateTermsResponse(terms=_described(made))


@operation
def delete_terms(call: Call, request: idp.DeleteTermsRequest) -> None:
    """The sign-up page names neither document from now on. Raises ResourceNotFound."""
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, request.user_pool_id)
        seen = _require(tx, pool, request.terms_id)
        documents.remove(tx, pool.pool_id, seen.id)
        _tell(call, tx, seen, "DeleteTerms")


@operation
def list_terms(call: Call, request: idp.ListTermsRequest) -> idp.ListTermsResponse:
    """By id. Raises ResourceNotFound, InvalidParameter for a foreign token."""
    pages = Pages(call, "ListTerms", request.user_pool_id)
    most = size(request.max_results)
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, request.user_pool_id)
        found = documents.page(tx, pool.pool_id, after=pages.after_text(request.next_token), limit=most + 1)
    shown, next_token = pages.cut(found, most, lambda terms: [terms.id])
    described = [
        idp.TermsDescriptionType(
            terms_id=terms.id,
            terms_name=terms.name,
            enforcement="NONE",
            creation_date=timestamp(terms.created_at),
            last_modified_date=timestamp(terms.modified_at),
        )
        for terms in shown
    ]
    return idp.ListTermsResponse(terms=described, next_token=next_token)


def _require(tx: Transaction, pool: Pool, id_: str) -> Terms:
    found = documents.find(tx, pool.pool_id, id_.lower())
    if found is None:
        raise errors.ResourceNotFound(f"Terms {id_} do not exist.")
    return found


def _refuse_second(tx: Transaction, pool: Pool, client_id: str, name: str) -> None:
    if documents.find_by_client(tx, pool.pool_id, client_id, name) is not None:
        raise errors.TermsExists


def _described(terms: Terms) -> idp.TermsType:
    return idp.TermsType(
        terms_id=terms.id,
        user_pool_id=terms.pool_id,
        client_id=terms.client_id,
        terms_name=terms.name,
        terms_source="LINK",
        enforcement="NONE",
        links=terms.links,
        creation_date=timestamp(terms.created_at),
        last_modified_date=timestamp(terms.modified_at),
    )


def _tell(call: Call, tx: Transaction, terms: Terms, name: str) -> None:
    fact = Fact(client_id=terms.client_id, operation=name, names=[terms.name])
    events.tell(call, tx, terms.pool_id, "client_changed", fact=fact)
