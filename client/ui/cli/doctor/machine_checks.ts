import { PROTOCOL_VERSION } from "../../../../shared/wire/protocol.ts";
import { VERSION } from "../../../../shared/cli/help.ts";
import type { Io } from "../verb/io.ts";
import { type Finding, ok, warning } from "../../../../shared/cli/finding.ts";

/** Minimum size of the terminal for the chat. */
const LEAST = { columns: 40, rows: 15 };

/** Checks the terminal's size and colours. */
export function checkTerminal(io: Io): Finding {
  if (!io.stdout.isTerminal()) return ok("Not a terminal: no colours");
  const { columns, rows } = Deno.consoleSize();
  const what = `${columns} columns, ${rows} rows, ${
    Deno.noColor ? "no colours (NO_COLOR)" : "colours"
  }, ${encoding(io)}`;
  if (io.env("TERM") === "dumb") {
    return warning(
      what,
      "chat needs a terminal that moves its cursor: TERM is dumb",
    );
  }
  if (columns >= LEAST.columns && rows >= LEAST.rows) return ok(what);
  return warning(
    what,
    `chat needs ${LEAST.columns} columns and ${LEAST.rows} rows`,
  );
}

/** Lists the versions. */
export function checkVersions(): Finding {
  return ok(
    `client ${VERSION}, protocol ${PROTOCOL_VERSION}, Deno ${Deno.version.deno}, ${Deno.build.target}`,
  );
}

/** The terminal's encoding, from the environment. */
function encoding(io: Io): string {
  for (const name of ["LC_ALL", "LC_CTYPE", "LANG"]) {
    const value = io.env(name);
    if (value) {
      return /utf-?8/i.test(value) ? "UTF-8" : `${value}: not UTF-8`;
    }
  }
  return "UTF-8 assumed";
}
