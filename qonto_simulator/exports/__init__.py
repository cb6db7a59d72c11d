"""Files that the bank exports: CSV and XLSX, older than 90 days too (``qonto-api.md`` section 17)."""

from .columns import COLUMNS, LANGUAGES, TEMPLATES
from .order import ExportError, ExportOrder
from .writing import Export, export

__all__ = ["COLUMNS", "LANGUAGES", "TEMPLATES", "Export", "ExportError", "ExportOrder", "export"]
