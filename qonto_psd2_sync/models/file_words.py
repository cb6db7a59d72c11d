# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is wrong with a file or a row, and why a row is not simply new: in the reader's language."""

from odoo.tools import format_date

from ..statement_files import Code, FileError

EXCERPT = 40
# Formats that OCA's importers read, and the addon that does; for MT940 there is one for single banks only.
OF_OCA = {Code.CAMT: "CAMT", Code.MT940: "MT940", Code.OFX: "OFX", Code.QIF: "QIF"}
ADDONS = {kind: f"account_statement_import_{kind.lower()}" for kind in ("CAMT", "OFX", "QIF")}


def refusal(env, name: str, error: FileError) -> str:
    """Say why a file can't be used, where, and what to do."""
    place = ""
    if error.row and error.column:
        place = env._("Row %(row)s, column “%(column)s”: ", row=error.row, column=error.column)
    elif error.row:
        place = env._("Row %s: ", error.row)
    elif error.column:
        place = env._("Column “%s”: ", error.column)
    return env._(
        "“%(file)s” can't be imported. %(place)s%(why)s Nothing was written.",
        file=name, place=place, why=_why(env, error),
    )


def _why(env, error: FileError) -> str:
    detail = error.detail
    if error.code in OF_OCA:
        kind = OF_OCA[error.code]
        reader = (
            env._("which OCA's addon %s reads", ADDONS[kind]) if kind in ADDONS
            else env._("which OCA's addon account_statement_import_file reads with another one for this format")
        )
        return env._(
            "It is a file in the format %(kind)s, %(reader)s. From Qonto take CSV or XLSX, which name each "
            "transaction.",
            kind=kind, reader=reader,
        )
    words = {
        Code.EMPTY: lambda: env._("It is empty. Export it from Qonto again."),
        Code.NO_ROWS: lambda: env._("It has a header and no transaction below it. Choose another period in Qonto."),
        Code.TOO_BIG: lambda: env._("It is larger than %s MB. Export a shorter period.", detail),
        Code.TOO_MANY_ROWS: lambda: env._("It has more than %s rows. Export a shorter period.", detail),
        Code.TOO_MANY_COLUMNS: lambda: env._("It has more than %s columns: that is no list of transactions.", detail),
        Code.CELL_TOO_LONG: lambda: env._(
            "A cell there goes on for more than %s characters; a quotation mark may be missing.", detail
        ),
        Code.BOMB: lambda: env._(
            "It is small packed and enormous unpacked. It is not opened; export the file from Qonto again."
        ),
        Code.DAMAGED: lambda: env._("The spreadsheet is damaged. Export it from Qonto again."),
        Code.OLD_EXCEL: lambda: env._("It is in an old Excel format, or has a password. Save it as XLSX or CSV."),
        Code.OTHER_SPREADSHEET: lambda: env._("It is a spreadsheet of another kind. Save it as XLSX or CSV."),
        Code.PDF: lambda: env._("It is a PDF. In Qonto choose the export as CSV or XLSX."),
        Code.ARCHIVE: lambda: env._("It is an archive. Unpack it, and import the file inside."),
        Code.WEB_PAGE: lambda: env._("It is a web page, perhaps a log-in page. Download the export again."),
        Code.IMAGE: lambda: env._("It is a picture. In Qonto choose the export as CSV or XLSX."),
        Code.NOT_A_TABLE: lambda: env._("It is no table. In Qonto choose the export as CSV or XLSX."),
        Code.ENCODING: lambda: env._(
            "Its letters are garbled (neither UTF-8 nor Windows-1252). Import the file as Qonto gave it, not as "
            "another program saved it."
        ),
        Code.QUOTING: lambda: env._("A quotation mark is not closed there. Import the file as Qonto gave it."),
        Code.ACCOUNTING: lambda: env._(
            "It holds accounting entries, not bank transactions. In Qonto export the transactions instead."
        ),
        Code.UNKNOWN_COLUMNS: lambda: env._("Its columns are not known."),
        Code.MISSING_COLUMN: lambda: (
            env._("It has no column with the date. Add the settlement date to the export.")
            if detail == "date"
            else env._("It has no column with the amount. Add the total amount to the export.")
        ),
        Code.DOUBLE_COLUMN: lambda: env._("It has two columns that mean the same. Remove one."),
    }
    return words[error.code]() if error.code in words else env._("It can't be read (%s).", error.code.value)


def problem(env, code: str, column: str, value: str, detail: str) -> str:
    """Say what is wrong with a cell, or with a row as a whole."""
    value = value[:EXCERPT]
    words = {
        "ragged": lambda: env._("The row has %s cells (found/expected).", detail),
        "formula": lambda: env._("A formula (“%s”), which a spreadsheet would execute.", value),
        "no_amount": lambda: env._("No amount."),
        "bad_amount": lambda: env._("“%s” is no amount.", value),
        "ambiguous_amount": lambda: env._("“%s” may be a thousand or one: nothing in the file tells.", value),
        "too_precise": lambda: env._("“%s” has more decimals than the currency.", value),
        "contradiction": lambda: env._("Amount, debit and credit do not say the same (“%s”).", value),
        "no_date": lambda: env._("No date."),
        "bad_date": lambda: env._("“%s” is no date.", value),
        "ambiguous_date": lambda: env._("“%s” may be one day or another: nothing in the file tells.", value),
        "bad_currency": lambda: env._("“%s” is no currency.", value),
        "control_characters": lambda: env._("Characters that no text has."),
        "cell_too_long": lambda: env._("A text of more than %s characters.", detail),
    }
    what = words[code]() if code in words else code
    return env._("Column “%(column)s”: %(what)s", column=column, what=what) if column else what


def why(env, details: dict) -> str:
    """Say why a row is not simply new."""
    if details.get("p"):
        return " ".join(problem(env, *fault) for fault in details["p"])
    if details.get("k"):
        return held(env, *details["k"])
    facts = details["f"]
    end_of_iban = (facts.get("account_iban") or "")[-4:]
    words = {
        "same_id": lambda: env._("The bank's ID is there already."),
        "same_content": lambda: env._("Day, amount and text are there already."),
        "repeated": lambda: env._("The file has it twice, first in row %s.", details.get("o")),
        "id_of_other_amount": lambda: env._("The bank's ID is there with another amount."),
        "same_day_and_amount": lambda: env._("The same day and amount are there with another text."),
        "near_day": lambda: env._("The same amount is there some days apart."),
        "other_id": lambda: env._("All is the same but the ID."),
        "status_unknown": lambda: env._("The bank says “%s”: nobody knows what that means.", facts.get("status_text")),
        "other_currency": lambda: env._("It is in %s, the account is not.", facts.get("currency")),
        "zero": lambda: env._("Nothing moves."),
        "in_future": lambda: env._("Its day lies in the future."),
        "status": lambda: env._("The bank says “%s”: it is not booked there.", facts.get("status_text")),
        "no_settlement": lambda: env._("The bank has not booked it yet."),
        "other_iban": lambda: env._("It is of the account …%s.", end_of_iban),
        "other_account_id": lambda: env._("It is of another account."),
        "other_account_name": lambda: env._("It is of the account “%s”.", facts.get("account_name")),
    }
    return words[details["w"]]() if details.get("w") in words else ""


def held(env, kind: str, detail: str) -> str:
    """Say why a row would wait in the feed."""
    words = {
        "locked": lambda: env._("Its period is locked until %s.", format_date(env, detail)),
        "currency_unknown": lambda: env._("Odoo does not know the currency %s.", detail),
        "currency_inactive": lambda: env._("The currency %s is switched off.", detail),
        "zero_local": lambda: env._("Its original amount is zero, which Odoo can't book."),
        "journal_hashed": lambda: env._("The journal secures its entries with a hash."),
        "journal_archived": lambda: env._("The journal is archived."),
        "no_suspense": lambda: env._("The journal has no suspense account."),
    }
    return words[kind]() if kind in words else ""
