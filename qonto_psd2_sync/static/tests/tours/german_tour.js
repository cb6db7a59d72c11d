import { registry } from "@web/core/registry";
import { openInvoicing, openQontoMenu, press, see } from "./tour_steps";

/** None of these English words stands in a part of the screen. */
function noneOf(trigger, ...words) {
    return words.map((word) => see(`${trigger}:not(:contains('${word}'))`, `“${word}” is said in German`));
}

registry.category("web_tour.tours").add("qonto_psd2_sync.german", {
    steps: () => [
        ...openInvoicing(),
        ...noneOf(".o_kanban_record:has(.o_qonto_card)", "Connected", "Sync transactions", "Last sync", "Next sync"),
        press(".o_kanban_record:has(.o_qonto_card) button[name='action_qonto_sync']", "Sync"),
        see(".modal .o_qonto_sync[data-done='1']", "It is done", { timeout: 30000 }),
        ...noneOf(".modal", "Sync transactions", "Up to date", "booked", "held", "Open bank transactions"),
        press(".modal .o_qonto_open_lines", "Open the lines"),
        see(".o_data_row:contains('Altbau Bremen')", "The lines"),
        ...noneOf(".o_list_view", "Bank transactions", "Counterparty", "Matched"),
        ...openQontoMenu("qonto_psd2_sync.menu_accounts"),
        see(".o_data_row:contains('Hauptkonto')", "The accounts"),
        ...noneOf(".o_list_view", "Connected", "Ledger balance", "Pending"),
    ],
});
