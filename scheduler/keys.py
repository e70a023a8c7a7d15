"""What is stored of an API key. Knows no request and no row."""

from __future__ import annotations

import hashlib


def digest(key: str) -> str:
    """The key's SHA-256. It has 256 random bits, so no salt or slow hash is owed."""
    return hashlib.sha256(key.encode()).hexdigest()
