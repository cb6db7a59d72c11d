import { registry } from "@web/core/registry";
import { openInvoicing, openQontoMenu, press, see } from "./tour_steps";

const tours = registry.category("web_tour.tours");
const CARD = ".o_kanban_record:has(.o_qonto_card):contains('Hauptkonto')";

/** Say yes in Odoo; the bank decides by its policy and sends the browser back. */
function sayYes() {
    return [
        press(".modal div[name='agreed'] input", "Say yes"),
        press(".modal button[name='action_continue']", "Go to the bank", { expectUnloadPage: true }),
    ];
}

/** Back from the bank: the accounts are known, and the feed goes on. */
function recognisedAndSynced() {
    return [
        see(".o_form_view div[name='title']:contains('Qonto is connected again')", "Back from the bank", {
            timeout: 30000,
        }),
        see(".o_data_row:contains('Hauptkonto'):contains('Bank')", "The account was recognised, with its journal"),
        press("button[name='action_sync']", "Sync"),
        see(".o_qonto_sync[data-done='1'] h2:contains('Up to date')", "It is up to date", { timeout: 60000 }),
    ];
}

function openMainAccount() {
    return [
        ...openQontoMenu("qonto_psd2_sync.menu_accounts"),
        press(".o_data_row:contains('Hauptkonto') td[name='name']", "Open the main account"),
        see(".o_form_view div[name='iban']", "Its form"),
    ];
}

tours.add("qonto_psd2_sync.renew", {
    steps: () => [
        ...openInvoicing(),
        see(`${CARD} .o_qonto_days.text-bg-danger:contains('3 days left')`, "The card says that it is urgent"),
        press(`${CARD} .o_qonto_activity a, ${CARD} .o_qonto_activity button`, "There is a reminder: open it"),
        see(".o-mail-ActivityListPopover:contains('Renew Qonto until')", "It says what to do"),
        press(`${CARD} .o_qonto_card .badge`, "Close it"),
        see("body:not(:has(.o-mail-ActivityListPopover))", "It is closed"),

        press(`${CARD} button[name='action_qonto_connect']:contains('Renew')`, "Begin to renew"),
        see(".modal .alert:contains('This renews your consent of'):contains('nothing changes')", "It says what it does"),
        press(".modal button[special='cancel'], .modal button:contains('Cancel')", "Turn back"),
        see("body:not(:has(.modal))", "Turned back"),
        see(`${CARD} .badge:contains('Connected')`, "The old consent goes on"),

        press(`${CARD} button[name='action_qonto_connect']:contains('Renew')`, "Renew after all"),
        ...sayYes(),
        ...recognisedAndSynced(),
        press(".o_qonto_sync button:contains('Dashboard')", "Back to the dashboard"),
        see(`${CARD} .o_qonto_days.text-bg-success:contains('90 days left')`, "There is time again"),
    ],
});

tours.add("qonto_psd2_sync.disconnect", {
    steps: () => [
        ...openInvoicing(),
        ...openMainAccount(),
        press(".o_form_view button[name='action_delete']", "Try to delete it"),
        see(".modal div[name='loses']:contains('bank lines: 1,')", "It says what would be lost"),
        see(".modal .alert-danger:contains('are matched')", "And why that can't be"),
        see(".modal:not(:has(button[name='action_delete']:visible))", "There is no button for it"),

        press(".modal button[name='action_disconnect']", "Disconnect instead"),
        see(".modal:contains('What stops'):contains('Hauptkonto')", "It says what stops"),
        see(".modal:contains('What stays'):contains('bank lines, their matches')", "And what stays"),
        press(".modal footer button.btn-primary:contains('Disconnect')", "Disconnect"),
        see(".o_form_view .alert-success:contains('Qonto confirmed that the access was revoked')", "The bank's answer"),
        see(".o_statusbar_status button[aria-checked='true']:contains('Withdrawn')", "The consent is withdrawn"),

        press("button[name='action_renew']:contains('Connect again')", "Connect again"),
        ...sayYes(),
        ...recognisedAndSynced(),
        press(".o_qonto_open_lines", "Open the lines"),
        see(".o_data_row:contains('Altbau Bremen')", "The line of before is there"),
        see(".o_data_row:contains('Inzwischen')", "What came meanwhile is there, too"),
    ],
});

tours.add("qonto_psd2_sync.approve", {
    steps: () => [
        ...openInvoicing(),
        press(`${CARD} button[name='action_qonto_sync']`, "Sync"),
        see(".modal .o_qonto_approve:contains('Approve in the Qonto app')", "The bank asks", { timeout: 30000 }),
        see(".modal .o_qonto_countdown:contains('14:')", "And waits for a quarter of an hour", { timeout: 30000 }),
        see(".modal .o_qonto_sync[data-done='1'] h2:contains('Up to date')", "Approved, and done", { timeout: 60000 }),
    ],
});

tours.add("qonto_psd2_sync.other_organization", {
    steps: () => [
        ...openInvoicing(),
        press(`${CARD} button[name='action_qonto_connect']:contains('Renew')`, "Begin to renew"),
        ...sayYes(),
        see(".o_form_view div[name='title']:contains('Not all accounts are there')", "Something is asked", {
            timeout: 30000,
        }),
        see(".o_data_row:contains('Hauptkonto')", "The account that is missing"),
        press("button[name='action_discard']", "Go on with the old consent"),
        see(".o_data_row:contains('Expiring soon')", "It goes on"),
    ],
});
