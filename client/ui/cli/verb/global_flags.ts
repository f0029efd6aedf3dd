/**
 * The flags that every verb takes.
 *
 * @module
 */

import {
  type DialectName,
  dialectNames,
} from "../../../../shared/wire/dialects.ts";
import {
  type Address,
  parseAddressList,
} from "../../../../shared/folder/info_server.ts";

/** Their values. */
export interface GlobalFlags {
  /** The folder with the user's files. */
  readonly dir: string | undefined;
  /** The relay, or several with one store. */
  readonly server: readonly Address[] | undefined;
  /** The version that requests carry. */
  readonly clientVersion: number | undefined;
  /** The generation of requests and answers. */
  readonly dialect: DialectName | undefined;
  /** Whether data is written as JSON. */
  readonly json: boolean | undefined;
}

/** A flag that takes no value. */
export function switchFlag(brief: string): {
  kind: "boolean";
  brief: string;
  optional: true;
  withNegated: false;
} {
  return { kind: "boolean", brief, optional: true, withNegated: false };
}

/** The parameters that parse them. */
export const globalFlags = {
  dir: {
    kind: "parsed",
    parse: nonEmpty,
    brief: "The folder with info.server and info.me (default: .)",
    placeholder: "DIR",
    optional: true,
  },
  server: {
    kind: "parsed",
    parse: parseAddressList,
    brief: "The relay, or several: A:1,B:2 (default: from info.server)",
    placeholder: "ADDR:PORT",
    optional: true,
  },
  clientVersion: {
    kind: "parsed",
    parse: parseVersion,
    brief: "The version that requests carry, 0 to 255 (default: 2)",
    placeholder: "N",
    optional: true,
  },
  dialect: {
    kind: "enum",
    values: dialectNames,
    brief: "The generation that the relay speaks (default: 600)",
    optional: true,
  },
  json: switchFlag("One JSON object a line"),
} as const;

/** The names of those that take a value, as they stand on a command line. */
export const valueFlags: readonly string[] = Object.entries(globalFlags)
  .filter(([, { kind }]) => kind !== "boolean")
  .map(([name]) =>
    `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  );

/** A text that isn't empty. @throws {Error} where it is */
export function nonEmpty(text: string): string {
  if (text !== "") return text;
  throw new Error("expected a value, got none");
}

function parseVersion(text: string): number {
  const version = /^\d{1,3}$/.test(text) ? Number(text) : NaN;
  if (version <= 255) return version;
  throw new Error(`expected a number from 0 to 255, got "${text}"`);
}
