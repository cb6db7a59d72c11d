"""How pytest walks through the repository."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Two noisy cores: how long an example takes says nothing about the code.
settings.register_profile("noisy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("noisy machine")

ADDON = Path(__file__).parent / "qonto_psd2_sync"


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the addon's folders as plain ones: only Odoo may import an addon's `__init__`."""
    return pytest.Dir.from_parent(parent, path=path) if path.is_relative_to(ADDON) else None
