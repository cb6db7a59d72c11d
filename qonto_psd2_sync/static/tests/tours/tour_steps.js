import { browser } from "@web/core/browser/browser";

// The row of buttons above the messages of a record may be pushed sideways, says Odoo.
const NOT_OURS = ".o-mail-Chatter-topbar";
const COUNTER = "qonto_psd2_sync.tour_clicks";

/** A click that a person makes; the way to the bank and back leaves the page, so the count is kept beside it. */
export function press(trigger, content, more = {}) {
    return {
        content,
        trigger,
        async run({ click }) {
            const made = Number(browser.sessionStorage.getItem(COUNTER));
            browser.sessionStorage.setItem(COUNTER, made + 1);
            await click();
        },
        ...more,
    };
}

/** Something that must be on the screen. */
export function see(trigger, content, more = {}) {
    return { content, trigger, ...more };
}

export function forgetClicks() {
    return {
        content: "Count from here",
        trigger: "body",
        run: () => browser.sessionStorage.removeItem(COUNTER),
    };
}

export function atMostClicks(limit, elsewhere, trigger) {
    return {
        content: `At most ${limit} clicks, ${elsewhere} of them at the bank`,
        trigger,
        run() {
            const clicks = Number(browser.sessionStorage.getItem(COUNTER)) + elsewhere;
            if (clicks > limit) {
                throw new Error(`It took ${clicks} clicks, and ${limit} are allowed.`);
            }
            browser.console.log(`It took ${clicks} clicks.`);
        },
    };
}

export function openInvoicing() {
    return [
        press(".o_navbar_apps_menu button:enabled", "Open the list of apps"),
        press(".o_app[data-menu-xmlid='account.menu_finance']", "Open Invoicing"),
        see(".o_account_kanban .o_kanban_record", "The dashboard is there"),
    ];
}

/** @param {string} menu the external id of an entry of the Qonto menu */
export function openQontoMenu(menu) {
    return [
        press("button[data-menu-xmlid='qonto_psd2_sync.menu_qonto']", "Open the Qonto menu"),
        press(`.o-dropdown--menu [data-menu-xmlid='${menu}']`, `Choose ${menu}`),
    ];
}

/**
 * Nothing sticks out to the right: no part of the view can be pushed sideways, and what can be pressed lies within the
 * screen. Parts that hide what is too wide (ellipses, the edges of Odoo's grid) are no matter.
 */
export function nothingSticksOut(trigger, content) {
    return {
        content,
        trigger,
        run() {
            const movable = [...document.querySelectorAll(`.o_action_manager, .o_action_manager *:not(${NOT_OURS})`)].filter((element) =>
                ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
            );
            const wide = [document.documentElement, ...movable].filter(
                (element) => element.clientWidth && element.scrollWidth > element.clientWidth + 1
            );
            const edge = document.documentElement.clientWidth + 1;
            const outside = [...document.querySelectorAll(`.o_content :is(button, a, .badge, .o_field_widget):not(${NOT_OURS} *)`)].filter(
                (element) => element.getBoundingClientRect().right > edge
            );
            if (wide.length || outside.length) {
                const names = [...wide, ...outside].map((element) => element.outerHTML.slice(0, 120));
                throw new Error(`Wider than the screen: ${names.join("; ")}`);
            }
        },
    };
}
