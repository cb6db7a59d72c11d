import { Component } from "@odoo/owl";

const FIRST = 20;

/** What stands in the way of sending, in words, each with what can be done about it. */
export class PaymentProblems extends Component {
    static template = "qonto_psd2_sync.PaymentProblems";
    static props = {
        problems: Array,
        rows: Object,
        unsent: Number,
        maySend: Boolean,
        busy: Boolean,
        money: Function,
        onDecide: Function,
        onTakeOut: Function,
        onAct: Function,
        onOpen: Function,
    };

    /** One entry a code: what is decided at once stands together. */
    get groups() {
        const groups = new Map();
        for (const problem of this.props.problems) {
            if (!groups.has(problem.code)) {
                groups.set(problem.code, []);
            }
            groups.get(problem.code).push(problem);
        }
        return [...groups].map(([code, problems]) => ({
            code,
            problems: problems.slice(0, FIRST),
            more: Math.max(problems.length - FIRST, 0),
            ids: problems.map(({ transfer }) => transfer).filter(Boolean),
            decidable: problems.every(({ decidable }) => decidable),
        }));
    }

    get hasOthers() {
        return this.props.unsent > 1;
    }

    row(problem) {
        return this.props.rows[problem.transfer] || {};
    }

    hits(problem) {
        return problem.hits || [];
    }

    trust(problem) {
        const row = this.row(problem);
        return this.props.onAct("action_qonto_trust", [row.number], "res.partner.bank", [row.bank_id]);
    }

    ask(problem, user) {
        return this.props.onAct("action_qonto_ask_to_trust", [user.id], "res.partner.bank", [
            this.row(problem).bank_id,
        ]);
    }

    useBankName(problem) {
        return this.props.onAct("action_use_bank_name", [], "qonto.transfer", [problem.transfer]);
    }
}
