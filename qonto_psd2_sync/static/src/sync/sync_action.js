import { Component, onWillDestroy, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { errorWords } from "../told/error_words";

const PAUSE_WHEN_NOTHING_MOVES = 1500;
// How often the bank may be asked whether somebody has approved.
const PAUSE_WHILE_THE_PHONE_RINGS = 2000;

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
        const clock = setInterval(() => this.tick(), 1000);
        onWillDestroy(() => {
            clearInterval(clock);
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
                if (!progress.done && this.ringing) {
                    await this.pause(PAUSE_WHILE_THE_PHONE_RINGS);
                } else if (!progress.done && now === before) {
                    await this.pause(PAUSE_WHEN_NOTHING_MOVES);
                }
                before = now;
            }
        } catch (error) {
            this.state.error = errorWords(error);
            this.state.done = true;
        }
    }

    pause(milliseconds) {
        return new Promise((resolve) => setTimeout(resolve, milliseconds));
    }

    /** The run that waits for somebody's phone, if one does. */
    get ringing() {
        return this.state.runs.find((run) => run.approval);
    }

    /** Count down between two answers of the server, which knows best. */
    tick() {
        for (const { approval } of this.state.runs) {
            if (approval && approval.seconds > 0) {
                approval.seconds -= 1;
            }
        }
    }

    get timeLeft() {
        const seconds = this.ringing.approval.seconds;
        return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
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
