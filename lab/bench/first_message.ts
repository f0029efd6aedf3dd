/**
 * How long it takes from empty folders to a first message, by the three
 * commands of the README, with nothing of the runtime's cache filled.
 *
 * @module
 */

import { Program } from "../harness/program.ts";
import { readPage } from "../harness/pages.ts";

const folder = await Deno.makeTempDir({ prefix: "messageu-first-" });
const env = { DENO_DIR: `${folder}/cache` };

/** The arguments of the README's three commands. */
async function commands(): Promise<string[][]> {
  const readme = await readPage("README.md");
  return [
    ...readme.matchAll(/^messageu (--dir \w+ (register|send) .*)$/gm),
  ]
    .slice(0, 3)
    .map(([, line = ""]) =>
      [...line.matchAll(/"([^"]*)"|(\S+)/g)]
        .map(([, quoted, plain]) => quoted ?? plain ?? "")
    );
}

/** Runs `deno` in the project; its standard output. */
async function deno(...args: string[]): Promise<string> {
  await using program = Program.deno(args, undefined, env);
  const { code, stdout, stderr } = await program.end();
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

try {
  await using relay = Program.relay(folder, "--port", "0");
  const { hostname, port } = await relay.address();
  const server = `${hostname}:${port}`;
  const lines = (await commands()).map((words) =>
    words.map((word, i) =>
      words[i - 1] === "--dir" ? `${folder}/${word}` : word
    )
  );
  const start = performance.now();
  for (const words of lines) {
    await deno("task", "client", ...words, "--server", server);
  }
  const seconds = (performance.now() - start) / 1000;
  const received = await deno(
    ...["task", "client", "pull", "--dir", `${folder}/bob`],
    ...["--server", server],
  );
  if (!received.includes("Hello Bob!")) throw new Error("Nothing arrived");
  console.log(`${lines.length} commands, ${seconds.toFixed(1)} s`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
