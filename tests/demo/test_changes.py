"""Roles travel to the demo's WordPress as they would to a real one."""

import json

from sidecar.db import reading
from sidecar.signatures import is_answer_signed, new_headers
from sidecar.wordpress.bridge import SIGNED_PATH
from sidecar.wordpress.roles import get_roles, get_user_roles
from tests.demo.conftest import HOST, Demo
from tests.demo.pages import user_of

ROUTE = f"/?rest_route={SIGNED_PATH}"


def roles_of(demo: Demo, user_id: int) -> frozenset[str]:
    with demo.app.app_context(), reading() as reader:
        tables = demo.service.tables
        return get_user_roles(reader, tables, user_id, get_roles(reader, tables))


def test_a_signed_change_of_roles_is_made_and_answered_with_a_signature(fresh_demo: Demo) -> None:
    grace, secret = user_of(fresh_demo, "Grace"), fresh_demo.service.secret
    assert secret
    change = {
        "id": "c1",
        "kind": "roles",
        "user": grace,
        "add": ["workshop_friend", "administrator"],
        "remove": [],
    }
    body = json.dumps({"changes": [change]}).encode()
    headers = new_headers(secret, "POST", SIGNED_PATH, f"http://{HOST}", body)
    answer = fresh_demo.client().post(ROUTE, data=body, headers=headers)
    assert answer.get_json() == {"done": ["c1"], "failed": {}}
    signature = answer.headers["X-Gatepost-Signature"]
    assert is_answer_signed(secret, headers["X-Gatepost-Id"], 200, answer.data, signature)
    assert roles_of(fresh_demo, grace) == {"subscriber", "workshop_friend"}


def test_without_a_signature_nothing_is_changed(fresh_demo: Demo) -> None:
    grace = user_of(fresh_demo, "Grace")
    change = {"id": "c1", "kind": "roles", "user": grace, "add": ["apprentice"], "remove": []}
    answer = fresh_demo.client().post(ROUTE, json={"changes": [change]})
    assert answer.status_code == 401
    assert "apprentice" not in roles_of(fresh_demo, grace)
