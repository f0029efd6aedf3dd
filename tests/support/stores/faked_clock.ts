/** Programs whose wall clock is another one, which libfaketime gives them. */

import { Program, ROOT } from "../../../lab/harness/program.ts";

/** Where Debian and others put it. */
const FIND =
  "ls /usr/lib*/faketime/libfaketimeMT.so.1 /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null | head -n 1";

/** Has a program see the time that a file tells, or else the real one; its monotonic clock stays. */
const RUN =
  `export LD_PRELOAD="$0" FAKETIME_TIMESTAMP_FILE="$1" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
  shift; exec "$@"`;

/** A wall clock that can be set. */
export interface FakedClock {
  /** Sets it, as `faketime` takes it: `-9d`, `+2h`. */
  set(offset: string): Promise<void>;
  /** Runs `deno` by it. */
  deno(args: readonly string[]): Program;
}

/** Makes a clock, whose setting is kept in a file. */
export async function fakedClock(
  library: string,
  file: string,
  offset: string,
): Promise<FakedClock> {
  const set = async (offset: string) => {
    // In one piece, for a program that looks meanwhile.
    await Deno.writeTextFile(`${file}.new`, `${offset}\n`);
    await Deno.rename(`${file}.new`, file);
  };
  await set(offset);
  return {
    set,
    deno: (args) =>
      Program.run(
        "sh",
        ["-c", RUN, library, file, Deno.execPath(), ...args],
        ROOT,
      ),
  };
}

/** The library's path; undefined where it isn't installed, or can't be looked for. */
export async function faketimeLibrary(): Promise<string | undefined> {
  const run = { name: "run", command: "sh" } as const;
  const { state } = await Deno.permissions.query(run);
  if (state !== "granted") return undefined;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", FIND] })
    .output();
  return new TextDecoder().decode(stdout).trim() || undefined;
}
