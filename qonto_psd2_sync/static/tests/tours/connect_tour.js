import { registry } from "@web/core/registry";
import { atMostClicks, forgetClicks, openInvoicing, press, see } from "./tour_steps";

// Log in, choose the organization, allow: the stand-in's policy skips these pages here.
const CLICKS_AT_THE_BANK = 3;

registry.category("web_tour.tours").add("qonto_psd2_sync.connect", {
    steps: () => [
        ...openInvoicing(),
        forgetClicks(),
        press(".o_kanban_record:contains('Bank') button[name='action_qonto_connect']", "Connect Qonto"),
        see(".modal:contains('What is shared'):contains('What is not shared')", "The consent says what it is about"),
        see(".modal:contains('For how long'):contains('the phone')", "And for how long, and what is needed"),
        see(".modal div[name='agreed'] input:not(:checked)", "The yes is not given beforehand"),
        press(".modal div[name='agreed'] input", "Say yes"),
        press(".modal button[name='action_continue']", "Go to the bank", { expectUnloadPage: true }),

        see(".o_form_view button[name='action_confirm']", "Back from the bank", { timeout: 30000 }),
        see("div[name='organization_name']:contains('Halvering Lichttechnik GmbH')", "The organization"),
        see("div[name='permission']:contains('Read only')", "What may be done"),
        press(".o_data_row:contains('Hauptkonto') td[name='selected'] input", "Tick the main account"),
        press("button[name='action_confirm']", "Connect it"),

        see(".o_qonto_sync[data-done='1'] h2:contains('Up to date')", "The first sync ran at once", { timeout: 60000 }),
        press(".o_qonto_open_lines", "Open the lines"),
        see(".o_data_row td[name='amount']", "The first line is on the screen"),
        atMostClicks(10, CLICKS_AT_THE_BANK, ".o_data_row"),
    ],
});
