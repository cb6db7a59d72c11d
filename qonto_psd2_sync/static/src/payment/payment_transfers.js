import { Component, useState } from "@odoo/owl";

const FIRST = 50;
const TOGETHER = ["draft", "to_approve", "verified", "sending", "awaiting_sca"];
const LOOKS = {
    awaiting_sca: "warning",
    submitted: "info",
    processing: "info",
    settled: "success",
    unknown: "danger",
    refused: "danger",
    expired: "danger",
    declined: "danger",
    failed: "danger",
    returned: "danger",
};

/** The payees of an order: whom, how much, for what, and where it is. */
export class PaymentTransfers extends Component {
    static template = "qonto_psd2_sync.PaymentTransfers";
    static props = {
        transfers: Array,
        rows: Object,
        mayTakeOut: Boolean,
        busy: Boolean,
        money: Function,
        onTakeOut: Function,
        onOpen: Function,
    };

    setup() {
        this.state = useState({ all: false });
    }

    /** Those that need somebody come first. */
    get shown() {
        const urgent = (transfer) => (LOOKS[transfer.state] === "danger" ? 0 : 1);
        const sorted = [...this.props.transfers].sort((one, other) => urgent(one) - urgent(other) || one.id - other.id);
        return this.state.all ? sorted : sorted.slice(0, FIRST);
    }

    get more() {
        return this.state.all ? 0 : Math.max(this.props.transfers.length - FIRST, 0);
    }

    row(transfer) {
        return this.props.rows[transfer.id] || { bills: [] };
    }

    look(transfer) {
        return transfer.matched ? "success" : LOOKS[transfer.state] || "secondary";
    }

    /** Where it is while all go together is said above, once. */
    saysMore(transfer) {
        return transfer.words && !TOGETHER.includes(transfer.state);
    }

    checkLook(transfer) {
        const row = this.row(transfer);
        return { match: "success", no_match: "danger", close_match: "warning" }[row.result] || "secondary";
    }

    mayTakeOut(transfer) {
        return this.props.mayTakeOut && ["draft", "to_approve", "verified"].includes(transfer.state);
    }
}
