# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A person goes on in spite of a `Problem`: who may, and what is kept of it."""

from odoo.exceptions import AccessError, UserError

from . import payment_clock

SEND = "qonto_psd2_sync.group_payment_send"


def check_may_decide(records, reason: str | None = None):
    """Refuse whoever may not send payments, or gives no reason.

    :param reason: None: none is needed
    """
    env = records.env
    records.check_access("read")
    if not env.user.has_group(SEND):
        raise AccessError(env._("Only who may send payments decides this."))
    if reason is not None and len(reason.strip()) < 3:
        raise UserError(env._("Please give a reason. It is kept with the payment."))


def decision_about(records, problem, reason: str) -> dict:
    """Return a decision as it is kept."""
    env = records.env
    return {
        "key": problem.key,
        "reason": reason.strip(),
        "by": env.uid,
        "name": env.user.name,
        "at": payment_clock.now(env).isoformat(timespec="seconds"),
    }
