{
    "name": "Tests: Qonto beside OCA's addons",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "qonto_psd2_sync contributors",
    "license": "LGPL-3",
    "depends": ["qonto_psd2_sync", "account_reconcile_oca", "account_statement_import_camt"],
    "installable": True,
}
