import { Component, onMounted, onWillDestroy, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { errorWords } from "../told/error_words";

const PAGE = 50;
const PAUSE_WHEN_NOTHING_MOVES = 1500;
const AT_WORK = ["importing", "undoing"];

/**
 * The screen of one bank file: its rows before the import, how far the import is, its result. Only
 * a page of rows is here at a time. The import is driven from here, a few seconds at a time; should
 * the browser go away, the scheduled action carries on.
 */
export class QontoFileImportAction extends Component {
    static template = "qonto_psd2_sync.FileImportAction";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        const { params, context } = this.props.action;
        this.importId = params?.import_id || context?.active_id || this.props.resId;
        this.state = useState({
            info: null,
            rows: [],
            count: 0,
            offset: 0,
            verdict: "",
            error: "",
            notice: "",
            busy: false,
        });
        this.alive = true;
        onWillStart(() => this.importId && this.load(this.importId));
        onMounted(() => this.importId || this.openImports());
        onWillDestroy(() => {
            this.alive = false;
        });
    }

    call(method, ...args) {
        return this.orm.call("qonto.file.import", method, [[this.importId], ...args]);
    }

    async load(importId) {
        this.importId = importId;
        Object.assign(this.state, { verdict: "", offset: 0, error: "" });
        this.props.updateActionState?.({ resId: importId });
        await this.refresh();
    }

    async refresh() {
        this.state.info = await this.call("screen_info");
        if (this.state.info.state === "preview") {
            await this.loadRows();
        } else if (AT_WORK.includes(this.state.info.state) && this.state.info.may) {
            this.drive();
        }
    }

    async loadRows() {
        const { verdict, offset } = this.state;
        const page = await this.call("screen_rows", verdict, offset, PAGE);
        this.state.rows = page.rows;
        this.state.count = page.count;
    }

    // --- preview --------------------------------------------------------------------------------

    get chosenVerdict() {
        return this.state.info.verdicts.find(({ name }) => name === this.state.verdict);
    }

    get lastShown() {
        return Math.min(this.state.offset + PAGE, this.state.count);
    }

    async show(verdict) {
        this.state.verdict = this.state.verdict === verdict ? "" : verdict;
        this.state.offset = 0;
        await this.loadRows();
    }

    async turn(pages) {
        this.state.offset = Math.max(0, this.state.offset + pages * PAGE);
        await this.loadRows();
    }

    async decide(row, choice) {
        await this.guarded(async () => {
            this.state.info = await this.call("screen_decide", row.place, choice);
            row.choice = choice;
        });
    }

    async decideAll(choice) {
        await this.guarded(async () => {
            this.state.info = await this.call("screen_decide_all", this.state.verdict, choice);
            await this.loadRows();
        });
    }

    openRow({ line }) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: line.model,
            res_id: line.id,
            views: [[false, "form"]],
        });
    }

    // --- import and undo ------------------------------------------------------------------------

    async guarded(work) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        this.state.error = "";
        try {
            await work();
        } catch (error) {
            // What somebody did elsewhere shows at once.
            await this.refresh().catch(() => {});
            this.state.error = errorWords(error);
        } finally {
            this.state.busy = false;
        }
    }

    async startImport() {
        await this.guarded(async () => {
            const { changed } = await this.call("import_start");
            await this.load(this.importId);
            this.state.notice = changed ? "changed" : "";
        });
    }

    async startUndo() {
        await this.guarded(async () => {
            await this.call("undo_start");
            await this.load(this.importId);
        });
    }

    async drive() {
        if (this.driving) {
            return;
        }
        this.driving = true;
        let before = -1;
        try {
            while (this.alive && AT_WORK.includes(this.state.info.state)) {
                const progress = await this.call("import_step");
                if (!AT_WORK.includes(progress.state)) {
                    this.state.info = await this.call("screen_info");
                    return;
                }
                Object.assign(this.state.info, progress);
                if (progress.position === before) {
                    await new Promise((resolve) => setTimeout(resolve, PAUSE_WHEN_NOTHING_MOVES));
                }
                before = progress.position;
            }
        } catch (error) {
            this.state.error = errorWords(error);
        } finally {
            this.driving = false;
        }
    }

    get share() {
        const { position, total } = this.state.info;
        return total ? Math.round((100 * position) / total) : 0;
    }

    // --- elsewhere ------------------------------------------------------------------------------

    async discard() {
        const action = await this.call("action_discard");
        return this.action.doAction(action, { clearBreadcrumbs: true });
    }

    async openLines() {
        return this.action.doAction(await this.call("action_open_lines"));
    }

    openImports() {
        return this.action.doAction("qonto_psd2_sync.action_qonto_file_import", {
            clearBreadcrumbs: true,
        });
    }
}

registry.category("actions").add("qonto_psd2_sync.file_import", QontoFileImportAction);
