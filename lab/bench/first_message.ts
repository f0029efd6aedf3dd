/**
 * How long it takes from empty folders to a first message, by the three
 * commands of the README, with nothing of the runtime's cache filled.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = await Deno.makeTempDir({ prefix: "messageu-first-" });
const env = { DENO_DIR: `${folder}/cache`, NO_COLOR: "1" };

/** The three commands as the README writes them, without `deno`. */
async function commands(): Promise<string[][]> {
  const readme = await Deno.readTextFile(`${root}README.md`);
  return [
    ...readme.matchAll(/^deno (task client --dir \w+ (register|send) .*)$/gm),
  ]
    .slice(0, 3)
    .map(([, line = ""]) =>
      [...line.matchAll(/"([^"]*)"|(\S+)/g)]
        .map(([, quoted, plain]) => quoted ?? plain ?? "")
    );
}

/** Runs `deno` in the project; its standard output. */
async function deno(...args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env,
    stdin: "null",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Starts a relay on a free port; resolves to its address. */
async function startRelay(): Promise<[Deno.ChildProcess, string]> {
  const relay = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-read",
      "--allow-write",
      `${root}server/main.ts`,
      "--host",
      "127.0.0.1",
      "--port",
      "0",
      "--dir",
      folder,
    ],
    stdout: "piped",
  }).spawn();
  let printed = "";
  for await (const text of relay.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    const address = /listening on (\S+)\n/.exec(printed)?.[1];
    if (address !== undefined) return [relay, address];
  }
  throw new Error("The relay didn't start");
}

try {
  const [relay, address] = await startRelay();
  try {
    const lines = (await commands()).map((words) =>
      words.map((word, i) =>
        words[i - 1] === "--dir" ? `${folder}/${word}` : word
      )
    );
    const start = performance.now();
    for (const words of lines) await deno(...words, "--server", address);
    const seconds = (performance.now() - start) / 1000;
    const received = await deno(
      ...["task", "client", "pull", "--dir", `${folder}/bob`],
      ...["--server", address],
    );
    if (!received.includes("Hello Bob!")) throw new Error("Nothing arrived");
    console.log(`${lines.length} commands, ${seconds.toFixed(1)} s`);
  } finally {
    relay.kill("SIGTERM");
    await relay.status;
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
