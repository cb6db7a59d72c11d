# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The time that money goes by: PostgreSQL's, the same for all hosts (design R3). Tests move it here."""

from datetime import datetime, timezone


def now(env) -> datetime:
    """Return PostgreSQL's time of day, aware; unlike ``now()`` there it goes on within a transaction."""
    env.cr.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
    return env.cr.fetchone()[0].replace(tzinfo=timezone.utc)


def stored(moment: datetime | None):
    """Return an aware time as Odoo's fields keep it: naive, in UTC."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment else False


def aware(value) -> datetime | None:
    """Return a field's time, aware."""
    return value.replace(tzinfo=timezone.utc) if value else None
