# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The world of the tests that send money: somebody who may pay, a phone, both clocks, and the ledger of debits."""

from datetime import timedelta

from ..models import payment_clock
from .payment_common import PaymentCommon

REAL_CLOCK = payment_clock.now
# The bank has it; how far it is by now is a matter of seconds.
MOVED = ("submitted", "processing", "settled")


class SendingCommon(PaymentCommon):
    """Presses *Send*, looks every few seconds as the web client does, decides on the phone, and lets time go by."""

    def setUp(self):
        super().setUp()
        self.ahead = timedelta()
        self.patch(payment_clock, "now", lambda env: REAL_CLOCK(env) + self.ahead)

    def order(self, *wishes):
        """Return an order of these, prepared by the preparer; this test's own user may send it."""
        orders = self.env["qonto.payment.order"].with_user(self.preparer)
        order = orders._prepare(self.account.with_user(self.preparer), list(wishes or [self.wish(self.bill())]))
        return order.with_env(self.env)

    def orders_of(self, *amounts):
        """Return one order with a transfer for a bill of each of these amounts."""
        return self.order(*[self.wish(self.bill(amount)) for amount in amounts])

    # === AT THE SCREEN === #

    def press_send(self, order):
        """Press *Send*, as one request."""
        order.action_send()
        self.env.flush_all()

    def drive(self, order, times: int = 1) -> dict:
        """Do as the web client does every three seconds."""
        for _time in range(times):
            self.env.flush_all()
            with self.enter_registry_test_mode():
                told = order.drive()
            self.env.invalidate_all()
        return told

    def send(self, order) -> dict:
        """Press *Send*; the bank asks the phone."""
        self.press_send(order)
        return self.drive(order)

    def pay(self, order) -> dict:
        """Send and approve."""
        self.send(order)
        self.decide("allow")
        return self.look_after(order, seconds=3)

    def look_after(self, order, *, bank: bool = True, **time) -> dict:
        """Let time go by, then look again."""
        self.wait(bank=bank, **time)
        return self.drive(order)

    def wait(self, *, bank: bool = True, **time):
        """Let time go by, by PostgreSQL's clock, and by the bank's unless told otherwise."""
        gone = timedelta(**time)
        self.ahead += gone
        if bank:
            self.bank.ask("/clock", {"advance_seconds": gone.total_seconds()})

    def job(self):
        """Let the scheduled action run, as when nobody watches."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_pay").sudo().method_direct_trigger()
        self.env.invalidate_all()

    # === AT THE BANK === #

    def decide(self, decision: str):
        """Decide on the phone."""
        self.bank.ask("/sca", {"decision": decision})

    def debits(self) -> list[dict]:
        """Return what the bank will or did debit: the oracle."""
        return self.bank.ask("/debits")["debits"]

    def pushes(self) -> int:
        """Return how often a phone has rung."""
        return len(self.bank.ask("/sca")["sessions"])

    def posts(self, path: str = "/v2/sepa/transfers") -> int:
        """Return how often the bank was asked to move money."""
        return sum(call["path"] == path and call["method"] == "POST" for call in self.bank.requests())

    def state(self, order) -> str:
        """Return the one state in which all transfers of an order are."""
        order.invalidate_recordset()
        order.transfer_ids.invalidate_recordset()
        states = set(order.sudo().transfer_ids.mapped("state"))
        self.assertEqual(len(states), 1, states)
        return states.pop()

    def lose_the_answer(self, kind: str = "drop", path: str = "/v2/sepa/transfers", **values):
        """Let the next answer to a sending get lost, though the bank does what it was asked."""
        self.bank.fault(path, kind, method="POST", **{"after_effect": True, **values})
