import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";

// What Odoo says to whoever uses it; everything else is for whoever looks after it.
const TOLD = ["odoo.exceptions.UserError", "odoo.exceptions.AccessError", "odoo.exceptions.ValidationError"];

/** What went wrong between this page and Odoo, in the reader's words; the technical part at the end, in brackets. */
export function errorWords(error) {
    if (error instanceof ConnectionLostError) {
        return _t("Odoo cannot be reached just now. What you see here may be out of date; nothing is lost.");
    }
    const detail = error.data?.message || error.message || String(error);
    if (TOLD.includes(error.exceptionName)) {
        return detail;
    }
    return _t("Odoo could not do this. If it happens again, show this text to your administrator. (%s)", detail);
}
