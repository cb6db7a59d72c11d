# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bank may ask for the member's approval while a sync reads: the person at the screen approves on the phone, and
the run goes on from the same page. A schedule rings no phone: it stops and says so.

    running ──428──▶ waiting for the phone ──approved──▶ running, from the same page
                                │
                                └──refused | 15 minutes over──▶ failed; what was fetched stays
"""

import logging
from contextlib import contextmanager
from datetime import timedelta

from odoo import fields, models

from ..qonto_api import QontoClient, QontoError, ScaRequired, Unauthorized
from ..qonto_api.const import SCA_ALLOW, SCA_SECONDS, SCA_WAITING
from ..vault import VaultError, vault_of

_logger = logging.getLogger(__name__)

# How often the bank is asked how the challenge stands, over all tabs and jobs (reference/qonto-api.md, 6.3).
POLL = timedelta(seconds=2)


class ProvedReading:
    """A client whose next list of transactions goes with the proof of an approval; a proof is good once."""

    def __init__(self, client: QontoClient, proof: str):
        self._client, self._proof = client, proof

    def __getattr__(self, name):
        return getattr(self._client, name)

    def list_transactions(self, **values):
        proof, self._proof = self._proof, None
        return self._client.list_transactions(**values, **({"sca_session_token": proof} if proof else {}))


class QontoSyncRun(models.Model):
    _inherit = "qonto.sync.run"

    sca_token_sealed = fields.Char(groups=fields.NO_ACCESS, copy=False)
    sca_until = fields.Datetime(string="Approval possible until", readonly=True, copy=False)
    sca_polled_at = fields.Datetime(readonly=True, copy=False)
    sca_approved = fields.Boolean(string="Approved on the phone", readonly=True, copy=False)

    def _is_waiting_for_phone(self) -> bool:
        return bool(self.state == "running" and self.sca_until and not self.sca_approved)

    def _consent_of_challenge(self):
        """Return the consent whose member is asked; a proof is good for that member alone."""
        return self.sca_until and self.consent_id.filtered("is_live")

    @contextmanager
    def _reading_client(self, consent):
        """Give a client of the bank's API to read with, with the proof of an approval if there is one."""
        with consent._reading_client() as client:
            proof = self.sca_approved and self.sudo().sca_token_sealed
            yield ProvedReading(client, vault_of(self.env).open(proof)) if proof else client

    def _await_phone(self, error: ScaRequired, consent):
        """Keep the challenge: the person who gave the consent has 15 minutes."""
        self.write(
            {
                "consent_id": consent.id,
                "sca_token_sealed": vault_of(self.env).seal(error.sca_session_token),
                "sca_until": fields.Datetime.now() + timedelta(seconds=SCA_SECONDS),
                "sca_polled_at": fields.Datetime.now(),
                "sca_approved": False,
            }
        )

    def _ask_how_it_stands(self) -> str:
        """Return ``waiting``, ``allow``, ``refused`` or ``expired``; the bank is asked every two seconds at most."""
        now = fields.Datetime.now()
        if now < self.sca_polled_at + POLL:
            return SCA_WAITING
        self.sca_polled_at = now
        try:
            with self.consent_id._reading_client() as client:
                answer = client.get_sca_session(vault_of(self.env).open(self.sudo().sca_token_sealed))
        except Unauthorized:
            raise
        except QontoError as error:
            # Not to know how it stands is no answer: it is asked again until the time is over.
            _logger.info("Run %s: the bank does not say how the approval stands: %s", self.id, error)
            answer = SCA_WAITING
        if answer == SCA_ALLOW:
            return SCA_ALLOW
        if now >= self.sca_until:
            return "expired"
        return SCA_WAITING if answer == SCA_WAITING else "refused"

    def _progress(self) -> dict:
        """Override to tell the screen whom the bank is waiting for, and how long it will."""
        left = self._is_waiting_for_phone() and self.sca_until - fields.Datetime.now()
        return {
            **super()._progress(),
            "approval": {"seconds": max(int(left.total_seconds()), 0), "person": self.consent_id.user_id.name}
            if left
            else False,
        }

    def _close(self, state: str, kind: str = "", detail: str = ""):
        """Override to forget the challenge: it is of no use any more."""
        self.write({"sca_token_sealed": False, "sca_until": False})
        return super()._close(state, kind, detail)


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    def _fetch(self, run, lease: str, deadline: float | None) -> bool:
        """Override to wait for the member's approval, and to go on with it.

        :param float deadline: none when nobody watches: then nobody can be asked for an approval either
        """
        if run.phase == "fetch" and run._is_waiting_for_phone() and not self._go_on_if_approved(run, lease):
            return False
        if self._would_ring_anothers_phone(run):
            kind = "sca_required" if run.trigger == "scheduled" else "sca_other_person"
            self._fail(run, kind, self._reading_consents()[self.id].user_id.name)
            return False
        try:
            return super()._fetch(run, lease, deadline)
        except VaultError as error:
            raise Unauthorized(f"the proof can't be opened: {error}", code="sealed") from error
        except ScaRequired as error:
            self._start_over()
            asked = run._consent_of_challenge() or self._reading_consents().get(self.id)
            watched = deadline is not None and run.trigger == "manual"
            if run.sca_approved or not watched or asked.user_id != run.user_id:
                # Each repetition rings the phone again: that is for a person to decide.
                self._fail(run, "sca_required", error.detail or "")
            else:
                run._await_phone(error, asked)
                self._commit_page(lease)
            return False

    def _go_on_if_approved(self, run, lease: str) -> bool:
        """Look how the challenge stands.

        :return: whether the run may go on
        """
        outcome = run._ask_how_it_stands()
        if outcome == SCA_ALLOW:
            run.sca_approved = True
            self._commit_page(lease)
            return True
        if outcome == SCA_WAITING:
            self._commit_page(lease)
        else:
            self._fail(run, f"sca_{outcome}", "")
        return False

    def _would_ring_anothers_phone(self, run) -> bool:
        """Whether the bank has asked for an approval that only somebody else can give; nobody rings for others."""
        consent = self._reading_consents().get(self.id)
        return bool(
            self.failure_kind in ("sca_required", "sca_refused", "sca_expired", "sca_other_person")
            and consent
            and consent.user_id != run.user_id
        )
