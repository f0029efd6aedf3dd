/**
 * How long the client's verbs take to start, held against an empty program.
 *
 * @module
 */

import {
  exportPrivateKey,
  generateKeyPair,
} from "../../shared/crypto/crypto.ts";
import { formatInfoMe } from "../../shared/folder/info_files.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import { table } from "../generate/markdown.ts";
import { spreadOf } from "./relay/table.ts";

/** Rounds that are measured; in each of them all programs take their turn. */
const ROUNDS = Number(Deno.args[0] ?? 60);
/** Rounds before, which fill the caches. */
const WARM_UP = 5;

const client = new URL("../../client/main.ts", import.meta.url).pathname;
const folder = await Deno.makeTempDir({ prefix: "messageu-startup-" });
try {
  // An empty program beside the client, in the same project.
  const empty = new URL("./empty.ts", import.meta.url).pathname;
  const { privateKey } = await generateKeyPair();
  await Deno.writeTextFile(
    `${folder}/info.me`,
    formatInfoMe({
      name: "anna",
      clientId: new Uint8Array(16).fill(1) as ClientId,
      privateKey: await exportPrivateKey(privateKey),
    }),
  );
  const programs: Record<string, string[]> = {
    "an empty program": [empty],
    "client whoami": [client, "whoami"],
    "client whoami --json": [client, "whoami", "--json"],
    "client history": [client, "history"],
    "client --version": [client, "--version"],
    "client --help": [client, "--help"],
  };
  const times = new Map<string, number[]>();
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, args] of Object.entries(programs)) {
      const time = await run(args);
      if (round >= 0) times.set(name, [...times.get(name) ?? [], time]);
    }
  }
  const medians = [...times].map(([name, all]) =>
    [name, spreadOf(all).median] as const
  );
  const [[, base = NaN] = []] = medians;
  console.log(table([
    ["program", "median", "of an empty one"],
    ...medians.map(([name, median]) => [
      name,
      `${median.toFixed(1)} ms`,
      (median / base).toFixed(2),
    ]),
  ]));
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** Runs a program to its end; how many milliseconds that took. */
async function run(args: string[]): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-net"],
      ...["--allow-read", "--allow-write", "--allow-run", ...args],
    ],
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  });
  const start = performance.now();
  const { success } = await command.spawn().status;
  const time = performance.now() - start;
  if (!success) throw new Error(`${args.join(" ")} failed`);
  return time;
}
