# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Key rotation: everything that rests encrypted is encrypted anew under the newest key."""

import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..vault import VaultError, VaultKeyMissing, vault_of

_logger = logging.getLogger(__name__)

# Where secrets rest.
SEALED_FIELDS = {
    "qonto.application": ("client_secret_sealed", "staging_token_sealed"),
    "qonto.consent": ("verifier_sealed",),
    "qonto.payment.order": ("proof_sealed", "request_sealed", "sca_token_sealed"),
    "qonto.sync.run": ("sca_token_sealed",),
    "qonto.token": ("access_sealed", "refresh_sealed"),
}


class QontoSealed(models.AbstractModel):
    _name = "qonto.sealed"
    _description = "Secrets that rest encrypted"

    @api.model
    def _reseal(self) -> dict[str, int]:
        """Encrypt each secret under the newest key, in the transaction of the caller.

        The rows are locked: a token that another worker rotates meanwhile is neither lost nor brought back.

        :return: how many secrets were ``resealed``, and how many no key of this server ``opens``
        :raise UserError: the server has no usable key
        """
        try:
            vault = vault_of(self.env)
        except VaultKeyMissing as error:
            raise UserError(
                self.env._("This server has no usable encryption key: %(reason)s.", reason=str(error))
            ) from error
        counts = {"resealed": 0, "unreadable": 0}
        for model, names in SEALED_FIELDS.items():
            records = self.env[model].sudo().search(Domain.OR([(name, "!=", False)] for name in names))
            records.lock_for_update(allow_referencing=True)
            records.invalidate_recordset(names)
            for record in records:
                for name in names:
                    if record[name]:
                        counts[self._reseal_one(vault, record, name)] += 1
        _logger.info("Encrypted anew: %(resealed)s secrets; not readable here: %(unreadable)s", counts)
        return counts

    @staticmethod
    def _reseal_one(vault, record, name: str) -> str:
        try:
            record[name] = vault.seal(vault.open(record[name]))
        except VaultError:
            return "unreadable"
        return "resealed"
