import { PROTOCOL_VERSION } from "../../../../shared/wire/protocol.ts";
import { VERSION } from "../../../../shared/cli/help.ts";
import type { Io } from "../verb/io.ts";
import { type Finding, ok, warning } from "../../../../shared/cli/finding.ts";

/** Columns and rows that the full screen needs. */
const LEAST = { columns: 40, rows: 15 };

/** What the terminal can do. */
export function checkTerminal(io: Io): Finding {
  if (!io.stdout.isTerminal()) return ok("Not a terminal: no colours");
  const { columns, rows } = Deno.consoleSize();
  const what = `${columns} columns, ${rows} rows, ${
    Deno.noColor ? "no colours (NO_COLOR)" : "colours"
  }, ${encoding(io)}`;
  if (io.env("TERM") === "dumb") {
    return warning(what, "chat draws on the whole screen: TERM is dumb");
  }
  if (columns >= LEAST.columns && rows >= LEAST.rows) return ok(what);
  return warning(
    what,
    `chat needs ${LEAST.columns} columns and ${LEAST.rows} rows`,
  );
}

/** What runs here. */
export function checkVersions(): Finding {
  return ok(
    `client ${VERSION}, protocol ${PROTOCOL_VERSION}, Deno ${Deno.version.deno}, ${Deno.build.target}`,
  );
}

/** The terminal's encoding, as far as the environment tells. */
function encoding(io: Io): string {
  for (const name of ["LC_ALL", "LC_CTYPE", "LANG"]) {
    const value = io.env(name);
    if (value) {
      return /utf-?8/i.test(value) ? "UTF-8" : `${value}: not UTF-8`;
    }
  }
  return "UTF-8 taken for granted";
}
