import { Component, onMounted, onPatched, onWillStart, useExternalListener, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { MatchingLine } from "./matching_line";
import { errorWords } from "../told/error_words";

// When fewer lines than this are left to decide, the next page is fetched.
const FEW = 25;
const TYPING = "input, textarea, select, [contenteditable=true]";

/**
 * The screen "Bank matching": what is new since the last visit, what was booked by itself, what
 * needs a person. Everything can be done with the keyboard; the server decides and books.
 */
export class QontoMatchingAction extends Component {
    static template = "qonto_psd2_sync.MatchingAction";
    static components = { MatchingLine };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.root = useRef("root");
        this.searchInput = useRef("search");
        this.state = useState({
            view: "needs_you",
            only: "",
            search: "",
            found: "",
            journalId: this.props.action.context?.default_journal_id || 0,
            rows: [],
            booked: [],
            showBooked: false,
            counts: {},
            journals: [],
            since: "",
            more: false,
            mayMatch: false,
            anyLine: true,
            focused: 0,
            open: 0,
            acceptingAll: false,
        });
        // Bookings go to the server one after the other, in the order of the key presses.
        this.queue = Promise.resolve();
        this.loads = 0;
        this.onSearch = useDebounced(() => this.state.search !== this.searched && this.load(), 300);
        useExternalListener(window, "keydown", (event) => this.onKeydown(event));
        onWillStart(() => this.start());
        onMounted(() => this.showFocus());
        onPatched(() => this.showFocus());
    }

    async start() {
        await this.load();
        const lineId = this.props.action.params?.line_id;
        if (lineId) {
            if (!this.state.rows.some((row) => row.id === lineId)) {
                this.state.rows.unshift(await this.call("row", [lineId]));
            }
            Object.assign(this.state, { focused: lineId, open: lineId });
        }
    }

    call(method, args = [], kwargs = {}) {
        kwargs.context = { ...user.context, ...(kwargs.context || {}) };
        return this.orm.call("qonto.matching", method, args, kwargs);
    }

    // === LOADING === //

    get filters() {
        const { view, only, search, journalId } = this.state;
        return { view, only, search, journal_ids: journalId ? [journalId] : [] };
    }

    async load() {
        const mine = ++this.loads;
        this.searched = this.state.search;
        const page = await this.call("load", [], this.filters);
        let booked = [];
        if (this.state.view === "needs_you" && page.counts.booked_new) {
            booked = (await this.call("load", [], { ...this.filters, view: "booked", only: "new", search: "" })).rows;
        }
        if (mine !== this.loads) {
            return; // An older answer than what is asked for by now.
        }
        Object.assign(this.state, {
            rows: page.rows,
            booked,
            counts: page.counts,
            journals: page.journals,
            since: page.since,
            more: page.more,
            mayMatch: page.may_match,
            anyLine: page.any_line,
            found: this.searched,
        });
        // A panel that somebody is at work in stays open if its line is still there.
        if (!page.rows.some((row) => row.id === this.state.open)) {
            this.state.open = 0;
        }
        this.state.focused = this.state.open || this.nextOf(-1)?.id || 0;
    }

    async loadMore() {
        if (!this.state.more || this.loadingMore) {
            return;
        }
        this.loadingMore = true;
        const known = this.state.rows.map((row) => row.id);
        const page = await this.call("load", [], { ...this.filters, known });
        this.loadingMore = false;
        this.state.rows.push(...page.rows);
        this.state.more = page.more;
        if (!this.state.focused) {
            this.state.focused = this.nextOf(-1)?.id || 0;
        }
    }

    async show(view, only = "") {
        Object.assign(this.state, { view, only: this.state.only === only ? "" : only });
        await this.load();
    }

    async chooseJournal(event) {
        this.state.journalId = Number(event.target.value);
        await this.load();
    }

    // === FOCUS === //

    get shown() {
        return this.state.rows.filter((row) => !row.gone);
    }

    focusedRow() {
        return this.state.rows.find((row) => row.id === this.state.focused);
    }

    /** The next line after a place that can be decided: with a proposal, or else any. */
    nextOf(place) {
        const after = this.state.rows.slice(place + 1).filter((row) => row.state === "open" && !row.gone);
        return after.find((row) => row.proposals.length) || after[0];
    }

    focusAfter(row) {
        const next = this.nextOf(this.state.rows.indexOf(row));
        this.state.focused = next ? next.id : 0;
        this.state.open = 0;
        if (this.shown.filter((each) => each.state === "open").length < FEW) {
            this.loadMore();
        }
    }

    move(step) {
        const rows = this.shown;
        const place = rows.findIndex((row) => row.id === this.state.focused);
        const row = rows[Math.min(Math.max(place + step, 0), rows.length - 1)];
        if (row) {
            this.state.focused = row.id;
        }
    }

    showFocus() {
        const { focused } = this.state;
        if (focused === this.shownFocus) {
            return;
        }
        this.shownFocus = focused;
        const element = this.root.el?.querySelector(`[data-line-id="${focused}"]`);
        if (element && !element.contains(document.activeElement)) {
            element.focus({ preventScroll: true });
            element.scrollIntoView({ block: "nearest" });
        }
    }

    onKeydown(event) {
        const typing = event.target.closest?.(TYPING);
        if (event.key === "Escape" && typing && this.root.el.contains(event.target)) {
            event.target.blur();
            return;
        }
        const elsewhere = event.target !== document.body && !this.root.el?.contains(event.target);
        if (typing || elsewhere || event.ctrlKey || event.metaKey || event.altKey || document.querySelector(".modal")) {
            return;
        }
        const row = this.focusedRow();
        const keys = {
            ArrowDown: () => this.move(1),
            ArrowUp: () => this.move(-1),
            j: () => this.move(1),
            k: () => this.move(-1),
            Enter: () => row && this.accept(row),
            o: () => row && this.toggle(row),
            ArrowRight: () => row && this.toggle(row, true),
            ArrowLeft: () => this.toggle(row, false),
            Escape: () => this.toggle(row, false),
            l: () => row && this.later(row),
            u: () => row && this.undo(row),
            "/": () => this.searchInput.el?.focus(),
        };
        const act = keys[event.key];
        // Enter on a button or link presses it.
        if (!act || (event.key === "Enter" && event.target.closest("button, a"))) {
            return;
        }
        event.preventDefault();
        act();
    }

    // === DECIDING === //

    toggle(row, open = undefined) {
        if (!row || row.state !== "open") {
            return;
        }
        const wanted = open === undefined ? this.state.open !== row.id : open;
        this.state.open = wanted ? row.id : 0;
        this.state.focused = row.id;
    }

    /** Send to the server after what was sent before; a refusal is told on the line. */
    send(row, act) {
        row.state = "saving";
        row.error = "";
        this.queue = this.queue.then(async () => {
            try {
                Object.assign(row, await act());
            } catch (error) {
                const message = errorWords(error);
                const anew = await this.call("row", [row.id]).catch(() => ({ state: "open" }));
                Object.assign(row, anew, { error: message });
            }
        });
        return this.queue;
    }

    accept(row, proposal = row.proposals?.[0]) {
        if (!this.state.mayMatch || row.state !== "open") {
            return;
        }
        if (!proposal) {
            this.toggle(row, true);
            return;
        }
        const certain = row.certain;
        this.focusAfter(row);
        return this.send(row, async () => {
            const booked = await this.callToAccept(row, proposal);
            this.decided(row, certain);
            return booked;
        });
    }

    callToAccept(row, proposal) {
        if (proposal.model_id) {
            return this.call("book", [row.id, { model_id: proposal.model_id }]);
        }
        if (proposal.own_journal_id) {
            return this.call("book_own", [row.id]);
        }
        return this.call("accept", [row.id, proposal.item_ids, proposal.expected]);
    }

    book(row, plan) {
        const certain = row.certain;
        this.focusAfter(row);
        return this.send(row, async () => {
            const booked = await this.call("book", [row.id, plan]);
            this.decided(row, certain);
            return booked;
        });
    }

    decided(row, certain) {
        this.state.counts.needs_you--;
        if (row.new) {
            this.state.counts.new--;
        }
        if (certain) {
            this.state.counts.certain--;
        }
    }

    undo(row) {
        if (!this.state.mayMatch || row.state !== "booked") {
            return;
        }
        return this.send(row, async () => {
            const open = await this.call("undo", [row.id]);
            this.state.counts.needs_you++;
            if (this.state.booked.includes(row)) {
                this.state.booked.splice(this.state.booked.indexOf(row), 1);
                this.state.counts.booked_new--;
                this.state.rows.unshift(row);
            }
            return { ...open, by_itself: false };
        });
    }

    async later(row) {
        if (!this.state.mayMatch || row.state !== "open") {
            return;
        }
        const later = this.state.view !== "later";
        await this.call("set_later", [[row.id], later]);
        this.focusAfter(row);
        row.gone = true;
        this.state.counts.later += later ? 1 : -1;
        this.state.counts.needs_you += later ? -1 : 1;
    }

    async acceptAll() {
        this.state.acceptingAll = true;
        let booked = 0;
        const failed = new Map();
        try {
            for (;;) {
                const answer = await this.call("accept_certain", [], {
                    journal_ids: this.filters.journal_ids,
                });
                booked += answer.booked.length;
                answer.failed.forEach((failure) => failed.set(failure.id, failure.message));
                if (!answer.left || !(answer.booked.length + answer.failed.length)) {
                    break;
                }
            }
        } finally {
            this.state.acceptingAll = false;
            await this.load();
        }
        for (const row of this.state.rows) {
            row.error = failed.get(row.id) || "";
        }
        this.notification.add(_t("%s booked. Each can be taken back.", booked), {
            type: failed.size ? "warning" : "success",
        });
    }

    openLine(row) {
        return this.action.doActionButton({
            type: "object",
            name: "action_open_qonto_line",
            resModel: "account.bank.statement.line",
            resId: row.id,
        });
    }
}

registry.category("actions").add("qonto_psd2_sync.matching", QontoMatchingAction);
