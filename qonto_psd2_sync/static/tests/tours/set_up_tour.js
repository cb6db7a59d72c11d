import { registry } from "@web/core/registry";
import { openInvoicing, openQontoMenu, press, see } from "./tour_steps";

registry.category("web_tour.tours").add("qonto_psd2_sync.set_up", {
    steps: () => [
        ...openInvoicing(),
        ...openQontoMenu("qonto_psd2_sync.menu_set_up"),
        press(".o_data_row td[name='client_id']", "Open the company's app"),
        see(".o_form_view a[href='/qonto_psd2_sync/guide']", "The guide is at hand"),
        see("div[name='redirect_uri']:contains('/qonto_psd2_sync/oauth/callback')", "The address to copy"),
        press("button[name='action_check_connection']", "Check the connection"),
        see(resultOf("Encryption key", "Right"), "The key is good", { timeout: 20000 }),
        see(resultOf("Redirect address", "Right"), "The address is good"),
        see(resultOf("Reach Qonto", "Right"), "The bank answers"),
        see(resultOf("Client ID and secret", "Right"), "The bank accepts the app"),
        see(resultOf("Scheduled actions", "Right"), "The scheduled actions are on"),
        press(".modal .btn-close, .modal button[special='cancel']", "Close the list"),

        { content: "Mistype the secret", trigger: "div[name='client_secret'] input", run: "edit not-the-secret" },
        press("button[name='action_check_connection']", "Check again"),
        see(resultOf("Client ID and secret", "To mend"), "It says which one is wrong", { timeout: 20000 }),
        see(".modal .o_data_row:contains('developer portal')", "And what to do"),
    ],
});

function resultOf(name, result) {
    return `.modal .o_data_row:has(td[name='name']:contains('${name}')):has(td[name='result']:contains('${result}'))`;
}
