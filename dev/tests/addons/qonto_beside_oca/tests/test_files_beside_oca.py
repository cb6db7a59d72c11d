import base64

from odoo.addons.qonto_psd2_sync.tests.file_common import FileCommon
from odoo.exceptions import RedirectWarning
from odoo.tests import tagged

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>{day}T20:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><CreDtTm>{day}T20:00:00</CreDtTm><Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>{day}</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>{day}</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>
<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


@tagged("post_install", "-at_install")
class TestFilesBesideOca(FileCommon):
    def test_camt_is_left_to_ocas_importer_and_our_files_come_to_us(self):
        self.book(5, 12345, "Client C")
        row = next(row for row in self.rows() if row["label"] == "Client C")
        camt = CAMT.format(
            day=row["local_date"], iban=self.main["iban"], amount="123.45", text="Client C paid"
        ).encode()
        with self.assertRaises(RedirectWarning) as caught:
            self.receive(camt, "statement.xml")
        text, door, button, _context = caught.exception.args
        self.assertIn("account_statement_import_camt", text)
        self.assertIn("what the feed or a file has brought, it brings again", text)
        self.assertEqual((door["res_model"], button), ("account.statement.import", "Open OCA's import"))
        self.assertFalse(self.lines_of(self.account))

        wizard = self.env[door["res_model"]].with_context(**door["context"]).create({
            "statement_file": base64.b64encode(camt), "statement_filename": "statement.xml",
        })
        wizard.import_file_button()
        theirs = self.lines_of(self.account)
        self.assertEqual((theirs.amount, str(theirs.date)), (123.45, row["local_date"]))

        # Our own file comes to us, and the line that OCA's importer made is not doubled unasked.
        record = self.receive(self.csv(self.rows()))
        self.assertEqual(self.verdicts(record), {"new": len(self.rows()) - 1, "suspect": 1})
        place = record.screen_rows("suspect")["rows"][0]["place"]
        record.screen_decide(place, "same")
        self.drive(record, "import_start", "done")
        self.assert_ledger_is(self.rows())
        self.assertEqual(theirs.qonto_transaction_id.file_import_id, record)
        self.assertFalse(self.sync(self.account)[0]["booked"])
        self.assert_ledger_is(self.rows())
