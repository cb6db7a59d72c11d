import { registry } from "@web/core/registry";
import { openInvoicing, openQontoMenu, press, see } from "./tour_steps";

registry.category("web_tour.tours").add("qonto_psd2_sync.feed_user", {
    steps: () => [
        ...openInvoicing(),
        see(".o_qonto_card .badge:contains('Connected')", "The card says that the feed is well"),
        see(".o_kanban_record button[name='action_qonto_sync']", "One may sync from it"),
        see("body:not(:has(button[name='action_qonto_connect']))", "Connecting is for administrators"),

        press(".o_kanban_record:contains('Hauptkonto') #all_transactions_btn", "Open its transactions"),
        see(".o_data_row:contains('Altbau Bremen')", "There are its lines, and no empty list of statements"),

        ...openQontoMenu("qonto_psd2_sync.menu_bank_transactions"),
        see(".o_breadcrumb .active:contains('Bank transactions')", "The lines of all journals"),
        press(".o_data_row:contains('Altbau Bremen') td[name='partner_name']", "Open a line"),
        see(".o_form_view div[name='amount']:contains('1,250.00')", "The amount is there"),
        see(".o_form_view div[name='qonto_reference']:contains('RE 2026-117')", "The bank's reference is there"),
        press(".o_notebook a[name='raw']", "Open the bank's own record"),
        see("div[name='qonto_raw_text']:contains('\"reference\": \"RE 2026-117\"')", "The raw facts are there"),

        ...openQontoMenu("qonto_psd2_sync.menu_accounts"),
        press(".o_data_row:contains('Hauptkonto') .o_list_record_selector input", "Tick the main account"),
        press(".o_data_row:contains('Steuer') .o_list_record_selector input", "Tick the sub-account"),
        press(".o_control_panel button[name='action_sync']", "Sync both together"),
        see(".modal .o_qonto_sync[data-done='1'] h2:contains('Up to date')", "Both are done", { timeout: 30000 }),
        see(answerOf("Hauptkonto", "4 new", "2 booked", "1 pending", "1 held"), "What came for the main account"),
        see(answerOf("Steuer", "1 new", "1 booked", "0 pending", "0 held"), "What came for the sub-account"),
        press(".modal .o_qonto_open_lines", "Go on to the lines"),
        see(".o_data_row:contains('Zweite Zahlung')", "The new line is in the list"),
    ],
});

function answerOf(account, ...numbers) {
    return `.o_qonto_sync_run:contains('${account}')` + numbers.map((number) => `:contains('${number}')`).join("");
}
