/**
 * The screen as a component of Ink, and its rendering to the terminal.
 *
 * @module
 */

import {
  Box,
  render,
  Text,
  useApp,
  useCursor,
  useInput,
  usePaste,
  useWindowSize,
} from "ink";
import {
  createElement,
  type ReactElement,
  useEffect,
  useSyncExternalStore,
} from "react";
import { presses } from "../input/presses.ts";
import { TypeAhead } from "../input/type_ahead.ts";
import type { Row, Span, Tone } from "./rows.ts";
import type { ChatController } from "../run/controller.ts";

interface ViewProps {
  chat: ChatController;
  looks: Record<Tone, Partial<Looks>>;
  typeAhead: TypeAhead;
  /** Receives the function that lends the terminal to another program. */
  suspendable: (suspend: (work: () => Promise<void>) => Promise<void>) => void;
}

type Looks = NonNullable<Parameters<typeof Text>[0]>;

const PLAIN: Record<Tone, Partial<Looks>> = {
  plain: {},
  dim: { dimColor: true },
  strong: { bold: true },
  mine: {},
  theirs: { bold: true },
  notice: { italic: true },
  alarm: { bold: true, inverse: true },
  bar: { inverse: true },
  barGood: { inverse: true },
  barWarning: { inverse: true, bold: true },
  barAlarm: { inverse: true, bold: true },
  selected: { inverse: true },
  link: { underline: true },
  match: { inverse: true, bold: true },
};

const COLOURED: Record<Tone, Partial<Looks>> = {
  ...PLAIN,
  mine: { color: "green" },
  theirs: { color: "cyan", bold: true },
  notice: { color: "yellow" },
  match: { color: "black", backgroundColor: "yellow" },
  alarm: { color: "white", backgroundColor: "red", bold: true },
  barAlarm: { color: "white", backgroundColor: "red", bold: true },
};

function View(
  { chat, looks, typeAhead, suspendable }: ViewProps,
): ReactElement {
  const frame = useSyncExternalStore(chat.subscribe, chat.frame);
  const { columns, rows } = useWindowSize();
  const { suspendTerminal } = useApp();
  const { setCursorPosition } = useCursor();
  useEffect(() => chat.resized(columns, rows), [columns, rows]);
  useEffect(() => suspendable(suspendTerminal), [suspendTerminal]);
  useInput((input, key) => {
    for (const press of presses(input, key)) {
      chat.press(typeAhead.read(press));
    }
  });
  usePaste(chat.paste);
  setCursorPosition(frame.cursor);
  return createElement(
    Box,
    { flexDirection: "column", height: rows, width: columns },
    ...frame.rows.slice(-rows).map((row) => showRow(row, looks)),
  );
}

function showRow(row: Row, looks: Record<Tone, Partial<Looks>>): ReactElement {
  const pieces = row.filter(({ text }) => text !== "").map((span) =>
    createElement(Text, looks[span.tone], linked(span))
  );
  // An empty Text has no height and would move up the rows below.
  const content = pieces.length === 0 ? [" "] : pieces;
  return createElement(
    Box,
    { height: 1, flexShrink: 0 },
    createElement(Text, { wrap: "truncate-end" }, ...content),
  );
}

/** The text, as a hyperlink (OSC 8) if it is one. */
function linked({ text, link }: Span): string {
  return link === undefined
    ? text
    : `\x1b]8;id=${link.id};${link.href}\x1b\\${text}\x1b]8;;\x1b\\`;
}

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
export function show(chat: ChatController, isColoured: boolean): Shown {
  let suspend = (work: () => Promise<void>) => work();
  const view = createElement(View, {
    chat,
    looks: isColoured ? COLOURED : PLAIN,
    typeAhead: new TypeAhead(),
    suspendable: (way) => {
      suspend = way;
    },
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
