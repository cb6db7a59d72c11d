import { registry } from "@web/core/registry";
import { nothingSticksOut, openInvoicing, press, see } from "./tour_steps";

/** One press of a key, wherever the focus is. */
function key(name) {
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
}

function keys(name, times, content) {
    return {
        content,
        trigger: ".o_qonto_line.o_qonto_focused",
        async run() {
            const done = new Set();
            while (done.size < times) {
                const focused = document.querySelector(".o_qonto_line.o_qonto_focused[data-state='open']");
                const id = focused?.dataset.lineId;
                if (id && !done.has(id)) {
                    done.add(id);
                    key(name);
                }
                await new Promise((resolve) => setTimeout(resolve, 30));
            }
        },
    };
}

const line = (text) => `.o_qonto_line:contains('${text}')`;

registry.category("web_tour.tours").add("qonto_psd2_sync.matching", {
    steps: () => [
        ...openInvoicing(),
        see(".o_kanban_record:contains('Hauptkonto') .o_qonto_to_match", "The card says how many lines wait"),
        press(".o_kanban_record:contains('Hauptkonto') .o_qonto_to_match", "Go to Bank matching from the card"),

        see(".o_qonto_tab_needs_you .badge:contains('54')", "What needs a person is counted"),
        see(".o_qonto_show_booked:contains('1 booked by itself')", "So is what was booked by itself"),
        press(".o_qonto_show_booked", "Look at what was booked by itself"),
        see(`.o_qonto_booked ${line("By itself")} .badge:contains('amount exact')`, "Its proofs are there"),
        press(`.o_qonto_booked ${line("By itself")} .o_qonto_undo`, "Take it back"),
        see(`${line("By itself")}[data-state='open']`, "It is open again"),
        see(".o_qonto_tab_needs_you .badge:contains('55')", "And needs a person"),

        keys("Enter", 25, "Accept fifty proposals with fifty presses of a key: the first half"),
        see(".o_qonto_tab_needs_you .badge:contains(/^30$/)", "They are booked", { timeout: 60000 }),
        keys("Enter", 25, "The second half"),
        see(".o_qonto_tab_needs_you .badge:contains(/^5$/)", "All fifty are booked", { timeout: 60000 }),

        press(`${line("Unclear")} .o_qonto_open`, "Open a line without a proposal"),
        see(`${line("Unclear")} .o_qonto_silence`, "It says why nothing is proposed"),
        { content: "Search an open item", trigger: ".o_qonto_search_items", run: "edit 9001" },
        press(".o_qonto_item:contains('RE/2026/9001')", "Take it"),
        { content: "Pay only a part", trigger: ".o_qonto_part", run: "edit 60" },
        see(".o_qonto_rest:contains('2.50')", "What is left is told"),
        see(".o_qonto_problem:contains('not explained yet')", "So is what to do about it"),
        press(".o_qonto_add_account", "Put the rest on an account"),
        { content: "Search the account", trigger: ".o_qonto_write_off input.o-autocomplete--input:first", run: "edit Expenses" },
        press(".o-autocomplete--dropdown-item:contains('Expenses') a", "Choose it"),
        see(".o_qonto_rest:contains('0.00')", "Nothing is left"),
        press(".o_qonto_book:enabled", "Book"),
        see(`${line("Unclear")}[data-state='booked']`, "It is booked"),

        press(`${line("Ask the boss")} .o_qonto_open`, "Open another one"),
        { content: "Write a note", trigger: ".o_qonto_note", run: "edit Which hotel?" },
        press(`${line("Ask the boss")} .o_qonto_later`, "Leave it for later"),
        press(".o_qonto_tab_later", "Look at what is left for later"),
        see(`${line("Ask the boss")}:contains('Which hotel?')`, "It is there, with its note"),
        press(".o_qonto_tab_needs_you", "Back"),

        { content: "Search a line by its amount", trigger: ".o_qonto_search", run: "edit 77.77" },
        see(`.o_qonto_matching[data-found='77.77'] ${line("Rule me")}`, "It is found"),
        press(`${line("Rule me")} .o_qonto_open`, "Open it"),
        press(".o_qonto_rule:contains('Parking')", "Apply a rule"),
        see(`${line("Rule me")}[data-state='booked'] .badge:contains('Parking')`, "It is booked by the rule"),
        press(`${line("Rule me")} .o_qonto_undo`, "Take it back"),
        see(`${line("Rule me")}[data-state='open']`, "It is open again"),
    ],
});

registry.category("web_tour.tours").add("qonto_psd2_sync.matching_phone", {
    steps: () => [
        see(".o_qonto_matching .o_qonto_line", "The lines are there"),
        nothingSticksOut(".o_qonto_matching", "The list fits"),
        press(".o_qonto_line:contains('Altbau Bremen') .o_qonto_open", "Open a line"),
        see(".o_qonto_panel .o_qonto_search_items", "Its panel"),
        nothingSticksOut(".o_qonto_matching", "The panel fits"),
    ],
});
