"""How pytest walks through the repository."""

from pathlib import Path

import pytest

ADDON = Path(__file__).parent / "qonto_psd2_sync"


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the addon's folders as plain ones: only Odoo may import an addon's `__init__`."""
    return pytest.Dir.from_parent(parent, path=path) if path.is_relative_to(ADDON) else None
