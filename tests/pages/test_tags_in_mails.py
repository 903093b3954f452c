"""Tags in a mail's text: the receiver, his order, and nothing of a page."""

from __future__ import annotations

import html

from sidecar.catalog.rules import Grant
from sidecar.catalog.store import get_generation
from sidecar.db import reading
from sidecar.pages.facts import read_names
from sidecar.pages.letters import LetterRoom
from tests.billing.shop import Shop

TEXT = (
    "Dear [MM_Member_Data name='firstName'], order [MM_Order_Data name='id']: [MM_Order_Data name='total'] for"
    " [MM_Order_Data name='productName'][MM_Order_Decision isFree='true'] (free)[MM_Else] (paid)[/MM_Order_Decision]"
    "[MM_Form type='checkout'][MM_Error_Message][MM_Custom_Decision a='b']x[/MM_Custom_Decision]"
)


def letter(shop: Shop, user_id: int | None, order, locale: str = "") -> str:
    with reading() as reader:
        knowledge = shop.house.service.rendering.memory.knowledge(reader, get_generation(reader))
        member = shop.house.read(user_id) if user_id else None
        tables = shop.house.tables
        room = LetterRoom(
            reader, tables, knowledge, member, order, lambda: read_names(reader, tables, user_id or 0), shop.now, locale,
        )  # fmt: skip
        return html.unescape(room.render(TEXT).text)


def test_a_mail_speaks_of_the_order_that_it_is_about_and_not_of_the_newest(shop: Shop) -> None:
    buyer = shop.house.user("buyer")
    shop.house.meta(buyer, "first_name", "Bea <b>")
    first = shop.buy(buyer, shop.product("Gold & <Silver>"))
    shop.buy(buyer, shop.product("Other", Grant.BUNDLE))
    shop.move(days=20)
    wanted = f"Dear Bea <b>, order {first.uuid[:8]}: €19.00 for Gold & <Silver> (paid)"
    assert letter(shop, buyer, first) == wanted
    assert "19,00" in letter(shop, buyer, first, "fr_FR")


def test_an_order_of_somebody_else_is_never_told(shop: Shop) -> None:
    buyer, other = shop.house.user("buyer"), shop.house.user("other")
    order = shop.buy(buyer, shop.product("Gold"))
    shop.buy(other, shop.product("Silver"))
    assert letter(shop, other, order) == "Dear , order :  for  (paid)"
    assert letter(shop, None, order) == "Dear , order :  for  (paid)"
