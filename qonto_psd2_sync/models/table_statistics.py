# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What PostgreSQL knows of a table when it plans, while many rows arrive at once.

Autovacuum learns of them, but only looks every minute; until then the core's look-up of a journal's last number is
planned for a table that is nearly empty. PostgreSQL's manual, "Populating a Database", advises the same.
"""

from odoo.tools import SQL

TABLE = "account_move"
# Statistics of a table of which more than this part is news are of no use. Large tables are left to autovacuum.
NEWS = 0.5


def keep_up(env):
    """Have the statistics made anew if most of the table's rows came after them; nobody is waited for.

    The caller commits next: a table's statistics are locked until then.
    """
    env.cr.execute(SQL(
        "SELECT n_mod_since_analyze > %s * n_live_tup FROM pg_stat_user_tables WHERE relid = %s::regclass", NEWS, TABLE,
    ))
    if env.cr.fetchone()[0]:
        env.cr.execute(SQL("ANALYZE (SKIP_LOCKED) %s", SQL.identifier(TABLE)))
