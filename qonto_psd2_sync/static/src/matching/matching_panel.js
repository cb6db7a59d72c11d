import { Component, onWillStart, useState } from "@odoo/owl";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { useDebounced } from "@web/core/utils/timing";
import { parseFloat as parseLocal } from "@web/views/fields/parsers";

/** What a person puts together for one line: documents in full or in part, accounts, rules, a rest. */
export class MatchingPanel extends Component {
    static template = "qonto_psd2_sync.MatchingPanel";
    static components = { RecordSelector };
    static props = { row: Object, screen: Object, mayMatch: Boolean };

    setup() {
        this.state = useState({
            text: "",
            found: [],
            items: [],
            writeOffs: [],
            rules: [],
            modelId: 0,
            restOnPartner: false,
            forOthers: false,
            rest: this.props.row.amount,
            restText: this.props.row.amount_text,
            problem: "",
            note: this.props.row.note,
        });
        this.onSearch = useDebounced(() => this.search(), 250);
        this.preview = useDebounced(() => this.askPreview(), 200);
        this.asked = 0;
        onWillStart(async () => {
            [this.state.found, this.state.rules] = await Promise.all([
                this.call("search_items", [this.row.id, ""]),
                this.call("rules", [this.row.id]),
            ]);
        });
    }

    get row() {
        return this.props.row;
    }

    call(method, args) {
        return this.props.screen.call(method, args);
    }

    // === DOCUMENTS === //

    async search() {
        const text = this.state.text;
        const found = await this.call("search_items", [this.row.id, text]);
        if (text === this.state.text) {
            this.state.found = found;
        }
    }

    get offered() {
        const taken = new Set(this.state.items.map((item) => item.id));
        return this.state.found.filter((item) => !taken.has(item.id));
    }

    take(item) {
        this.state.items.push({ ...item, amount: "", discounted: false });
        this.state.forOthers = this.state.forOthers || item.other_partner;
        this.preview();
    }

    drop(item) {
        this.state.items.splice(this.state.items.indexOf(item), 1);
        this.state.forOthers = this.state.items.some((each) => each.other_partner);
        this.preview();
    }

    // === ACCOUNTS === //

    addWriteOff() {
        this.state.writeOffs.push({ key: Date.now(), accountId: false, amount: "", label: "", taxId: false });
    }

    setWriteOff(writeOff, values) {
        Object.assign(writeOff, values);
        this.preview();
    }

    dropWriteOff(writeOff) {
        this.state.writeOffs.splice(this.state.writeOffs.indexOf(writeOff), 1);
        this.preview();
    }

    get accountDomain() {
        return [
            ["account_type", "!=", "off_balance"],
            ["company_ids", "parent_of", [this.row.company_id]],
        ];
    }

    get taxDomain() {
        return [["company_id", "parent_of", [this.row.company_id]]];
    }

    // === THE PLAN === //

    /** An amount as it is typed, or null where the field is empty; NaN where it is no number. */
    number(text) {
        if (!(text || "").trim()) {
            return null;
        }
        try {
            return parseLocal(text);
        } catch {
            return NaN;
        }
    }

    get plan() {
        const { items, writeOffs, modelId, restOnPartner, forOthers } = this.state;
        return {
            items: items.map((item) => ({
                id: item.id,
                amount: this.number(item.amount),
                discount: item.discounted,
            })),
            write_offs: writeOffs
                .filter((writeOff) => writeOff.accountId)
                .map((writeOff) => ({
                    account_id: writeOff.accountId,
                    amount: this.number(writeOff.amount),
                    label: writeOff.label,
                    tax_ids: writeOff.taxId ? [writeOff.taxId] : [],
                })),
            model_id: modelId || false,
            rest_on_partner: restOnPartner,
            for_others: forOthers,
        };
    }

    get mistyped() {
        return [...this.state.items, ...this.state.writeOffs].some((entry) => Number.isNaN(this.number(entry.amount)));
    }

    get nothingChosen() {
        const { items, writeOffs, modelId, restOnPartner } = this.state;
        return !(items.length || modelId || restOnPartner || writeOffs.some((writeOff) => writeOff.accountId));
    }

    async askPreview() {
        if (this.mistyped) {
            return;
        }
        const mine = ++this.asked;
        const { rest, rest_text, problem } = await this.call("preview", [this.row.id, this.plan]);
        if (mine === this.asked) {
            Object.assign(this.state, { rest, restText: rest_text, problem });
        }
    }

    choose(name, value) {
        this.state[name] = value;
        this.preview();
    }

    async book() {
        await this.props.screen.book(this.row, this.plan);
    }

    bookRule(rule) {
        return this.props.screen.book(this.row, { model_id: rule.id });
    }

    // === THE LINE === //

    async setPartner(partnerId) {
        Object.assign(this.row, await this.call("set_partner", [this.row.id, partnerId || false]));
        await this.search();
    }

    async saveNote() {
        if (this.state.note !== this.row.note) {
            this.row.note = await this.call("set_note", [this.row.id, this.state.note]);
        }
    }
}
