import { Component } from "@odoo/owl";
import { MatchingPanel } from "./matching_panel";

/** One bank line: what it says, the best proposal with its proofs, and what can be done with it. */
export class MatchingLine extends Component {
    static template = "qonto_psd2_sync.MatchingLine";
    static components = { MatchingPanel };
    static props = {
        row: Object,
        focused: Boolean,
        open: Boolean,
        mayMatch: Boolean,
        screen: Object,
    };

    get best() {
        return this.props.row.proposals?.[0];
    }

    get proofs() {
        return this.props.row.state === "booked" ? this.props.row.proofs : this.best?.proofs || [];
    }

    onClick(event) {
        const { row, screen } = this.props;
        if (!event.target.closest("button, a, input, textarea, select, .o_qonto_panel")) {
            screen.toggle(row);
        }
    }
}
