# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Installation hooks."""


def uninstall_hook(env):
    """Hand the journals back to stock Odoo, with no reminder left; lines, matches and entries are not touched.

    Payments that were made by Qonto stay, as made by hand.
    """
    journals = env["account.journal"].with_context(active_test=False).search([])
    method = env.ref("qonto_psd2_sync.account_payment_method_sct")
    lines = env["account.payment.method.line"].search([("payment_method_id", "=", method.id)])
    used = env["account.payment"].search([("payment_method_line_id", "in", lines.ids)]).payment_method_line_id
    (lines - used).unlink()
    used.payment_method_id = env.ref("account.account_payment_method_manual_out")
    journals.filtered(lambda journal: journal.bank_statements_source == "qonto").write(
        {"bank_statements_source": "undefined"}
    )
    # Statements are evidence: they stay, with the journal. Receipts lie on the entries anyway.
    for file in env["qonto.document"].search([("kind", "=", "statement"), ("attachment_id", "!=", False)]):
        file.attachment_id.write({"res_model": "account.journal", "res_id": file.account_id.journal_id.id})
    # A kind of activity that is in use can't go, done ones included.
    kinds = env["ir.model.data"].search([("module", "=", "qonto_psd2_sync"), ("model", "=", "mail.activity.type")])
    env["mail.activity"].with_context(active_test=False).search(
        [("activity_type_id", "in", kinds.mapped("res_id"))]
    ).unlink()
