import { registry } from "@web/core/registry";
import { nothingSticksOut, openInvoicing, openQontoMenu, press, see } from "./tour_steps";

const tours = registry.category("web_tour.tours");
const stage = (name) => `.o_qonto_payment[data-stage='${name}']`;

/** From a prepared order to what the bank makes of it; somebody approves on the phone meanwhile. */
function sendAndApprove() {
    return [
        press(`${stage("prepared")} .o_qonto_send, ${stage("handed_over")} .o_qonto_send`, "Send"),
        see(`${stage("phone")} .o_qonto_stage:contains('Look at your phone')`, "The phone rings", { timeout: 60000 }),
        see(`.o_qonto_countdown:contains('14:')`, "There is a quarter of an hour"),
        see(`${stage("at_bank")}, ${stage("over")}`, "The bank has it", { timeout: 60000 }),
    ];
}

tours.add("qonto_psd2_sync.pay_one", {
    steps: () => [
        see(".o_form_view:contains('RE 4711')", "The bill"),
        press("#account_invoice_payment_btn, button[name='action_register_payment']", "Pay"),
        see(".modal div[name='journal_id']", "Odoo's own wizard"),
        see(".modal div[name='qonto_payee_name']:contains('Elbe Kabel GmbH')", "Whom it is paid to"),
        see(".modal div[name='qonto_reference']:contains('RE 4711')", "What the payee will read"),
        press(".modal .o_qonto_continue", "Continue"),
        see(`${stage("prepared")} .o_qonto_payee:contains('Elbe Kabel GmbH')`, "Prepared, nothing is sent"),
        see(".o_qonto_balance:contains('after this payment')", "What is left afterwards"),
        ...sendAndApprove(),
        see(".o_qonto_payee_check:contains('Name fits')", "The payee check's result in words"),
        see(".o_qonto_transfer[data-state='submitted'], .o_qonto_transfer[data-state='processing'], .o_qonto_transfer[data-state='settled']", "Where it is"),
    ],
});

tours.add("qonto_psd2_sync.pay_many", {
    steps: () => [
        ...openInvoicing(),
        ...openQontoMenu("qonto_psd2_sync.menu_bills_to_pay"),
        see(".o_form_view div[name='next_discount']:contains('save')", "What paying soon saves"),
        see(".o_data_row:contains('Havel Papier KG'):contains('Not trusted yet')", "Who cannot be paid, and why"),
        see("div[name='selected_count']:contains('3')", "The others are ticked"),
        press(".o_data_row:contains('B-3') td[name='selected'] input", "Leave one for later"),
        see("div[name='selected_count']:contains('2')", "It is counted"),
        press("button[name='action_prepare']", "Pay what is ticked"),
        see(`${stage("prepared")} .o_qonto_transfer:contains('Elbe Kabel GmbH')`, "Prepared"),
        ...sendAndApprove(),
        see(".o_qonto_transfer:contains('Spree Kabel AG')", "Each with its own state"),
    ],
});

tours.add("qonto_psd2_sync.hand_over", {
    steps: () => [
        see(`${stage("prepared")} .o_qonto_transfer:contains('Elbe Kabel GmbH')`, "The order"),
        see(".o_qonto_payment:not(:has(.o_qonto_send))", "Sending is another right"),
        { content: "Choose who is to send it", trigger: ".o_qonto_payer", run: "selectByLabel Helga Haupt" },
        press(".o_qonto_hand_over", "Hand it over"),
        see(stage("handed_over"), "It is with the payer"),
        see(".o_qonto_payment:contains('Helga Haupt')", "By name"),
        nothingSticksOut(".o_qonto_payment", "It fits the screen"),
    ],
});

tours.add("qonto_psd2_sync.payer", {
    steps: () => [
        see(`${stage("handed_over")} .o_qonto_take_out`, "What was handed over"),
        press(".o_qonto_transfer:contains('Spree Kabel AG') .o_qonto_take_out", "Refuse one"),
        { content: "Say why", trigger: ".modal .o_qonto_reason", run: "edit Twice as much as agreed" },
        press(".modal .o_qonto_confirm", "Take it out"),
        see(".o_qonto_transfer[data-state='canceled']:contains('Twice as much')", "It is out, with the reason"),
        nothingSticksOut(".o_qonto_payment", "It fits the phone"),
        ...sendAndApprove(),
        nothingSticksOut(".o_qonto_payment", "It still fits"),
    ],
});
