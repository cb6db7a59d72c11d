import { Component, onWillDestroy, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const PAUSE_WHEN_NOTHING_MOVES = 1500;

/**
 * Drives a sync from the browser, a few seconds at a time, and shows how far it is. Should the
 * browser go away, the scheduled action carries on where it stopped.
 */
export class QontoSyncAction extends Component {
    static template = "qonto_psd2_sync.SyncAction";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.accountIds = this.props.action.params.account_ids;
        this.inDialog = this.props.action.target === "new";
        this.state = useState({ done: false, runs: [], error: "" });
        this.alive = true;
        onWillStart(() => {
            this.drive();
        });
        onWillDestroy(() => {
            this.alive = false;
        });
    }

    async drive() {
        try {
            const runIds = await this.orm.call("qonto.account", "sync_start", [this.accountIds]);
            let before = "";
            while (this.alive && !this.state.done) {
                const progress = await this.orm.call("qonto.account", "sync_step", [
                    this.accountIds,
                    runIds,
                ]);
                this.state.runs = progress.runs;
                this.state.done = progress.done;
                const now = JSON.stringify(progress.runs);
                if (!progress.done && now === before) {
                    await new Promise((resolve) => setTimeout(resolve, PAUSE_WHEN_NOTHING_MOVES));
                }
                before = now;
            }
        } catch (error) {
            this.state.error = error.data?.message || error.message;
            this.state.done = true;
        }
    }

    get failed() {
        return this.state.error || this.state.runs.some((run) => run.state === "failed");
    }

    openLines() {
        return this.action.doAction("qonto_psd2_sync.action_bank_transactions", {
            clearBreadcrumbs: !this.inDialog,
        });
    }

    openMatching() {
        return this.action.doAction("qonto_psd2_sync.action_matching", { clearBreadcrumbs: !this.inDialog });
    }

    openDashboard() {
        return this.action.doAction("account.open_account_journal_dashboard_kanban", {
            clearBreadcrumbs: true,
        });
    }
}

registry.category("actions").add("qonto_psd2_sync.sync", QontoSyncAction);
