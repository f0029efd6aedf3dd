/**
 * Renders the view to the terminal.
 *
 * @module
 */

import process from "node:process";
import { render } from "ink";
import { createElement } from "react";
import type { ChatController } from "../run/controller.ts";
import { View } from "./view.ts";

/** A rendered view. */
export interface Shown {
  /** Redraws the screen. */
  redraw: () => void;
  /** Lends the terminal while `work` runs. */
  suspend: (work: () => Promise<void>) => Promise<void>;
  /** Resolves once the view is removed; rejects if it fails. */
  gone: Promise<unknown>;
  /** Removes the view and restores the terminal. */
  end: () => Promise<void>;
}

/** Renders a chat to the terminal's alternate screen. */
export function show(chat: ChatController): Shown {
  let suspend = (work: () => Promise<void>) => work();
  const view = createElement(View, {
    frame: chat.frame,
    subscribe: chat.subscribe,
    press: chat.press,
    paste: chat.paste,
    resized: chat.resized,
    suspendable: (way) => {
      suspend = way;
    },
    colours: !process.env.NO_COLOR,
  });
  const app = render(view, {
    alternateScreen: true,
    exitOnCtrlC: false,
    incrementalRendering: true,
    // There is a terminal even if CI variables are set.
    interactive: true,
    isScreenReaderEnabled: false,
    patchConsole: true,
  });
  return {
    redraw: () => void suspend(async () => {}),
    suspend: (work) => suspend(work),
    gone: app.waitUntilExit(),
    end: async () => {
      app.unmount();
      await app.waitUntilExit();
    },
  };
}
