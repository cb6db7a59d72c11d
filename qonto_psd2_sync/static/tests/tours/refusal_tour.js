import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { openInvoicing, press, see } from "./tour_steps";

registry.category("web_tour.tours").add("qonto_psd2_sync.refusal", {
    steps: () => [
        ...openInvoicing(),
        press(".o_kanban_record:contains('Bank') button[name='action_qonto_connect']", "Connect Qonto"),
        press(".modal div[name='agreed'] input", "Say yes"),
        // The page that one comes back to has no JavaScript, and so no tour: the test follows its way back.
        press(".modal button[name='action_continue']", "Go to the bank, which refuses", { expectUnloadPage: true }),
        see(".o_view_nocontent:contains('No account is connected yet')", "Back in Odoo, and nothing is connected", {
            timeout: 30000,
        }),
        {
            content: "The page said what happened and what to do",
            trigger: "body",
            run() {
                const said = browser.localStorage.getItem("qonto_psd2_sync.failed_page") || "";
                const sentences = ["You did not allow access", "Nothing was connected", "Start again with", "Back to Odoo"];
                const missing = sentences.filter((sentence) => !said.includes(sentence));
                if (missing.length) {
                    throw new Error(`The page lacks ${missing.join(", ")}: ${said}`);
                }
            },
        },
    ],
});
