# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The two rights of paying: to prepare, and to send."""

PREPARE = "qonto_psd2_sync.group_payment_prepare"
SEND = "qonto_psd2_sync.group_payment_send"
