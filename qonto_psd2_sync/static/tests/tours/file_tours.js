import { registry } from "@web/core/registry";
import { nothingSticksOut, openQontoMenu, press, see } from "./tour_steps";

const CARD = ".o_kanban_record:has(.o_qonto_card)";

/** Put the file that the test serves into an input, as if a person had dropped or chosen it. */
function give(trigger, input, content) {
    return {
        content,
        trigger,
        async run() {
            // A dashboard that is loading itself anew would drop what is being uploaded.
            await new Promise((resolve) => setTimeout(resolve, 1000));
            const answer = await fetch("/qonto_test_export.csv");
            const file = new File([await answer.blob()], "qonto_export.csv", { type: "text/csv" });
            const transfer = new DataTransfer();
            transfer.items.add(file);
            const element = document.querySelector(`${trigger} ${input}`);
            element.files = transfer.files;
            element.dispatchEvent(new Event("change"));
        },
    };
}

function verdict(name, count) {
    return see(`.o_qonto_files [data-verdict='${name}'][data-count='${count}']`, `${count} are ${name}`);
}

function syncFromTheCard() {
    return [
        press(`${CARD} button[name='action_qonto_sync']`, "Sync"),
        see(".modal .o_qonto_sync[data-done='1']", "It is done", { timeout: 60000 }),
        press(".modal .btn-close", "Close it"),
        see(`${CARD} .o_qonto_card`, "The dashboard again"),
    ];
}

function importAll() {
    return [
        press(".o_qonto_files_import:enabled", "Import"),
        see(".o_qonto_files[data-state='done'] .o_qonto_files_lines:contains('6')", "Imported", { timeout: 60000 }),
        see(".o_qonto_files_balances .text-success", "Ledger and bank agree"),
    ];
}

registry.category("web_tour.tours").add("qonto_psd2_sync.files", {
    steps: () => [
        see(`${CARD} .badge:contains('Connected')`, "The dashboard's card"),
        ...syncFromTheCard(),
        give(CARD, "input.document_file_uploader", "Drop the file on the card"),
        see(".o_qonto_files[data-state='preview'] .o_qonto_files_row", "The preview", { timeout: 60000 }),
        verdict("new", 6),
        see(".o_qonto_files_opening:contains('It moves from')", "The opening entry moves"),
        see(".o_qonto_files_balances .text-success", "Ledger and bank will agree"),
        press(".o_qonto_files [data-verdict='present'][data-count]", "Show what is there already"),
        see(".o_qonto_files_row[data-verdict='present'] .o_qonto_files_line", "With its line"),
        press(".o_qonto_files [data-verdict='new'][data-count]", "Show what is new"),
        {
            content: "Leave the first one out",
            trigger: ".o_qonto_files_row[data-verdict='new'] select",
            run: "selectByLabel Leave out",
        },
        see(".o_qonto_files_import:contains('Import') .badge:contains('5')", "One less"),
        press("[data-all='import']", "All of them after all"),
        see(".o_qonto_files_import:contains('Import') .badge:contains('6')", "All again"),
        ...importAll(),
        press(".o_qonto_files_undo", "Undo"),
        see(".o_qonto_files[data-state='undone'] .o_qonto_files_lines:contains('0')", "Undone", { timeout: 60000 }),
        see(".o_qonto_files_balances .text-success", "Ledger and bank agree"),
        ...openQontoMenu("qonto_psd2_sync.menu_file_upload"),
        give(".modal .o_field_many2many_binary", "input[type='file']", "Choose the file"),
        see(".modal .o_attachment:contains('qonto_export')", "It is uploaded"),
        press(".modal button[name='action_preview']", "Preview"),
        verdict("new", 6),
        ...importAll(),
        press(".o_menu_brand", "Back to the dashboard"),
        see(`${CARD} .badge:contains('Connected')`, "The dashboard"),
        ...syncFromTheCard(),
        ...openQontoMenu("qonto_psd2_sync.menu_file_imports"),
        see(".o_list_view .o_data_row:contains('Imported')", "One import stands"),
        see(".o_list_view .o_data_row:contains('Undone')", "One was undone"),
    ],
});

registry.category("web_tour.tours").add("qonto_psd2_sync.files_phone", {
    steps: () => [
        give(CARD, "input.document_file_uploader", "Give the file"),
        see(".o_qonto_files[data-state='preview'] .o_qonto_files_row", "The preview", { timeout: 60000 }),
        nothingSticksOut(".o_qonto_files", "The preview fits"),
        press(".o_qonto_files_import:enabled", "Import"),
        see(".o_qonto_files[data-state='done']", "Imported", { timeout: 60000 }),
        nothingSticksOut(".o_qonto_files", "The result fits"),
    ],
});
