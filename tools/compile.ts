/**
 * Compiles one of the programs into a binary of its own, in `dist/`. Flags
 * behind the program's name go to `deno compile`, such as `--target`.
 *
 * @module
 */

// Where its files and its peers are is known only when it runs, so a binary
// can't be bound to them. The relay gives its permissions up once it listens,
// and the client that of starting programs where no command of the user's asks for it.
const permissions = ["--allow-net", "--allow-read", "--allow-write"];
// What draws the chat reads more of the environment than could be listed.
const ofClient = ["--allow-run", "--allow-sys=statfs", "--allow-env"];

const [program, ...flags] = Deno.args;
if (program !== "server" && program !== "client") {
  console.error(`error: expected "server" or "client", got "${program}"`);
  Deno.exit(2);
}

const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    "compile",
    "--no-prompt",
    // For a port that two relays have open.
    ...(program === "server" ? ["--unstable-net"] : []),
    ...permissions,
    ...(program === "client" ? ofClient : []),
    "--output",
    `dist/messageu-${program}`,
    ...flags,
    program === "client" ? "client/binary.ts" : "server/main.ts",
  ],
}).spawn().status;

if (code !== 0) {
  console.error(
    `error: dist/messageu-${program} was not made. "deno compile" fetches a base binary ` +
      "the first time: where it can't, run it once on a machine that reaches the internet.",
  );
}
Deno.exit(code);
