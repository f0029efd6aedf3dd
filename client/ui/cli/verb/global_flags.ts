import { dialectNames } from "../../../../shared/wire/dialects.ts";
import {
  choiceFlag,
  flagName,
  type FlagValues,
  nonEmpty,
  numberFrom,
  switchFlag,
  valueFlag,
} from "../../../../shared/cli/flags.ts";
import { parseAddressList } from "../../../../shared/folder/info_server.ts";

/** Flags that every verb accepts. */
export const globalFlags = {
  dir: valueFlag(
    "DIR",
    "The folder with info.server and info.me (default: . or a compiled client's own)",
    nonEmpty,
  ),
  server: valueFlag(
    "ADDR:PORT",
    "The relay, or several: A:1,B:2 (default: from info.server)",
    parseAddressList,
  ),
  clientVersion: valueFlag(
    "N",
    "The version that requests carry, 0 to 255 (default: 2)",
    numberFrom(0, 255),
  ),
  dialect: choiceFlag(
    dialectNames.join("|"),
    "The dialect that the relay speaks (default: 600)",
    dialectNames,
  ),
  json: switchFlag("One JSON object a line"),
};

/** The values of {@linkcode globalFlags}. */
export type GlobalFlags = FlagValues<typeof globalFlags>;

/** The names of the global flags that take a value, such as `--dir`. */
export const valueFlags: readonly string[] = Object.entries(globalFlags)
  .filter(([, { kind }]) => kind !== "boolean").map(([key]) => flagName(key));
