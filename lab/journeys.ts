/**
 * Prints the product's files that a 603, a send and a pull go through: those of
 * which at least one function runs.
 *
 * @module
 */

import { Peer } from "./harness/peer.ts";
import { Program, relayArguments, ROOT } from "./harness/program.ts";
import { temporaryFolder, testRelay } from "./harness/resources.ts";

/** A function, as `deno run --coverage` writes it. */
type Ran = {
  functionName: string;
  ranges: [{ startOffset: number; count: number }];
};

/** How often each function of the product ran, by file and place. */
type Counts = Map<string, Map<string, number>>;

await using folder = await temporaryFolder();

async function countsIn(dir: string): Promise<Counts> {
  const counts: Counts = new Map();
  for (const { name } of Deno.readDirSync(dir)) {
    if (!name.endsWith(".json")) continue;
    const file = JSON.parse(await Deno.readTextFile(`${dir}/${name}`));
    const [, path = ""] = file.url.split(ROOT);
    if (!/^(client|shared|server)\//.test(path)) continue;
    const ran = counts.get(path) ?? new Map<string, number>();
    counts.set(path, ran);
    for (const { functionName, ranges: [range] } of file.functions as Ran[]) {
      const { startOffset, count } = range;
      // The function without a name at the start is the module's top level.
      if (functionName === "" && startOffset === 0) continue;
      const key = `${functionName} ${startOffset}`;
      // A worker's thread has counts of its own.
      ran.set(key, (ran.get(key) ?? 0) + count);
    }
  }
  return counts;
}

/** The files of which a function ran more often than it did before. */
function filesOf(counts: Counts, before: Counts = new Map()): string[] {
  return [...counts].filter(([path, ran]) =>
    [...ran].some(([key, count]) => count > (before.get(path)?.get(key) ?? 0))
  ).map(([path]) => path).sort();
}

function print(journey: string, files: readonly string[]): void {
  console.log(`${journey}: ${files.length} files\n${files.join("\n")}\n`);
}

/** Runs the relay's program for a registration and some messages. */
async function served(sends: number): Promise<Counts> {
  const dir = await Deno.makeTempDir({ dir: folder.path });
  const coverage = `--coverage=${dir}/coverage`;
  const [run = "", ...rest] = relayArguments(dir, ["--port", "0"]);
  await using program = Program.deno([run, coverage, ...rest]);
  {
    using peer = await Peer.connect(await program.address());
    const anna = await peer.register("anna");
    const content = new Uint8Array(100);
    for (let i = 0; i < sends; i++) await peer.send(anna, anna, content);
  }
  program.kill("SIGTERM");
  const { code } = await program.end();
  if (code !== 0) throw new Error(`Expected the relay to end well: ${code}`);
  return await countsIn(`${dir}/coverage`);
}

/** Runs a verb of the client. */
async function ran(
  { hostname, port }: { hostname: string; port: number },
  user: string,
  ...verb: string[]
): Promise<Counts> {
  const dir = await Deno.makeTempDir({ dir: folder.path });
  const flags = ["--dir", `${folder.path}/${user}`];
  flags.push("--server", `${hostname}:${port}`);
  const run = ["run", "-A", `--coverage=${dir}`, "client/main.ts"];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...run, ...verb, ...flags],
    cwd: ROOT,
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Expected ${verb.join(" ")} to succeed`);
  return await countsIn(dir);
}

print("a 603", filesOf(await served(2), await served(1)));

await using relay = await testRelay();
const { address } = relay;
for (const user of ["alice", "bob"]) await ran(address, user, "register", user);
print("send bob hi", filesOf(await ran(address, "alice", "send", "bob", "hi")));
print("pull", filesOf(await ran(address, "bob", "pull")));
