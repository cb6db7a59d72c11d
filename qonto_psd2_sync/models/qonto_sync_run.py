# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What one sync of one account did, and how it ended."""

from datetime import datetime, timedelta

from odoo import api, fields, models

from .failure_words import explain

KEEP = timedelta(days=180)


class QontoSyncRun(models.Model):
    _name = "qonto.sync.run"
    _description = "Sync of a Qonto account"
    _order = "id desc"
    _rec_name = "account_id"

    account_id = fields.Many2one("qonto.account", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", related="account_id.company_id", store=True, index=True)
    consent_id = fields.Many2one("qonto.consent", readonly=True, ondelete="set null")
    user_id = fields.Many2one("res.users", string="Started by", readonly=True, default=lambda self: self.env.user)
    trigger = fields.Selection(
        selection=[("manual", "By hand"), ("scheduled", "By schedule")], required=True, readonly=True
    )
    # running ──▶ done | failed. A run whose worker died goes on with the next worker.
    state = fields.Selection(
        selection=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
        default="running",
        required=True,
        readonly=True,
        index=True,
    )
    phase = fields.Selection(
        selection=[("fetch", "Fetching"), ("book", "Booking"), ("match", "Matching")], default="fetch", required=True,
        readonly=True,
    )
    started_at = fields.Datetime(default=lambda self: fields.Datetime.now(), readonly=True)
    ended_at = fields.Datetime(readonly=True)
    asked_from = fields.Datetime(string="Changes since", readonly=True)
    fetch_from = fields.Char(readonly=True, help="Where the next page begins: ISO 8601, exact.")
    deep = fields.Boolean(string="Looked back 10 days", readonly=True)
    pages = fields.Integer(readonly=True)
    received = fields.Integer(readonly=True, help="Rows in the bank's answers; what was known already is among them.")
    new = fields.Integer(readonly=True)
    changed = fields.Integer(readonly=True)
    known = fields.Integer(string="Known already", readonly=True)
    external = fields.Integer(string="Of other banks", readonly=True)
    known_until = fields.Integer(readonly=True)
    waits = fields.Json(readonly=True, help="What was no bank line at the end: state and reason, with their number.")
    details = fields.Text(string="Skipped, and why", compute="_compute_message")
    booked = fields.Integer(string="Bank lines", readonly=True)
    matched = fields.Integer(string="Matched by itself", readonly=True)
    match_failure = fields.Char(string="Why matching stopped", readonly=True)
    failure_kind = fields.Char(readonly=True)
    failure_detail = fields.Char(readonly=True)
    message = fields.Text(compute="_compute_message")

    _one_running = models.UniqueIndex(
        "(account_id) WHERE state = 'running'", "A sync of this account is already running."
    )

    @api.depends("failure_kind", "failure_detail", "waits", "known", "external", "match_failure")
    @api.depends_context("lang")
    def _compute_message(self):
        for run in self:
            run.message = run.failure_kind and explain(self.env, run.failure_kind, run.failure_detail)
            run.details = "\n".join(run._skipped_in_words()) or False

    def _skipped_in_words(self) -> list[str]:
        """Say what became no bank line, and why: one line a reason, with the number."""
        facts = []
        if self.match_failure:
            facts.append(self.env._(
                "Matching stopped at an error. All lines are booked; those not matched wait under Bank matching, and "
                "are looked at again once a day. For your administrator: %s", self.match_failure,
            ))
        if self.known:
            facts.append(self.env._("%s met again, unchanged", self.known))
        if self.external:
            facts.append(self.env._("%s of an account at another bank", self.external))
        transactions = self.env["qonto.transaction"]
        states = dict(transactions._fields["feed_state"]._description_selection(self.env))
        for state, kind, detail, count in self.waits or ():
            probe = transactions.new({
                "feed_state": state, "hold_kind": kind, "hold_detail": detail,
                "status": detail if state == "out" else "completed",
            })
            reason = probe.hold_reason if state in ("held", "out") else ""
            facts.append(f"{count} × {states[state]}" + (f": {reason}" if reason else ""))
        return facts

    def _keep_what_waits(self):
        """Note what is no bank line at the end of the run."""
        states = ("pending", "held", "doubtful", "left_out", "hidden", "removed", "before_start", "out")
        groups = self.env["qonto.transaction"]._read_group(
            [("account_id", "=", self.account_id.id), ("feed_state", "in", states)],
            ["feed_state", "hold_kind", "hold_detail", "status"],
            ["__count"],
        )
        waits = [
            [state, kind or "", (status if state == "out" else detail) or "", count]
            for state, kind, detail, status, count in groups
        ]
        self.waits = sorted(waits) or False

    def _begin_fetch(self, consent, since: datetime):
        """Note with whose consent, and from when on, the bank is asked.

        :param datetime since: aware instant
        """
        self.write(
            {
                "consent_id": consent.id,
                "asked_from": since.replace(tzinfo=None),
                "fetch_from": since.isoformat(),
                "known_until": self.env["qonto.transaction"].search([], order="id desc", limit=1).id,
            }
        )

    def _count(self, **counts: int):
        """Add to the counters."""
        self.write({name: self[name] + count for name, count in counts.items() if count})

    def _close(self, state: str, kind: str = "", detail: str = ""):
        self.write(
            {
                "state": state,
                "ended_at": fields.Datetime.now(),
                "failure_kind": kind or False,
                "failure_detail": (detail or "")[:500] or False,
            }
        )

    def _progress(self) -> dict:
        """Return how far the run is, for the screen that watches it."""
        account = self.account_id
        counts = dict(
            self.env["qonto.transaction"]._read_group(
                [("account_id", "=", account.id), ("feed_state", "in", ("pending", "held", "doubtful", "to_book"))],
                ["feed_state"],
                ["__count"],
            )
        )
        return {
            "account": account.name,
            "account_id": account.id,
            "state": self.state,
            "phase": self.phase,
            "received": self.received,
            "new": self.new,
            "changed": self.changed,
            "booked": self.booked,
            "matched": self.matched,
            "pages": self.pages,
            "doubtful": counts.get("doubtful", 0),
            "to_book": counts.get("to_book", 0),
            "pending": counts.get("pending", 0),
            "held": counts.get("held", 0),
            "message": self.message or "",
        }

    @api.autovacuum
    def _gc_old_runs(self):
        """Runs are pruned after half a year; what they fetched stays."""
        self.search([("started_at", "<", fields.Datetime.now() - KEEP), ("state", "!=", "running")]).unlink()
