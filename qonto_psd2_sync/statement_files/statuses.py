# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bank's words for a transaction's status, in every language that its export speaks or may speak."""

from __future__ import annotations

from .columns import header_key
from .facts import Status

_WORDS = {
    Status.BOOKED: (
        "settled executed completed booked", "exécuté exécutée réglé réglée effectué effectuée",
        "ausgeführt abgeschlossen abgerechnet gebucht erledigt", "ejecutada ejecutado liquidada completada",
        "eseguita eseguito completata regolata contabilizzata",
    ),
    Status.PENDING: (
        "processing pending", "en_cours en_attente en_cours_de_traitement", "ausstehend in_bearbeitung vorgemerkt",
        "pendiente procesando en_proceso en_curso", "in_sospeso in_corso in_elaborazione in_attesa",
    ),
    Status.DECLINED: (
        "declined refused rejected", "refusé refusée rejeté rejetée", "abgelehnt zurückgewiesen",
        "rechazada rechazado denegada", "rifiutata rifiutato respinta",
    ),
    Status.CANCELED: (
        "canceled cancelled", "annulé annulée", "storniert abgebrochen", "cancelada cancelado anulada",
        "annullata annullato",
    ),
    Status.REVERSED: (
        "reversed", "extourné extournée contre-passé", "rückgängig_gemacht rückgebucht", "revertida", "stornata",
    ),
}
_STATUS = {
    header_key(word.replace("_", " ")): status
    for status, languages in _WORDS.items() for words in languages for word in words.split()
}


def status_of(text: str, own: dict[str, Status]) -> Status:
    """Return what a word means; `own`: what a person mapped, by :func:`header_key`."""
    key = header_key(text)
    return own.get(key) or _STATUS.get(key, Status.UNKNOWN)
