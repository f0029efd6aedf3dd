/**
 * Prints the product's files that a send and a pull go through: those of which
 * at least one function runs.
 *
 * @module
 */

import { ROOT } from "./harness/program.ts";
import { temporaryFolder, testRelay } from "./harness/resources.ts";

/** A function, as `deno run --coverage` writes it. */
type Ran = {
  functionName: string;
  ranges: [{ startOffset: number; count: number }];
};

await using relay = await testRelay();
await using folder = await temporaryFolder();

/** Runs a verb; returns the files of which a function ran. */
async function filesOf(user: string, ...verb: string[]): Promise<string[]> {
  const { hostname, port } = relay.address;
  const dir = await Deno.makeTempDir({ dir: folder.path });
  const flags = ["--dir", `${folder.path}/${user}`];
  flags.push("--server", `${hostname}:${port}`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      `--coverage=${dir}`,
      "client/main.ts",
      ...verb,
      ...flags,
    ],
    cwd: ROOT,
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Expected ${verb.join(" ")} to succeed`);
  const files = new Set<string>();
  for (const { name } of Deno.readDirSync(dir)) {
    if (!name.endsWith(".json")) continue;
    const file = JSON.parse(await Deno.readTextFile(`${dir}/${name}`));
    const [, path = ""] = file.url.split(ROOT);
    // The function without a name at the start is the module's top level.
    const isRun = (file.functions as Ran[]).some(({ functionName, ranges }) =>
      ranges[0].count > 0 && (functionName !== "" || ranges[0].startOffset > 0)
    );
    if (isRun && /^(client|shared|server)\//.test(path)) files.add(path);
  }
  return [...files].sort();
}

for (const user of ["alice", "bob"]) await filesOf(user, "register", user);
for (
  const [user = "", ...verb] of [["alice", "send", "bob", "hi"], [
    "bob",
    "pull",
  ]]
) {
  const files = await filesOf(user, ...verb);
  console.log(
    `${verb.join(" ")}: ${files.length} files\n${files.join("\n")}\n`,
  );
}
