"""What members and administrators do, each act a process of its own that may be killed at any moment.

Members act through the verbs that My Account and the checkout use, and through the browser, which talks to the gateway
past us.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy.exc import IntegrityError, OperationalError

from sidecar.billing import changing, ordering, paying, returning, store, switching
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import NotExecuted, Unanswered
from sidecar.billing.ordering import Begun, Buyer, Wish
from sidecar.db import reading
from sidecar.errors import GatepostError
from tests.crash.worker import opened

ADMIN = "admin"


def act(folder: Path, name: str, do: str, api: str, **facts: Any) -> None:
    """Do one act, and write down what came of it: a word, a refusal in words, or an error that is none."""
    with opened(folder) as service:
        try:
            outcome = str(_do_again_if_crossed(lambda: VERBS[do](Actor(service.desk, api), **facts)))
        except (NotExecuted, Unanswered) as error:
            outcome = f"unanswered: {error}"
        except GatepostError as error:
            outcome = f"refused: {error}"
        except OperationalError as error:
            outcome = f"database: {error}"
        except Exception:
            outcome = f"error: {traceback.format_exc()}"
    line = json.dumps({"name": name, "do": do, "facts": facts, "outcome": outcome}) + "\n"
    with (folder / "acts").open("ab", buffering=0) as file:
        os.write(file.fileno(), line.encode())


def _do_again_if_crossed(do: Callable[[], str]) -> str:
    """Once more where a unique key has refused what somebody else has just written: who was held up for longer than his lease
    lasts here has pressed a button twice, and presses it again."""
    try:
        return do()
    except IntegrityError:
        return do()


class Actor:
    """The desk, and the browser that a member sits at."""

    def __init__(self, desk: Desk, api: str) -> None:
        self.desk, self._api = desk, api

    def pay(self, begun: Begun, card: str) -> None:
        """What the script of the gateway does with a client secret and a card that is typed in."""
        if begun.mode in {"payment", "setup"}:
            self.confirm(begun.client_secret.partition("_secret_")[0], card)

    def confirm(self, intent_id: str, card: str) -> Any:
        """The browser at the gateway; a refusal is the member's problem."""
        answer = requests.post(f"{self._api}/_test/pay", json={"intent": intent_id, "card": card}, timeout=10)
        return answer.json()


def _buyer(user: int) -> Buyer:
    return Buyer(user, f"member{user}@example.test", f"Member {user}", "192.0.2.7")


def buy(actor: Actor, user: int, product: str, card: str, token: str, finishes: bool) -> str:
    """A checkout; the browser may vanish before it comes back."""
    begun = ordering.begin(actor.desk, _buyer(user), Wish(product, token))
    actor.pay(begun, card)
    return ordering.finish(actor.desk, token).status if finishes else "left"


def pay_by_hand(actor: Actor, user: int, order: str, card: str, finishes: bool) -> str:
    """The link in the mail: the missed cycle with a new card, perhaps while a retry runs."""
    begun = paying.begin_card(actor.desk, _buyer(user), order)
    actor.pay(begun, card)
    if not finishes:
        return "left"
    return paying.finish_card(actor.desk, user, order)


def pay_in_an_old_tab(actor: Actor, intent: str, card: str) -> str:
    """A page that was opened long ago still holds the client secret; we hear of it from the gateway only."""
    return "declined" if "error" in actor.confirm(intent, card) else "paid"


def change_card(actor: Actor, user: int, card: str) -> str:
    """A new card in My Account; what is overdue is paid with it."""
    begun = paying.begin_card(actor.desk, _buyer(user))
    actor.pay(begun, card)
    setup = begun.client_secret.partition("_secret_")[0] if begun.mode == "setup" else ""
    return paying.finish_card(actor.desk, user, begun.order, setup)


def cancel(actor: Actor, user: int, order: str, at_once: bool) -> str:
    return changing.cancel(actor.desk, user, order, by="member", at_once=at_once).status


def keep(actor: Actor, user: int, order: str) -> str:
    return changing.keep(actor.desk, user, order, by="member").status


def pause(actor: Actor, user: int, order: str) -> str:
    return changing.pause(actor.desk, user, order, by="member").status


def resume(actor: Actor, user: int, order: str) -> str:
    return changing.resume(actor.desk, user, order, by="member").status


def skip(actor: Actor, order: str) -> str:
    return changing.skip(actor.desk, order, by=ADMIN).status


def change_date(actor: Actor, order: str, days: int) -> str:
    return changing.change_date(actor.desk, order, actor.desk.now() + timedelta(days=days), by=ADMIN).status


def change_product(actor: Actor, user: int, order: str, product: str, card: str, token: str) -> str:
    """Another product in the place of this one: what is left of the old one counts."""
    begun = switching.change_product(actor.desk, _buyer(user), order, product, token, by="member")
    actor.pay(begun, card)
    return "done" if begun.mode == "none" else ordering.finish(actor.desk, token).status


def charge_now(actor: Actor, order: str) -> str:
    return changing.charge_now(actor.desk, order, by=ADMIN)


def mark_paid(actor: Actor, order: str) -> str:
    return changing.mark_paid(actor.desk, order, by=ADMIN).status


def waive(actor: Actor, order: str) -> str:
    return changing.waive(actor.desk, order, by=ADMIN).status


def refund(actor: Actor, order: str, amount: int | None) -> str:
    return returning.refund(actor.desk, order, amount, by=ADMIN)


def collect_missed(actor: Actor, order: str) -> str:
    """The owner goes through the list of missed cycles."""
    with reading() as reader:
        found = store.get_order(reader, order)
        missed = [one for one in store.list_receivables(reader, found.id) if one.status == "missed"]
    return changing.collect_missed(actor.desk, order, missed[0].cycle, by=ADMIN).status if missed else "none"


VERBS: dict[str, Callable[..., str]] = {
    verb.__name__: verb
    for verb in (
        buy, pay_by_hand, pay_in_an_old_tab, change_card, cancel, keep, pause, resume, skip, change_date, change_product,
        charge_now, mark_paid, waive, refund, collect_missed,
    )
}  # fmt: skip
