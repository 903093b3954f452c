"""Stripe's errors: what the world says no with, in Stripe's words and shape."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An error answer. `kept`: it came out of the execution, so an idempotency key repeats it."""

    kept = True

    def __init__(
        self, status: int, type: str, message: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.error = {
            "type": type,
            "message": message,
            **{name: value for name, value in more.items() if value is not None},
        }
        if self.error.get("code"):
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.error['code']}".replace(
                "_", "-"
            )

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        return {"error": self.error}


class WrongParameter(ApiError):
    """Found before anything was executed: an idempotency key does not keep it."""

    kept = False

    def __init__(self, message: str, param: str | None = None, code: str | None = None, **more: Any) -> None:
        super().__init__(400, "invalid_request_error", message, param=param, code=code, **more)


class NotNow(ApiError):
    """Too many requests, or another one holds the key or the object."""

    kept = False


class Impossible(ApiError):
    """The request was understood and the state of things forbids it."""

    def __init__(self, message: str, code: str | None = None, param: str | None = None, **more: Any) -> None:
        super().__init__(400, "invalid_request_error", message, code=code, param=param, **more)


class Missing(ApiError):
    """No such object in this account and mode; `param` when a parameter named it, else the address did."""

    def __init__(self, kind: str, id: str, param: str | None = None) -> None:
        super().__init__(
            400 if param else 404,
            "invalid_request_error",
            f"No such {kind}: '{id}'",
            code="resource_missing",
            param=param or "id",
        )


def unauthorized(key: str) -> ApiError:
    """The key is unknown; it is shown as Stripe shows it, with its middle hidden."""
    shown = f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 12 else "*" * len(key)
    said = f"Invalid API Key provided: {shown}" if key else "You did not provide an API key."
    error = ApiError(401, "invalid_request_error", said)
    error.kept = False
    return error


def rate_limited() -> NotNow:
    """The account's own limit: nothing was executed."""
    return NotNow(
        429, "invalid_request_error", "Request rate limit exceeded.", code="rate_limit",
        headers={"Stripe-Should-Retry": "true", "Stripe-Rate-Limited-Reason": "global-rate"},
    )  # fmt: skip


def lock_timeout() -> NotNow:
    """Another request holds the object: nothing was executed."""
    return NotNow(
        429,
        "invalid_request_error",
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it.",
        code="lock_timeout",
        headers={"Stripe-Should-Retry": "true"},
    )


def key_in_use() -> NotNow:
    """The first request with this key has not ended yet."""
    return NotNow(
        409,
        "invalid_request_error",
        "There is currently another in-progress request using this Idempotency Key.",
        code="idempotency_key_in_use",
        headers={"Stripe-Should-Retry": "true"},
    )


def key_reused(key: str) -> NotNow:
    """The key was first used with other parameters, or another address."""
    return NotNow(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request.",
    )


def broken() -> ApiError:
    """Stripe's own fault."""
    return ApiError(500, "api_error", "An error occurred with our connection to Stripe.")
