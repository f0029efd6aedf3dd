/** Whether the client says what docs/using.md explains. */

import { assert, assertStringIncludes } from "@std/assert";
import { decodeHex } from "@std/encoding";
import { runHere } from "../../lab/harness/client_run.ts";
import { readPage } from "../../lab/harness/pages.ts";
import { temporaryFolder, testRelay } from "../../lab/harness/resources.ts";
import { startSecureRelay } from "../../lab/harness/secure/secure_relay.ts";
import { formatAddress } from "../../shared/folder/info_files.ts";
import { generateSigningKey } from "../../shared/secure/ed25519.ts";
import { formatRelayLine } from "../../shared/secure/relay_line.ts";
import { asClientId } from "../../shared/wire/field_types.ts";
import { LOOPBACK_AND_FILES, testWith } from "../support/test_with.ts";

/** The sentences in the page's table of failures. */
async function sentences(): Promise<string[]> {
  const [, table = ""] = (await readPage("docs/using.md"))
    .split("| the client says");
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, text = ""]) => text);
}

testWith(
  LOOPBACK_AND_FILES,
  "the failures that the page explains are what the client prints",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const { hostname, port } = relay.address;
    const server = `${hostname}:${port}`;
    const printed: string[] = [];
    const run = (dir: string, ...words: string[]) => type("", dir, ...words);
    const type = async (input: string, dir: string, ...words: string[]) => {
      const { stdout, stderr } = await runHere(input, [
        ...words,
        "--dir",
        `${folder.path}/${dir}`,
      ]);
      printed.push(stderr);
      return stdout;
    };
    const write = async (dir: string, name: string) => {
      await Deno.mkdir(`${folder.path}/${dir}`, { recursive: true });
      await Deno.writeTextFile(`${folder.path}/${dir}/${name}`, "nonsense\n");
    };
    const archive = `${folder.path}/archive`;
    const at = ["--server", server];

    await run("nobody", "whoami");
    await run("anna", "register", "anna", ...at);
    await run("anna", "register", "ann", ...at);
    await run("second", "register", "anna", ...at);
    // Nothing listens on port 1 of this machine.
    await run("anna", "list", "--server", "127.0.0.1:1");
    await run("anna", "send", "ben", "hi", ...at);
    await run("anna", "history", "ben");
    await run("anna", "explain", "7");
    await run("anna", "export", "--unencrypted", archive);
    const secret = `${folder.path}/secret`;
    const words = ["--passphrase-fd", "0"];
    await type("old mill at noon", "anna", "export", secret, ...words);
    await type("old mill at moon", "third", "import", secret, ...words);
    await write("full/info.store", "messages.db");
    await run("full", "import", archive);
    await write("damaged", "info.me");
    await run("damaged", "whoami");
    const ben = await run("ben", "register", "ben", "--json", ...at);
    await run("anna", "send-file", "ben", `${folder.path}/none`, ...at);
    await run("anna", "send", "ben", "hi", ...at);
    await relay.store.deleteUser(
      asClientId(decodeHex(JSON.parse(ben).id)),
    );
    await run("another", "register", "ben", ...at);
    await run("anna", "send", "ben", "hi", ...at);
    await using secure = await startSecureRelay();
    const line = formatRelayLine(secure.line);
    const { publicKey: key } = await generateSigningKey();
    const forged = formatRelayLine({ ...secure.line, key });
    const agreed = (line: string) => ["--server", line, "--yes"];
    await run("carl", "register", "carl", ...agreed(line));
    await run("carl", "list");
    await run("carla", "register", "carla", ...agreed(forged));
    const address = formatAddress(secure.line);
    await run("carola", "register", "carola", "--server", address);
    await write("anna", "info.server");
    await run("anna", "list");

    const all = printed.join("");
    const explained = await sentences();
    for (const sentence of explained) assertStringIncludes(all, sentence);
    assert(explained.length > 0);
  },
);
