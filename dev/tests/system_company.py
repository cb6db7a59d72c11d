"""Turn a database's company into a German one, with euros and the chart of accounts SKR03.

    system_company.py CONFIGURATION DATABASE
"""

import sys

import odoo.tools
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "DKK", "SEK", "PLN")  # in which the stand-in's people pay


def main(configuration: str, database: str) -> None:
    """Change the company, all or nothing."""
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=error"])
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        currencies = env["res.currency"].with_context(active_test=False).search([("name", "in", CURRENCIES)])
        currencies.active = True
        company = env.ref("base.main_company")
        company.write({
            "name": "Halvering Lichttechnik GmbH",
            "country_id": env.ref("base.de").id,
            "currency_id": env.ref("base.EUR").id,
        })
        env["account.chart.template"].try_loading("de_skr03", company, install_demo=False)
        # Odoo's own calls to the outside are no part of these tests.
        env.ref("mail.ir_cron_module_update_notification").active = False


if __name__ == "__main__":
    main(*sys.argv[1:])
