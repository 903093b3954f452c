"""Whether a password is a user's, for every kind of hash that WordPress makes. Nothing is ever written or re-hashed here.

Kinds, by what `wp_check_password` of WordPress 6.1, 6.8 and 7.1 does with them:

- up to 32 characters: the MD5 of the password in lower-case hex (before 2.5, and set by hand in many a database);
- `$P$` (2.5 to 6.7) and `$H$` (the same from phpBB; 6.8 and later no longer take it): phpass, MD5 repeated 2^n times;
- `$wp$2y$` (6.8 and later): bcrypt over the base64 of HMAC-SHA384 with the key `wp-sha384`;
- `$2y$`, `$2a$`, `$2b$`: plain bcrypt, of which PHP reads 72 bytes.

Others that PHP knows (argon2, SHA-crypt; a plugin or filter must have made them) are no match here: closed, not guessed.
"""

import base64
import hashlib
import hmac
import re

import bcrypt

MAX_PASSWORD_BYTES = 4096  # longer ones are refused unread, as in WordPress

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MD5 = re.compile(r"[0-9a-f]{32}")
_PHPASS = re.compile(r"\$[PH]\$[5-9A-Z./a-z][\x21-\x7e]{8}[./0-9A-Za-z]{22}")
_BCRYPT = re.compile(r"\$2[aby]\$[0-3][0-9]\$[./0-9A-Za-z]{53}")
_PREHASHED = "$wp"

# WordPress writes 2^13 and cost 10. A stored cost far beyond (2^30, cost 31) would hold a process for days.
_PHPASS_LOG2 = range(7, 21)
_BCRYPT_COST = range(4, 17)


def check_password(password: str, stored: str) -> bool:
    """True if `stored`, a `user_pass`, is a hash of `password`. Never raises; anything unknown or broken is False, and so is an empty password.

    White space round the password does not count (`wp_authenticate` and `wp_hash_password` both trim). WordPress hashes
    what its forms post with slashes added: see `as_posted`.
    """
    secret = password.encode(errors="surrogatepass").strip(b" \t\n\r\0\x0b")
    if not secret or len(secret) > MAX_PASSWORD_BYTES:
        return False
    if _MD5.fullmatch(stored):
        return _same(_md5(secret).hex(), stored)
    if _PHPASS.fullmatch(stored):
        return _check_phpass(secret, stored)
    if stored.startswith(_PREHASHED):
        return _check_bcrypt(_prehash(secret), stored.removeprefix(_PREHASHED))
    return _check_bcrypt(secret, stored)


def as_posted(password: str) -> str:
    r"""What reaches WordPress's hashing when a person types `password` into one of its forms.

    WordPress adds slashes to all that is posted and takes them away again nearly everywhere, but not from passwords.

    >>> print(as_posted("it's"))
    it\'s
    """
    return re.sub(r"(['\"\\])", r"\\\1", password).replace("\0", "\\0")


def _prehash(secret: bytes) -> bytes:
    return base64.b64encode(hmac.digest(b"wp-sha384", secret, "sha384"))


def _check_bcrypt(secret: bytes, stored: str) -> bool:
    # PHP's bcrypt ends at a NUL byte, so "a\0b" would open what "a" closes.
    if not _BCRYPT.fullmatch(stored) or int(stored[4:6]) not in _BCRYPT_COST or b"\0" in secret:
        return False
    try:
        return bcrypt.checkpw(secret[:72], stored.encode())
    except ValueError:  # salts whose last character has bits to spare
        return False


def _check_phpass(secret: bytes, stored: str) -> bool:
    log2 = _ALPHABET.index(stored[3])
    if log2 not in _PHPASS_LOG2:
        return False
    digest = _md5(stored[4:12].encode() + secret)
    for _ in range(1 << log2):
        digest = _md5(digest + secret)
    return _same(stored[:12] + _phpass_base64(digest), stored)


def _phpass_base64(digest: bytes) -> str:
    """phpass's own base64: three bytes make four characters, least significant bits first, nothing to fill up."""
    characters = []
    for start in range(0, len(digest), 3):
        group = digest[start : start + 3]
        number = int.from_bytes(group, "little")
        characters += [_ALPHABET[(number >> shift) & 63] for shift in (0, 6, 12, 18)[: len(group) + 1]]
    return "".join(characters)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _same(computed: str, stored: str) -> bool:
    return hmac.compare_digest(computed.encode(), stored.encode())
