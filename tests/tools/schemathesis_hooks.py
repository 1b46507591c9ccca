"""What the OpenAPI document cannot tell Schemathesis: which version a change is based on, which ids there are, what is
taken already, and how to stay signed in.

Valid requests are led to where they can succeed; what is invalid on purpose stays so. Whoever `MASTHEAD_AS` names, as
`EMAIL PASSWORD`, is signed in for the whole run; without it the requests are anonymous.
"""

import copy
import itertools
import os
import re
from collections import defaultdict

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

URL = os.environ["MASTHEAD_URL"]
EMAIL, _, PASSWORD = os.environ.get("MASTHEAD_AS", "").partition(" ")

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ADMIN = "/v1/admin/"
# Far enough for an API key to begin with, and near enough to be read.
LATER = "2999-12-31T00:00:00Z"

# The faults of valid data that the document cannot rule out, each as a place and a code. Any other fault of what the
# document allows means that it promises too much.
UNFORESEEABLE = [
    (place, code)
    for places, codes in {
        # What is there already or not there, and fields that exclude each other.
        r".*": "taken not_found conflicting",
        # What is scheduled needs a time, and a redirect one of two fields.
        r"/published_at|/publish_at|/to": "missing",
        # One of two lists names a tag.
        r"/add": "too_small",
        # In its zone it has a year from 1 to 9999, and in UTC it has not.
        r"since|until|(updated|published|received)_(after|before)|/(published|publish|unpublish|expires|started)_at": "malformed",
        # Where a text stands is not for its working copy to change.
        r"/(status|published_at|owner)": "not_allowed",
        # Has to lie ahead of now.
        r"/(expires|publish|unpublish)_at": "too_small",
        # What is easy to guess, and the present password.
        r"/(new_|current_)?password": "not_allowed",
        # Which methods go with which paths, each resource in one operation only.
        r"/operations/[0-9]+/path": "not_allowed repeated",
        # A code that counts now only the app knows.
        r"/code": "not_allowed",
        # An address: no pattern says what a URL is.
        r".*/(url|canonical_url|image|to|page)": "malformed",
        # More than `format` wants of an e-mail address; and of what stands in these lists only the description tells.
        r"/email": "malformed",
        r"/(aliases|tags|authors|articles|add|remove)/[0-9]+": "malformed missing too_large repeated",
        # Bytes of JSON and of UTF-8, where the document counts characters.
        r"/metadata|/?path|.*/(url|image|page)": "too_large",
        # A cursor is one that the server gave out, and stands not beside `page`; `page` times `limit` has a bound.
        r"cursor|page": "malformed conflicting too_large",
        # A token is one that the server gave out for this filter; it or `initial` has to be there, and not both.
        r"since": "malformed missing",
        # Words are counted too, and no schema can count them.
        r"q": "too_large",
        # What is a picture, no schema can say.
        r"/file": "not_allowed malformed too_large",
        # An IP address of either kind.
        r"peer": "malformed",
    }.items()
    for place in [re.compile(places)]
    for code in codes.split()
]


class Server:
    """The server beside the requests that are tests."""

    def __init__(self):
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = self.sign_in(EMAIL, PASSWORD)["access_token"]
        self.me = self.get("me").json()
        self.own_sessions = {s["id"] for s in self.get("me/sessions").json()["items"] if s["current"]}
        # Who must be able to sign in after this run.
        self.people = {user["id"] for user in self.items("users")} or {self.me["id"]}
        self.ids = {}
        self.asked = defaultdict(int)

    def call(self, method, path, token=None, **rest):
        headers = {"Authorization": f"Bearer {token or self.token}", "X-Forwarded-For": "10.0.0.1"}
        headers.update(rest.pop("headers", {}))
        return self.session.request(method, f"{URL}{ADMIN}{path}", headers=headers, timeout=10, **rest)

    def get(self, path):
        return self.call("GET", path)

    def sign_in(self, email, password):
        answer = self.session.post(
            f"{URL}{ADMIN}auth/login",
            json={"email": email, "password": password},
            headers={"X-Forwarded-For": "10.0.0.1"},
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()

    def spare(self):
        """A session of the same account that may be ended."""
        return self.sign_in(EMAIL, PASSWORD)

    def items(self, resource):
        answer = self.get(f"{resource}{'&' if '?' in resource else '?'}limit=100")
        return answer.json()["items"] if answer.ok else []

    def id_of(self, resource):
        """An id that there is, each time another, or None. Every second article belongs to whoever asks."""
        n = self.asked[resource]
        self.asked[resource] += 1
        wanted = f"articles?owner={self.me['id']}" if resource == "articles" and n % 2 else resource
        if n % 16 < 2 or not self.ids.get(wanted):
            self.ids[wanted] = [item["id"] for item in self.items(wanted)]
        ids = self.ids[wanted]
        if resource == "users":
            ids = [id for id in ids if id not in self.people] or [self.guest()]
        return ids[n // 2 % len(ids)] if ids else None

    def guest(self):
        """An account that may come to harm, or None."""
        number = next(NUMBERS)
        content = {"email": f"guest-{number}@example.net", "name": "A guest", "role": "reader"}
        answer = self.call("POST", "users", json=content)
        return answer.json()["id"] if answer.status_code == 201 else None

    def link(self):
        """The token of a link to set a password, or None."""
        answer = self.call("POST", f"users/{self.id_of('users')}/link")
        return answer.json()["token"] if answer.status_code == 201 else None

    def delivery(self):
        """Something that is sent to a webhook, and the webhook; nothing where there can be none."""
        content = {"name": "A receiver", "url": "https://example.org/", "events": ["site.updated"]}
        made = self.call("POST", "webhooks", json=content)
        if made.status_code != 201:
            return {}
        sent = self.call("POST", f"webhooks/{made.json()['id']}/ping")
        return {"id": made.json()["id"], "delivery": sent.json()["id"]}


NUMBERS = itertools.count(1)
# How often each operation was asked for, rightly and wrongly.
TURNS = defaultdict(int)
SERVER = Server() if EMAIL else None
# What stood in an answer: in the stateful phase the tests know what they ask for.
SEEN = set()


if SERVER:

    @schemathesis.auth(refresh_interval=None)
    class SignedIn:
        def get(self, case, context):
            return SERVER.token

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def after_call(context, case, response):
    if case.path.startswith(ADMIN) and response.status_code < 300:
        SEEN.update(ID.findall(response.text))


@schemathesis.hook
def before_call(context, case, kwargs):
    keep_changes_near(case)
    # The limits of sign-in and of the contact form have tests of their own: here each request comes from somewhere else.
    n = next(NUMBERS)
    if case.path.startswith(ADMIN) or case.path == "/v1/contact":
        case.headers["X-Forwarded-For"] = f"10.{1 + (n >> 16) % 255}.{(n >> 8) % 256}.{n % 256}"
    if not SERVER or not case.path.startswith(ADMIN):
        return
    operation = case.operation.definition.raw["operationId"]
    spare_whoever_asks(case, operation)
    meta = case.meta
    if meta is None or meta.is_negative_at(ParameterLocation.PATH):
        return
    kind = operation, meta.generation.mode
    TURNS[kind] += 1
    turn = TURNS[kind]
    choose_id(case, turn)
    if case.path.endswith(("/working-copy", "/publish")) and case.method not in ("PATCH", "PUT"):
        begin_copy(case, n)
    if case.path.endswith(("/send-back", "/{id}/schedule")):
        begin_review(case)
    key = str(case.headers.get("Idempotency-Key", ""))
    if re.fullmatch("[!-~]{1,240}", key):
        # A key stands for one write, also where something else of the request was meant to be wrong.
        case.headers["Idempotency-Key"] = f"{key}-{n}"
    if meta.generation.mode.is_positive:
        choose_content(case, operation, n, turn)
        if case.meta.phase.name == "stateful":
            # What a rehearsal makes is not there afterwards.
            case.query.pop("dry_run", None)
    if meta.phase.data.parameter != "If-Match":
        name_version(case)


def keep_changes_near(case):
    """A read does not wait for a change that is far ahead."""
    change = str(case.headers.get("Min-Change", ""))
    if change.isdecimal() and change.isascii():
        case.headers["Min-Change"] = str(int(change) % 2)


def spare_whoever_asks(case, operation):
    """Nobody ends their own session, and nobody the accounts that other runs sign in with."""
    id = case.path_parameters.get("id")
    if operation == "end_session" and case.headers.get("Authorization") == f"Bearer {SERVER.token}":
        case.headers["Authorization"] = f"Bearer {SERVER.spare()['access_token']}"
    elif operation == "delete_session" and id in SERVER.own_sessions:
        case.path_parameters["id"] = spare_session()
    elif case.path.startswith("/v1/admin/users/{id}") and case.method != "GET" and id in SERVER.people:
        case.path_parameters["id"] = SERVER.id_of("users") or id


def spare_session():
    token = SERVER.spare()["access_token"]
    sessions = SERVER.call("GET", "me/sessions", token=token).json()["items"]
    return next(session["id"] for session in sessions if session["current"])


def choose_id(case, turn):
    """Ids that are there, but for every fourth that is random."""
    id, phase = case.path_parameters.get("id"), case.meta.phase.name
    if id is None or phase == "fuzzing" and turn % 4 == 0 or phase == "stateful" and id in SEEN:
        return
    resource = case.path.removeprefix(ADMIN).split("/")[0]
    chosen = spare_session() if resource == "me" else SERVER.id_of(resource)
    if chosen:
        case.path_parameters["id"] = chosen
    if "n" in case.path_parameters and turn % 4:
        case.path_parameters["n"] = 1
    if "delivery" in case.path_parameters:
        case.path_parameters.update(SERVER.delivery())


def begin_copy(case, n):
    """A working copy to read, to publish and to throw away, of what can have one."""
    path = f"{case.path.removeprefix(ADMIN).split('/')[0]}/{case.path_parameters['id']}"
    headers = {"If-Match": SERVER.get(path).headers.get("ETag", "")}
    SERVER.call("PATCH", f"{path}/working-copy", json={"subtitle": f"Copy {n}"}, headers=headers)


def begin_review(case):
    """A text in review to send back or to schedule, of what can be."""
    path = f"{case.path.removeprefix(ADMIN).split('/')[0]}/{case.path_parameters['id']}"
    for way in ("restore", "unpublish", "submit"):
        SERVER.call("POST", f"{path}/{way}")


def choose_content(case, operation, n, turn):
    """Content that names what there is and what is not taken."""
    if not isinstance(case.body, dict):
        return
    # Of random content every fourth stays as it is; of the little else, all has to count.
    random = case.meta.phase.name in ("fuzzing", "stateful")
    fourth = turn % 4 == 0
    body = copy.deepcopy(case.body)
    if (fourth or not random) and choose_proof(body, operation, n):
        case.body = body
        return
    if fourth and random:
        return

    def free(name, make):
        if isinstance(body.get(name), str):
            body[name] = make(body[name])

    free("slug", lambda slug: f"{slug[:80].rstrip('-')}-{n}" if len(slug) <= 80 else slug)
    free("path", lambda path: f"{path}-{n}" if len(path) <= 200 else path)
    free("external_id", lambda key: f"{key[:400]}-{n}")
    free("email", lambda email: f"{n}-{email}" if len(email) <= 40 else email)
    if case.path.startswith("/v1/admin/tags"):
        free("name", lambda name: f"{name}-{n}" if len(name) <= 180 else name)
        # The tag itself, or one below it, is no parent: only of a new tag any can be.
        free("parent", lambda parent: SERVER.id_of("tags") if case.method == "POST" else None)
    if body.get("aliases"):
        body["aliases"] = [f"alias-{n}-{place}" for place in range(len(body["aliases"]))]
    if operation == "run_batch":
        # Which contents go with which paths no document says: it makes as many tags as there are operations.
        made = [f"batch {n} {place}" for place in range(len(body.get("operations") or []))]
        body["operations"] = [{"method": "POST", "path": "/v1/admin/tags", "body": {"name": name}} for name in made]
    free("owner", lambda owner: SERVER.me["id"])
    if case.path.endswith("/working-copy"):
        for name in ("status", "published_at", "owner"):
            body.pop(name, None)
    free("user", lambda user: None)
    free("into", lambda into: SERVER.id_of("tags"))
    free("article", lambda article: SERVER.id_of("articles"))
    free("tag", lambda tag: SERVER.id_of("tags"))
    if body.get("to") and body.get("article"):
        body["to" if turn % 2 else "article"] = None
    lead_somewhere(body)
    forms = [form for form in ("markdown", "html", "text") if body.get(form) is not None]
    for form in forms[1:]:
        body[form] = None
    if body.get("expires_at"):
        body["expires_at"] = LATER
    if operation.startswith("schedule_"):
        # One of the two is given, and both lie ahead.
        body = {"publish_at": LATER} | body
        free("publish_at", lambda time: LATER)
        free("unpublish_at", lambda time: LATER.replace("T00", "T12"))
    case.body = body


def choose_proof(body, operation, n):
    """What proves who asks, where an operation wants that in its content; and whether one does."""
    if operation == "begin_session":
        body.update(email=EMAIL, password=PASSWORD)
    elif operation == "renew_session":
        body["refresh_token"] = SERVER.spare()["refresh_token"]
    elif operation == "set_password":
        body.update(current_password=PASSWORD, new_password=PASSWORD)
    elif operation in ("begin_totp", "renew_recovery_codes", "end_totp"):
        body["current_password"] = PASSWORD
    elif operation == "accept_link":
        body.update(token=SERVER.link() or body["token"], password=f"the long password of guest {n}")
    else:
        return False
    return True


def lead_somewhere(value):
    """Puts addresses that can be read in the place of what cannot."""
    if isinstance(value, list):
        for item in value:
            lead_somewhere(item)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in ("url", "canonical_url", "image", "to", "page") and isinstance(inner, str):
                value[name] = f"https://example.org/{len(inner)}"
            elif name != "metadata":
                lead_somewhere(inner)


def name_version(case):
    """A change is based on the version that there is."""
    known = {parameter["name"] for parameter in case.operation.definition.raw.get("parameters", [])}
    if "If-Match" not in known:
        return
    path = case.formatted_path.removesuffix(f"/{case.path_parameters.get('way')}").removeprefix(ADMIN)
    path = re.sub("/(schedule|submit|send-back|revisions/[^/]*/restore)$", "", path.removesuffix("/publish").removesuffix("/merge"))
    etag = SERVER.get(path).headers.get("ETag")
    if not etag and path.endswith("/working-copy"):
        # The first save is based on the text.
        etag = SERVER.get(path.removesuffix("/working-copy")).headers.get("ETag")
    if etag:
        case.headers["If-Match"] = etag


@schemathesis.check
def refused_for_what_no_document_says(context, response, case):
    """Valid data may be refused for what the document cannot say, and for nothing else."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    problem = response.json()
    # A header, or a key that came before: nothing of that is expected of valid data.
    if "errors" not in problem:
        raise AssertionError(f"the document allows what is refused: {problem}")
    for fault in problem["errors"]:
        place = fault.get("pointer", fault.get("parameter"))
        # JSON Schema has no word for texts without U+0000.
        expected = "U+0000" in fault["detail"] or "NUL" in fault["detail"]
        if not expected and not any(
            code == fault["code"] and places.fullmatch(place) for places, code in UNFORESEEABLE
        ):
            raise AssertionError(f"the document allows what is refused: {fault}")
