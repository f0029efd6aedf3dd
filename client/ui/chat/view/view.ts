/**
 * Renders frames with Ink and forwards keys, without logic of its own.
 *
 * @module
 */

import {
  Box,
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
import type { Frame } from "./frame.ts";
import { type Press, presses } from "../input/keys.ts";
import type { Row, Tone } from "./rows.ts";

/** Properties of {@linkcode View}. */
export interface ViewProps {
  /** The current frame; the same object until it changes. */
  frame: () => Frame;
  /** Listens for new frames; returns a function that removes the listener. */
  subscribe: (changed: () => void) => () => void;
  press: (press: Press) => void;
  paste: (text: string) => void;
  resized: (columns: number, rows: number) => void;
  /** Receives the function that lends the terminal to another program. */
  suspendable: (suspend: (work: () => Promise<void>) => Promise<void>) => void;
  colours: boolean;
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
};

const COLOURED: Record<Tone, Partial<Looks>> = {
  ...PLAIN,
  mine: { color: "green" },
  theirs: { color: "cyan", bold: true },
  notice: { color: "yellow" },
  alarm: { color: "white", backgroundColor: "red", bold: true },
  barAlarm: { color: "white", backgroundColor: "red", bold: true },
};

/** Renders the screen. */
export function View(props: ViewProps): ReactElement {
  const frame = useSyncExternalStore(props.subscribe, props.frame);
  const { columns, rows } = useWindowSize();
  const { suspendTerminal } = useApp();
  const { setCursorPosition } = useCursor();
  useEffect(() => props.resized(columns, rows), [columns, rows]);
  useEffect(() => props.suspendable(suspendTerminal), [suspendTerminal]);
  useInput((input, key) => {
    for (const press of presses(input, key)) props.press(press);
  });
  usePaste(props.paste);
  setCursorPosition(frame.cursor);
  const looks = props.colours ? COLOURED : PLAIN;
  return createElement(
    Box,
    { flexDirection: "column", height: rows, width: columns },
    ...frame.rows.slice(-rows).map((row) => showRow(row, looks)),
  );
}

function showRow(row: Row, looks: Record<Tone, Partial<Looks>>): ReactElement {
  const pieces = row.filter(({ text }) => text !== "").map(({ text, tone }) =>
    createElement(Text, looks[tone], text)
  );
  // An empty Text has no height and would move up the rows below.
  const content = pieces.length === 0 ? [" "] : pieces;
  return createElement(
    Box,
    { height: 1, flexShrink: 0 },
    createElement(Text, { wrap: "truncate-end" }, ...content),
  );
}
