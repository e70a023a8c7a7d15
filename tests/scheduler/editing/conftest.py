"""A smallest market, and the real boundaries where they are at hand."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

MINIMAL = """\
market: {id: sirisuk, name: {th: ตลาดสิริสุข}, time_zone: Asia/Bangkok}
hubs:
  - {id: bandon, name: {th: บ้านดอน}, location: [99.3257, 9.1463]}
communities:
  - {id: sirisuk, name: {th: สิริสุข}, hub: bandon}
zones:
  - id: talat
    name: {th: ตลาด}
    community: sirisuk
    polygon: [[99.31, 9.13], [99.34, 9.13], [99.34, 9.155], [99.31, 9.155]]
waves:
  - id: midday
    cut_off: {days_before: 1, time: 18:00}
    approve_by: {days_before: 1, time: 20:00}
    dispatch: {time: 08:00}
    pickup: 09:30-11:30
    deliver: 11:00-13:00
vehicles:
  - {id: motorcycle, weight_kg: 25, volume_l: 70}
"""


@pytest.fixture
def minimal() -> str:
    return MINIMAL


@pytest.fixture
def surat_thani() -> Path:
    folder = ROOT.parent / "shared" / "data" / "surat-thani"
    if not folder.is_dir():
        pytest.skip("the boundaries of Surat Thani are not on this machine")
    return folder
