"""Shared by the tests of config: the sample that is shipped, and its schema."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def sample_path() -> Path:
    return ROOT / "config.yaml"


@pytest.fixture(scope="session")
def sample(sample_path: Path) -> str:
    return sample_path.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def schema_path() -> Path:
    return ROOT / "docs" / "reference" / "schemas" / "config.schema.json"
