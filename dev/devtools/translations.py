"""The addon's translations: the template that Odoo exports, and the languages that follow it."""

from . import paths, processes, say, testbed
from .databases import ADDON

FOLDER = paths.ROOT / ADDON / "i18n"
MERGE = paths.DEV / "translation_merge.py"


def update() -> int:
    """Export the template anew, merge it into each language, and return 1 while one of them is incomplete."""
    exported = paths.state("translations", f"{ADDON}.pot")
    with testbed.prepared({}) as bed:
        say.step("Odoo exports the texts")
        say.run(
            [
                bed.odoo.python, bed.odoo.server, "i18n", "export", "-c", bed.configuration, "-d", bed.database,
                "-o", exported, ADDON,
            ],
            env=bed.environment, failure="Odoo did not export the addon's texts.",
        )
        return processes.attached([bed.odoo.python, MERGE, exported, FOLDER], bed.environment)
