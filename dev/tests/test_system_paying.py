"""Paid in one tab, approved on the phone in another: one bill, many bills, handed over; and what is seldom clicked."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta

import pytest
from paying_world import PayingOffice, chromium, reason, stage
from playwright.sync_api import expect
from system_world import Bank, Office, company_database

from devtools import bank, odoo_source, paths, settings, systems

ACCEPTED = re.compile("Accepted by the bank|In process at the bank|Sent to the payees' banks")


@pytest.fixture(scope="module")
def world() -> Iterator[PayingOffice]:
    """Give one office for all of these tests: each has vendors and bills of its own."""
    odoo = odoo_source.locate()
    with ExitStack() as stack:
        database = stack.enter_context(company_database())
        log = paths.state("log", f"bank-{database}.log")
        address = stack.enter_context(
            bank.running(odoo.python, settings.environment(odoo), log, "--scenario", "small")
        )
        stand_in = Bank(address)
        server = stack.enter_context(systems.odoo_server(database, environment=stand_in.environment))
        browser = stack.enter_context(chromium())
        yield PayingOffice(Office(server.url, database), stand_in, database, browser)


# === THE PHONE IN A SECOND TAB === #


def test_one_bill_approved_in_the_second_tab_the_first_says_accepted_and_one_debit_is_made(world: PayingOffice) -> None:
    order = world.order(world.bill(world.vendor("Elbe Kabel GmbH"), 123.45))
    with world.screen(way=f"/odoo/qonto-payments/{order}") as desk:
        desk.click(".o_qonto_payment[data-stage='prepared'] .o_qonto_send")
        expect(desk.locator(".o_qonto_payment[data-stage='phone'] .o_qonto_countdown")).to_be_visible(timeout=60_000)
        desk.evaluate("window.sinceSent = true")  # gone with the next reload
        world.phone(desk, "allow", "123.45", "Elbe Kabel GmbH")
        stage(desk, "at_bank", "over")
        expect(desk.locator(".o_qonto_stage")).to_contain_text(ACCEPTED)
        assert desk.evaluate("window.sinceSent"), "the first tab was loaded again"
    assert world.debits(123.45) == [123.45]


def test_many_bills_one_approval_in_the_second_tab_and_what_was_not_ticked_stays_for_later(world: PayingOffice) -> None:
    spree, havel = world.vendor("Spree Kabel AG"), world.vendor("Havel Papier KG")
    later = world.bill(spree, 70.07, "B-LATER")
    bills = [world.bill(spree, 50.01, "B-1"), world.bill(havel, 60.02, "B-2"), later]
    with world.screen(way="/odoo/qonto-bills-to-pay") as desk:
        row = ".o_data_row:has-text('{}') td[name='selected'] input"
        for number in ("B-1", "B-2", "B-LATER"):
            expect(desk.locator(row.format(number))).to_be_checked()
        desk.locator(row.format("B-LATER")).click()
        expect(desk.locator("div[name='selected_count']")).to_have_text("2")
        desk.click("button[name='action_prepare']")
        stage(desk, "prepared")
        expect(desk.locator(".o_qonto_transfer")).to_have_count(2)
        desk.click(".o_qonto_send")
        stage(desk, "phone")
        world.phone(desk, "allow", "110.03")
        stage(desk, "at_bank", "over")
        for name in ("Spree Kabel AG", "Havel Papier KG"):
            expect(desk.locator(".o_qonto_transfer", has_text=name)).to_have_attribute(
                "data-state", re.compile("submitted|processing|settled")
            )
    assert world.debits(50.01, 60.02, 70.07) == [50.01, 60.02]
    states = {row["id"]: row["payment_state"] for row in world.office.read(
        "account.move", [("id", "in", bills)], ["payment_state"])}
    assert states[later] == "not_paid"
    assert {states[bill] for bill in bills[:2]} <= {"in_payment", "paid"}


def test_handed_over_the_payer_takes_one_out_sends_and_approves_and_the_preparer_reads_the_result(
    world: PayingOffice,
) -> None:
    wanted = world.bill(world.vendor("Oder Holz GmbH"), 80.08)
    refused = world.bill(world.vendor("Saale Druck KG"), 90.09)
    order = world.order(wanted, refused, by="paul")
    with world.screen("paul", f"/odoo/qonto-payments/{order}") as preparer, world.screen() as payer:
        stage(preparer, "prepared")
        expect(preparer.locator(".o_qonto_send")).to_have_count(0)
        preparer.select_option(".o_qonto_payer", label="Klara Kasse")
        preparer.click(".o_qonto_hand_over")
        stage(preparer, "handed_over")

        payer.reload()
        payer.click(".o_menu_systray i[aria-label='Activities']")
        group = payer.locator(".o-mail-ActivityGroup", has_text="Payment order")
        expect(group).to_contain_text("1")
        group.click()
        payer.locator(".o_data_row, .o_kanban_record").filter(has_text="Oder Holz").first.click()
        stage(payer, "handed_over")
        expect(payer.locator(".o-mail-Activity")).to_have_count(1)
        expect(payer.locator(".o-mail-Activity")).to_contain_text("170.17")
        payer.locator(".o_qonto_transfer", has_text="Saale Druck KG").locator(".o_qonto_take_out").click()
        reason(payer, "Twice as much as agreed")
        expect(payer.locator(".o_qonto_transfer[data-state='canceled']")).to_contain_text("Twice as much as agreed")
        payer.click(".o_qonto_send")
        stage(payer, "phone")
        # The preparer watches, and the phone is not theirs.
        stage(preparer, "phone")
        expect(preparer.locator(".o_qonto_stage")).to_contain_text("Waiting for the phone of Klara Kasse")
        world.phone(payer, "allow", "Send one transfer, 80.08")
        stage(payer, "at_bank", "over")
        stage(preparer, "at_bank", "over")
        expect(preparer.locator(".o_qonto_stage")).to_contain_text(ACCEPTED)
        preparer.reload()
        expect(preparer.locator(".o-mail-Thread")).to_contain_text("The bank has answered.")
        expect(preparer.locator(".o-mail-Thread")).to_contain_text("Twice as much as agreed")
    assert world.debits(80.08, 90.09) == [80.08]
    left = world.office.read("mail.activity", [("res_model", "=", "qonto.payment.order"), ("res_id", "=", order)], [])
    assert left == []


# === SELDOM CLICKED === #


def test_an_account_that_may_not_be_trusted_by_who_pays_is_asked_for_trusted_and_paid(world: PayingOffice) -> None:
    """The phone gives no sign for a minute; what Qonto has not executed yet can be canceled there."""
    order = world.order(world.bill(world.vendor("Unstrut Glas GmbH"), 31.13))
    later = date.today() + timedelta(days=3)
    with world.screen(way=f"/odoo/qonto-payments/{order}") as desk, world.screen("admin") as head:
        world.sql(
            "UPDATE res_partner_bank SET allow_out_payment = false WHERE id IN"
            f" (SELECT partner_bank_id FROM qonto_transfer WHERE order_id = {order})"
        )
        world.sql(f"UPDATE qonto_transfer SET scheduled_date = '{later}' WHERE order_id = {order}")
        desk.click(".o_qonto_send")
        stage(desk, "attention")
        expect(desk.locator(".o_qonto_problem[data-code='payee_untrusted'] .o_qonto_trust")).to_have_count(0)
        desk.locator(".o_qonto_ask").first.click()
        expect(desk.locator(".o_qonto_problem")).to_contain_text("Asked:")

        head.reload()
        head.click(".o_menu_systray i[aria-label='Activities']")
        head.locator(".o-mail-ActivityGroup", has_text="Bank Account").click()
        head.locator(".o_data_row, .o_kanban_record").filter(has_text="Unstrut Glas").first.click()
        head.click("div[name='allow_out_payment'] input")
        head.click(".o_form_button_save")
        expect(head.locator(".o-mail-Activity")).to_have_count(0)

        expect(desk.locator(".o_qonto_stage")).to_contain_text("Nothing stands in the way any more", timeout=60_000)
        desk.click(".o_qonto_send")
        stage(desk, "phone")
        expect(desk.locator(".o_qonto_no_push")).to_have_count(0)
        world.sql(
            f"UPDATE qonto_transfer SET challenged_at = challenged_at - interval '61 s' WHERE order_id = {order}"
        )
        expect(desk.locator(".o_qonto_no_push")).to_contain_text("paired device", timeout=60_000)
        desk.context.set_offline(True)
        expect(desk.locator(".o_qonto_error")).to_contain_text("Odoo cannot be reached just now", timeout=60_000)
        expect(desk.locator(".o_qonto_error")).not_to_contain_text("call_kw")
        desk.context.set_offline(False)
        expect(desk.locator(".o_qonto_error")).to_have_count(0, timeout=60_000)
        world.phone(desk, "allow", "31.13")
        stage(desk, "at_bank")
        desk.click(".o_qonto_cancel_at_bank")
        reason(desk, "Ordered twice")
        stage(desk, "over")
        expect(desk.locator(".o_qonto_stage")).to_contain_text("Canceled")
        expect(desk.locator(".o_qonto_transfer")).to_contain_text("Klara Kasse: “Ordered twice”")
    assert [row["state"] for row in world.transfers(order)] == ["canceled"]


def test_an_unknown_payment_is_given_up_and_sent_again_each_with_a_reason(world: PayingOffice) -> None:
    order = world.order(world.bill(world.vendor("Weser Stahl AG"), 41.14))
    with world.screen(way=f"/odoo/qonto-payments/{order}") as desk:
        stage(desk, "prepared")
        desk.click(".o_qonto_send")
        stage(desk, "phone")
        world.bank.ask("/faults", {"path_prefix": "/v2/sepa/transfers", "method": "POST", "kind": "drop", "times": 9})
        # Too late to repeat by itself.
        world.sql(
            f"UPDATE qonto_transfer SET first_sent_at = first_sent_at - interval '30 min' WHERE order_id = {order}"
        )
        world.phone(desk, "allow", "41.14")
        stage(desk, "unknown")
        expect(desk.locator(".o_qonto_give_up")).to_have_count(0)
        world.bank.ask("/faults", method="DELETE")
        for looked in (1, 2, 3):
            world.look_up(order, looked)
            if looked < 3:
                world.a_day_later(order)
        expect(desk.locator(".o_qonto_stage")).to_contain_text("Now it is for a person to decide")
        desk.click(".o_qonto_give_up")
        reason(desk, "Not in the app either")
        stage(desk, "over")
        expect(desk.locator(".o_qonto_stage")).to_contain_text("Not paid")
        expect(desk.locator(".o_qonto_words")).to_contain_text("Not in the app either")
        desk.click(".o_qonto_resend")
        stage(desk, "prepared")
        desk.click(".o_qonto_send")
        stage(desk, "phone")
        world.phone(desk, "allow", "41.14")
        stage(desk, "at_bank", "over")
    assert world.debits(41.14) == [41.14]


def test_what_may_have_been_paid_already_is_shown_as_a_table_and_paid_only_with_a_reason(world: PayingOffice) -> None:
    vendor = world.vendor("Ems Fracht GmbH")
    world.bank.ask("/transfers", {
        "account_id": world.account["bank_ref"], "amount": "51.15", "reference": "RE 99",
        "beneficiary": {"name": "Ems Fracht GmbH", "iban": world.ibans[vendor]},
    })
    order = world.order(world.bill(vendor, 51.15, "RE 99"))
    with world.screen(way=f"/odoo/qonto-payments/{order}") as desk:
        desk.click(".o_qonto_send")
        stage(desk, "attention")
        hits = desk.locator(".o_qonto_problem[data-code='already_paid'] .o_qonto_hits tbody tr")
        expect(hits).to_have_count(1)
        expect(hits).to_contain_text("RE 99")
        expect(hits).to_contain_text("51.15")
        desk.click(".o_qonto_problem[data-code='already_paid'] .o_qonto_decide")
        reason(desk, "A second delivery")
        expect(desk.locator(".o_qonto_transfer")).to_contain_text("A second delivery")
        desk.click(".o_qonto_send")
        stage(desk, "phone")
        world.phone(desk, "allow", "51.15")
        stage(desk, "at_bank", "over")
    assert world.debits(51.15) == [51.15]


def test_a_consent_withdrawn_while_the_phone_rings_stops_the_payment_and_says_whose(world: PayingOffice) -> None:
    """The last one here: the office has no consent afterwards."""
    order = world.order(world.bill(world.vendor("Lech Textil KG"), 61.16))
    with world.screen(way=f"/odoo/qonto-payments/{order}") as desk:
        desk.click(".o_qonto_send")
        stage(desk, "phone")
        world.bank.ask("/revoke", {})
        world.phone(desk, "allow", "61.16")
        stage(desk, "over")
        expect(desk.locator(".o_qonto_stage")).to_contain_text("Stopped before money moved")
        expect(desk.locator(".o_qonto_words")).to_contain_text("The consent of Klara Kasse has ended or was withdrawn")
        expect(desk.locator(".o_qonto_resend")).to_be_visible()
    assert world.debits(61.16) == []
