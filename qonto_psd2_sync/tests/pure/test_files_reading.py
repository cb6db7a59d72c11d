# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the readers make of Qonto's export files, and of all else that people drop on them."""

from datetime import date, datetime, timezone
from decimal import Decimal

from statement_files import Code, Status, read_statement

FRENCH = """\
Statut;Date de la valeur (UTC);Date de la valeur (local);Montant total (TTC);Devise;Nom de la contrepartie;Référence
Exécuté;20-05-2024 22:30:00;21-05-2024 00:30:00;-1 234,50;EUR;EDEKA;Facture 1
En cours;;;20,00;EUR;Müller;
Exécuté;21-05-2024 10:30:00;21-05-2024 12:30:00;=1+1;EUR;Müller;
"""


def test_a_french_export_is_read_by_its_header():
    statement = read_statement(FRENCH.encode())
    assert (statement.kind, statement.language, statement.delimiter) == ("csv", "fr", ";")
    first, second, third = statement.rows
    assert (first.number, first.day, first.amount) == (2, date(2024, 5, 21), Decimal("-1234.50"))
    assert first.settled_at == datetime(2024, 5, 20, 22, 30, tzinfo=timezone.utc)
    assert (second.status, second.day, second.amount) == (Status.PENDING, None, Decimal("20.00"))
    problem = third.problems[0]
    assert (problem.code, problem.row, problem.column, problem.value) == (
        Code.FORMULA, 4, "Montant total (TTC)", "=1+1",
    )
