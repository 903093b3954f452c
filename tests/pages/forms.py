"""A page with a form, asked for as somebody: for the tests of forms."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

from tests.billing.shop import Shop
from tests.pages.test_page_views import Reader, apply

CHECKOUT, ACCOUNT = "[MM_Form type='checkout']", "[MM_Form type='myaccount']"
WRITTEN = """<div class="two-columns">
[MM_Form type='checkout' productId='{product}']
[MM_Form_Message type='error']
<div class="left">
[MM_Form_Section type='accountInfo']
<h3>About you</h3>
<p>[MM_Form_Field type='input' name='firstName' customAttributes='placeholder="Your first name"']</p>
<p>[MM_Form_Field type='input' name='lastName' label='Family name']</p>
<p>[MM_Form_Field type='input' name='email']</p>
<p>[MM_Form_Field type='input' name='password']</p>
<p>[MM_Form_Field type='input' name='phone' isRequired='false']</p>
[/MM_Form_Section]
[MM_Form_Section type='billingInfo']
<h3>Your card</h3>
<p>[MM_Form_Field name='ccNumber']</p>
<p>[MM_Form_Field name='ccSecurityCode'] [MM_Form_Field name='ccExpirationDate']</p>
<p>[MM_Form_Field name='billingAddress'] [MM_Form_Field name='billingCity']</p>
<p>[MM_Form_Field name='billingCountry']</p>
[/MM_Form_Section]
[MM_Form_Section type='shippingInfo']
<h3>Where to?</h3>
<p>[MM_Form_Field name='shippingCity']</p>
[/MM_Form_Section]
[MM_Form_Section type='coupon']
<p>[MM_Form_Field name='couponCode'] <a href="[MM_Form_Button type='applyCoupon']" class="mm-button">Use it</a></p>
[MM_Form_Message type='couponSuccess'] [MM_Form_Message type='couponError']
[/MM_Form_Section]
</div>
<div class="right">
<h2>[MM_Form_Data name='productName']</h2>
<p>[MM_Form_Data name='productPriceDescription'], now [MM_Form_Data name='totalPrice']</p>
[MM_Order_Decision isShippable='true']<p>[MM_Form_Data name='shippingPrice']</p>[/MM_Order_Decision]
<p>[MM_Form_Button type='all' label='Submit order' color='orange']</p>
</div>
[/MM_Form]
</div>"""
"""A checkout as authors of MemberMouse sites write theirs."""


def open_shop(shop: Shop) -> Shop:
    """The house's own service sells by the test processor, as if the configuration said so."""
    service = shop.house.service
    service.desk = shop.desk
    service.rendering = replace(
        service.rendering, script_url=f"{shop.processor.url}/v3/", members_may_pause=True
    )
    return shop


class FormReader:
    """Opens one page with a form."""

    def __init__(self, shop: Shop, text: str, author: int = 1) -> None:
        self.text = text
        self._reader = Reader(shop.house, shop.house.post(text, post_author=author), text)

    def ask(self, user_id: int | None = None, **view: Any) -> Any:
        viewer = {"user": user_id} if user_id else None
        return self._reader.ask(viewer=viewer, view=view)

    def html(self, user_id: int | None = None, **view: Any) -> str:
        """As it comes to WordPress."""
        [post] = self.ask(user_id, **view)["posts"].values()
        return apply(self.text, post["splices"])

    def holdings(self, user_id: int, **view: Any) -> str:
        """Of My Account what the member has, without what he says of himself."""
        return self.html(user_id, **view).partition('<details class="gatepost-more"')[0]

    def words(self, user_id: int | None = None, **view: Any) -> str:
        """What a person reads, sentence after sentence."""
        text = re.sub(r"<[^>]*>", "\n", self.html(user_id, **view))
        return "\n".join(line.strip() for line in html.unescape(text).splitlines() if line.strip())


def attributes(markup: str, name: str) -> list[str]:
    """The values of an attribute, as a browser reads them."""
    return [html.unescape(value) for value in re.findall(rf' {name}="([^"]*)"', markup)]
