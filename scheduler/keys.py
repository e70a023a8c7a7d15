"""What is stored of an API key, an invitation code and a guessed phone number, and how a code is written.

Knows no request and no row.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: none of I, L, O and U, so that a code read aloud or off paper comes out right."""
_CODE_LETTERS = 26  # 130 bits
_READ = str.maketrans("ILO", "110")
_CODE = re.compile(rf"[{_LETTERS}]{{{_CODE_LETTERS}}}")
_LEAD = re.compile(r"^(?:รหัสเชิญ|รหัส|เข้าร่วม|เชิญ|JOIN|CODE)[:：]?", re.IGNORECASE)


def digest(key: str) -> str:
    """The key's SHA-256. It has 256 random bits, so no salt or slow hash is owed."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_code() -> str:
    """An invitation code nobody can guess, in letters that are hard to mistake."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS))


def shown_code(code: str) -> str:
    """A code in groups, as it is read and typed."""
    return "-".join(code[at : at + 5] for at in range(0, len(code), 5))


def read_code(text: str) -> str:
    """The code in `text`, however it was grouped and capitalised; empty where it is none."""
    compact = re.sub(r"[\s\-–—_.]+", "", text)
    letters = _LEAD.sub("", compact).upper().translate(_READ)
    return letters if _CODE.fullmatch(letters) else ""


def keyed_digests(code: str, keys: Iterable[str]) -> list[str]:
    """What may be stored of `code`: its HMAC under each of the house's secret keys, the one in use first."""
    return [hmac.new(key.encode(), b"invitation:" + code.encode(), hashlib.sha256).hexdigest() for key in keys if key]


def phone_digest(phone: str, keys: Sequence[str]) -> str:
    """What is stored of a phone number that somebody guessed at: its HMAC under the house's key in use.

    Without a key it is a plain hash, which whoever reads the database can turn back; it is gone after a day.
    """
    return hmac.new(next(iter(keys), "").encode(), b"phone:" + phone.encode(), hashlib.sha256).hexdigest()
