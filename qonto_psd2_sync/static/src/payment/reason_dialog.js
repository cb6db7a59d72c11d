import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { useAutofocus } from "@web/core/utils/hooks";

/** Asks why. What is answered is kept with the payment. */
export class ReasonDialog extends Component {
    static template = "qonto_psd2_sync.ReasonDialog";
    static components = { Dialog };
    static props = { title: String, confirm: String, done: Function, close: Function };

    setup() {
        this.state = useState({ reason: "" });
        useAutofocus({ refName: "reason" });
    }

    get isGiven() {
        return this.state.reason.trim().length >= 3;
    }

    confirm() {
        this.props.close();
        this.props.done(this.state.reason.trim());
    }
}
