# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Installation hooks."""


def uninstall_hook(env):
    """Hand the journals back to stock Odoo; lines, matches and entries are not touched."""
    journals = env["account.journal"].with_context(active_test=False).search([])
    journals.filtered(lambda journal: journal.bank_statements_source == "qonto").write(
        {"bank_statements_source": "undefined"}
    )
