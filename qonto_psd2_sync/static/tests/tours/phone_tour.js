import { registry } from "@web/core/registry";
import { nothingSticksOut, press, see } from "./tour_steps";

function openFromSidebar(menu, content) {
    return [
        press(".o_navbar .o_menu_toggle", "Open the menu"),
        press(`.o_app_menu_sidebar li[data-menu-xmlid='${menu}']`, content),
    ];
}

registry.category("web_tour.tours").add("qonto_psd2_sync.phone", {
    steps: () => [
        see(".o_account_kanban .o_qonto_card .badge:contains('Connected')", "The dashboard's card"),
        nothingSticksOut(".o_account_kanban", "The dashboard fits"),
        press(".o_kanban_record:has(.o_qonto_card) button[name='action_qonto_sync']", "Sync from the card"),
        see(".modal .o_qonto_sync[data-done='1']", "It is done", { timeout: 30000 }),
        press(".modal .o_qonto_open_lines", "Open the lines"),
        see(".o_kanban_view .o_kanban_record:contains('Altbau Bremen')", "The lines are cards"),
        nothingSticksOut(".o_kanban_view", "Bank transactions fit"),
        press(".o_kanban_record:contains('Altbau Bremen')", "Open a line"),
        see(".o_form_view div[name='amount']:contains('1,250.00')", "The line's form"),
        nothingSticksOut(".o_form_view", "The form fits"),
        ...openFromSidebar("qonto_psd2_sync.menu_accounts", "Go to the accounts"),
        see(".o_kanban_view .o_kanban_record:contains('Hauptkonto')", "The accounts are cards"),
        nothingSticksOut(".o_kanban_view", "Accounts fit"),
        press(".o_kanban_record:contains('Hauptkonto')", "Open the main account"),
        see(".o_form_view div[name='iban']", "Its form"),
        nothingSticksOut(".o_form_view", "The account's form fits"),
    ],
});
