# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Key rotation from the command line; Odoo finds commands in an addon's folder ``cli``."""

import sys

import odoo.modules.registry
from odoo import SUPERUSER_ID, api
from odoo.cli.command import Command
from odoo.tools import config


class QontoRotateKey(Command):
    """Encrypt Qonto's secrets anew under the newest key of qonto_psd2_sync.

    Put the new key in front of the old one (``key = NEW,OLD``), restart the servers, run this for each database, and
    then take the old key away.
    """

    name = "qonto_rotate_key"

    def run(self, args):
        config.parser.prog = self.prog
        config.parse_config(args, setup_logging=True)
        databases = config["db_name"]
        if not databases:
            sys.exit("Name the database: -d DATABASE")
        unreadable = 0
        for database in databases:
            with odoo.modules.registry.Registry(database).cursor() as cr:
                counts = api.Environment(cr, SUPERUSER_ID, {})["qonto.sealed"]._reseal()
            unreadable += counts["unreadable"]
            sys.stdout.write(
                f"{database}: {counts['resealed']} secrets are encrypted under the newest key, "
                f"{counts['unreadable']} could not be read with any key of this server.\n"
            )
        if unreadable:
            sys.exit("Keep the old keys: not everything could be read.")
