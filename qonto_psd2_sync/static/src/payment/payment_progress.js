import { Component, onWillDestroy, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { PaymentProblems } from "./payment_problems";
import { ReasonDialog } from "./reason_dialog";
import { PaymentTransfers } from "./payment_transfers";
import { errorWords } from "../told/error_words";

const PAUSE = 3000;
// Nothing happens by itself before somebody presses a button; another tab may have done so.
const PAUSE_BEFORE = 10000;
// The bank may take hours from acceptance to settlement.
const WATCH_CLOSELY_FOR = 10 * 60 * 1000;
const PAUSE_LATER = 30000;
const BEFORE = ["prepared", "handed_over", "attention"];
// After this long without an answer the phone may not have rung.
export const HINT_AFTER = 60;

/**
 * Shows where a payment order is and what a person can do about it, and carries it on: whoever has it open drives it.
 * All it knows it asks Odoo, so another tab, a reload or a closed dialog changes nothing.
 */
export class PaymentProgress extends Component {
    static template = "qonto_psd2_sync.PaymentProgress";
    static components = { PaymentProblems, PaymentTransfers };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.state = useState({ facts: null, screen: null, busy: false, error: "", payerId: false });
        this.alive = true;
        this.begun = Date.now();
        onWillStart(() => this.begin());
        const clock = setInterval(() => this.tick(), 1000);
        onWillDestroy(() => {
            this.alive = false;
            clearInterval(clock);
            clearTimeout(this.timer);
        });
    }

    get orderId() {
        return this.props.record.resId;
    }

    call(method, args = [], model = "qonto.payment.order", ids = [this.orderId]) {
        return this.orm.silent.call(model, method, [ids, ...args]);
    }

    async begin() {
        if (!this.orderId) {
            return;
        }
        [this.state.facts, this.state.screen] = await Promise.all([this.call("progress"), this.call("screen")]);
        this.signature = this.sign(this.state.facts);
        this.timer = setTimeout(() => this.drive(), 0);
    }

    /** What a change of makes the details worth asking for again. */
    sign(facts) {
        return JSON.stringify([facts.stage, facts.problems, facts.transfers]);
    }

    async drive() {
        clearTimeout(this.timer);
        if (!this.alive) {
            return;
        }
        try {
            await this.take(await this.call("drive"));
            this.state.error = "";
        } catch (error) {
            this.state.error = errorWords(error);
        }
        if (this.alive && this.pause) {
            clearTimeout(this.timer);
            this.timer = setTimeout(() => this.drive(), this.pause);
        }
    }

    async take(facts) {
        const signature = this.sign(facts);
        if (signature !== this.signature) {
            this.state.screen = await this.call("screen");
        }
        this.signature = signature;
        this.state.facts = facts;
    }

    get pause() {
        const stage = this.state.facts.stage;
        if (stage === "over") {
            return 0;
        }
        if (BEFORE.includes(stage)) {
            return PAUSE_BEFORE;
        }
        return stage === "at_bank" && Date.now() - this.begun > WATCH_CLOSELY_FOR ? PAUSE_LATER : PAUSE;
    }

    /** Count down between two answers of the server, which knows best. */
    tick() {
        const facts = this.state.facts;
        if (facts?.stage === "phone") {
            facts.seconds_left = Math.max(facts.seconds_left - 1, 0);
            facts.asked_seconds_ago += 1;
        }
    }

    // What a person does

    /** Do something, then show how it stands. */
    async act(method, args = [], model = "qonto.payment.order", ids = [this.orderId]) {
        this.state.busy = true;
        try {
            await this.orm.call(model, method, [ids, ...args]);
        } finally {
            this.state.busy = false;
            this.signature = "";
            await this.drive();
        }
    }

    send() {
        this.begun = Date.now();
        return this.act("action_send");
    }

    handOver() {
        return this.act("action_hand_over", [Number(this.state.payerId || this.state.screen.payers[0].id)]);
    }

    takeBack() {
        return this.act("action_take_back");
    }

    takeOut(ids, title) {
        this.askReason(title || _t("Take out of this order"), _t("Take out"), (reason) =>
            this.act("action_take_out", [ids, reason])
        );
    }

    cancel() {
        const ids = this.state.facts.transfers.filter((transfer) => this.isBefore(transfer)).map(({ id }) => id);
        this.takeOut(ids, _t("Cancel these payments"));
    }

    cancelAtBank() {
        const ids = this.state.screen.cancelable;
        this.askReason(_t("Cancel at the bank"), _t("Cancel at the bank"), (reason) =>
            this.act("action_cancel", [reason], "qonto.transfer", ids)
        );
    }

    decide(code) {
        this.askReason(_t("Pay all the same"), _t("Pay all the same"), (reason) =>
            this.act("action_decide", [code, reason])
        );
    }

    giveUp() {
        const ids = this.state.facts.transfers.filter(({ state }) => state === "unknown").map(({ id }) => id);
        this.askReason(_t("These payments do not exist at the bank"), _t("Give up"), (reason) =>
            this.act("action_give_up", [reason], "qonto.transfer", ids)
        );
    }

    decideStrays() {
        const ids = this.state.screen.strays.map(({ id }) => id);
        this.askReason(_t("Go on all the same"), _t("Go on all the same"), (reason) =>
            this.act("action_decide", [reason], "qonto.stray.transfer", ids)
        );
    }

    async resend() {
        this.state.busy = true;
        try {
            await this.open("qonto.payment.order", await this.call("action_resend"));
        } finally {
            this.state.busy = false;
        }
    }

    askReason(title, confirm, done) {
        this.dialog.add(ReasonDialog, { title, confirm, done });
    }

    open(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    // What is shown

    isBefore(transfer) {
        return ["draft", "to_approve", "verified"].includes(transfer.state);
    }

    money(amount) {
        return formatMonetary(amount, { currencyId: this.state.screen.currency_id });
    }

    get timeLeft() {
        const seconds = this.state.facts.seconds_left;
        return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }

    get isMe() {
        return this.state.screen.sender_is_me;
    }

    get mayHaveNotRung() {
        return this.state.facts.asked_seconds_ago >= HINT_AFTER;
    }

    get isBeforeSending() {
        return BEFORE.includes(this.state.facts.stage);
    }

    get unsent() {
        return this.state.facts.transfers.filter((transfer) => this.isBefore(transfer)).length;
    }

    count(...states) {
        return this.state.facts.transfers.filter(({ state }) => states.includes(state)).length;
    }

    get booked() {
        return this.state.facts.transfers.filter(({ matched }) => matched).length;
    }

    get wentWrong() {
        return this.count("refused", "expired", "declined", "failed", "returned");
    }

    /** Something changed while the phone was asked, and a check stopped it. */
    get isStopped() {
        return this.state.facts.transfers.some(({ stopped }) => stopped);
    }

    /** What stood in the way may be out of it, though nobody has pressed *Send* again. */
    get isInTheWay() {
        const { stage, problems } = this.state.facts;
        return stage === "attention" && (problems.length > 0 || this.state.screen.strays.length > 0);
    }

    get headline() {
        const { stage, transfers } = this.state.facts;
        if (stage === "attention" && !this.isInTheWay) {
            return _t("Nothing stands in the way any more");
        }
        const words = {
            prepared: _t("Prepared"),
            handed_over: _t("Handed over"),
            checking: _t("Checking payees and bills…"),
            attention: _t("Something needs you before money moves"),
            sending: _t("Sending…"),
            phone: _t("Look at your phone"),
            unknown: _t("Nobody knows yet whether the money moved"),
        };
        if (stage === "phone" && !this.isMe) {
            return _t("Waiting for the phone of %s", this.state.facts.person);
        }
        if (words[stage]) {
            return words[stage];
        }
        if (stage === "at_bank") {
            return this.count("processing") ? _t("In process at the bank") : _t("Accepted by the bank");
        }
        if (this.wentWrong) {
            return this.wentWrong === transfers.length ? _t("Not paid") : _t("Some payments did not go through");
        }
        if (this.count("canceled") === transfers.length) {
            return this.isStopped ? _t("Stopped before money moved") : _t("Canceled");
        }
        return this.booked === transfers.length - this.count("canceled") ? _t("Booked") : _t("Sent to the payees' banks");
    }

    get look() {
        const { stage } = this.state.facts;
        if (stage === "phone" || this.isInTheWay || (stage === "over" && this.isStopped)) {
            return "warning";
        }
        if (stage === "unknown" || (stage === "over" && this.wentWrong)) {
            return "danger";
        }
        return stage === "over" && this.count("settled") ? "success" : "info";
    }
}

registry.category("view_widgets").add("qonto_payment_progress", { component: PaymentProgress });
