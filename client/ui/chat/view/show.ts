/**
 * The view on the terminal.
 *
 * @module
 */

import process from "node:process";
import { render } from "ink";
import { createElement } from "react";
import type { ChatController } from "../run/controller.ts";
import { View } from "./view.ts";

/** A view that is shown. */
export interface Shown {
  /** Draws all of it anew. */
  redraw: () => void;
  /** Gives the terminal to another program meanwhile. */
  suspend: (work: () => Promise<void>) => Promise<void>;
  /** Resolves when the view is taken away, rejects where it fails. */
  gone: Promise<unknown>;
  /** Takes the view away and leaves the terminal as it was. */
  end: () => Promise<void>;
}

/** Shows a chat on the terminal's other screen. */
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
    // A terminal is there, whatever CI variables say.
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
