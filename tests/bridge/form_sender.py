"""A browser as far as forms need one: it keeps cookies, fetches a token or nonce, and sends a form's steps."""

from typing import Any

import requests

from tests.bed.site import Site

ROUTE = "/wp-json/gatepost/v1/forms/"


class FormSender:
    """One browser session on a site, a visitor's or a signed-in user's."""

    def __init__(self, site: Site, user: str | None = None) -> None:
        self.site = site
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers.update({"User-Agent": "a test's browser", "Origin": site.url})
        if user:
            self.http.cookies.update(site.cookies(user))

    def credential(self, form: str = "checkout", **options: Any) -> requests.Response:
        """The answer to the question for a token or nonce."""
        return self.post("token", {"form": form}, **options)

    def token(self, form: str = "checkout") -> str:
        """A fresh token."""
        token: str = self.credential(form).json()["token"]
        return token

    def send(
        self, fields: dict[str, Any] | None = None, *, form: str = "checkout", step: str = "begin", **how: Any
    ) -> requests.Response:
        """Send one step as the script does, with a fresh token or nonce unless `token` or `nonce` is given."""
        if "token" not in how and "nonce" not in how:
            given = self.credential(form).json()
            how.update(token=given["token"], nonce=given["nonce"])
        nonce = how.pop("nonce", "")
        headers = {**({"X-WP-Nonce": nonce} if nonce else {}), **how.pop("headers", {})}
        body = {"step": step, "fields": fields or {}, "token": how.pop("token", "")}
        return self.post(form, body, headers=headers, **how)

    def post(self, route: str, body: Any, **options: Any) -> requests.Response:
        """POST JSON to one of the forms' routes."""
        return self.http.post(self.site.url + ROUTE + route, json=body, timeout=60, **options)

    def signed_in_as(self) -> str:
        """The login name that WordPress sees behind this browser's cookies; '' for a visitor."""
        home = self.http.get(self.site.url + "/wp-admin/profile.php", timeout=60, allow_redirects=False)
        if home.status_code != 200:
            return ""
        return home.text.partition('name="user_login" id="user_login" value="')[2].partition('"')[0]
