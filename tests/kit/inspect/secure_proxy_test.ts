import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { SecureProxy } from "../../../kit/inspect/secure_proxy.ts";
import type { Finding } from "../../../kit/dissect/conversation.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import { SecurePeer } from "../../../lab/harness/secure/peer.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import { formatKeyText } from "../../../shared/secure/key_text.ts";
import { parseRelayLine } from "../../../shared/secure/relay_line.ts";
import {
  LOOPBACK_AND_FILES,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";

const near = { hostname: "127.0.0.1", port: 0 };

testWith(
  LOOPBACK_AND_FILES,
  "secure proxy: a holder of the relay's key sees the frames, and the client notices nothing",
  async () => {
    await using secure = await startSecureRelay();
    const seen: string[] = [];
    const ended = Promise.withResolvers<void>();
    let ends = 0;
    const proxy = new SecureProxy(secure.line, secure.relayKey, {
      connection: (number) => seen.push(`#${number}`),
      unreachable: (_number, reason) => ended.reject(new Error(reason)),
      finding(_number, finding: Finding) {
        assertEquals(finding.problems, []);
        if (finding.kind === "frame") seen.push(finding.dissection.what);
        else if (++ends === 2) ended.resolve();
      },
    });
    const port = await proxy.listen(near);
    try {
      const anna = await drawIdentity("anna");
      using peer = await SecurePeer.registered({ ...secure.line, port }, anna);
      await peer.ask("ping", {});
      peer.close();
      await ended.promise;
      const id = `${anna.record.account.toHex().slice(0, 8)}…`;
      assertEquals(seen, [
        "#1",
        "3000 hello: versions 1 to 1",
        "4000 hello: version 1",
        '3001 register: "anna"',
        `4001 registered: ${id} (anna)`,
        "3000 hello: versions 1 to 1",
        "4000 hello: version 1",
        "3003 authenticate: count 0",
        "4003 authenticated: 0 messages waiting",
        "3013 ping",
        "4013 ping",
      ]);
    } finally {
      await proxy.close();
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "secure proxy: another key serves neither the client nor the relay",
  async () => {
    await using secure = await startSecureRelay();
    const unreachable = Promise.withResolvers<string>();
    const other = await generateSigningKey();
    const proxy = new SecureProxy(secure.line, other, {
      connection() {},
      finding() {},
      unreachable: (_number, reason) => unreachable.resolve(reason),
    });
    const port = await proxy.listen(near);
    try {
      await assertRejects(() => SecurePeer.connect({ ...secure.line, port }));
      await unreachable.promise;
    } finally {
      await proxy.close();
    }
  },
);

testWith(
  PROGRAMS,
  "inspect: with the relay's key its secure port is shown, and it says what that means",
  async () => {
    await using secure = await startSecureRelay();
    await using folder = await temporaryFolder();
    const file = `${folder.path}/relay.key`;
    await Deno.writeTextFile(file, await formatKeyText("", secure.relayKey));
    const inspect = (...args: string[]) =>
      Program.deno([
        "run",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "--allow-read",
        "kit/inspect/main.ts",
        ...["--listen", "0", "--to", `${secure.line.port}`],
        ...["--brief", "--relay-key", ...args],
      ]);
    await using program = inspect(file);
    const [, text = ""] = await program.prints(/listening on (mu:\S+)(?=\n)/);
    using peer = await SecurePeer.connect(parseRelayLine(text));
    await peer.hello();
    await program.prints(/4000 hello: version 1/);
    program.kill("SIGINT");
    const { stderr } = await program.end();
    assertMatch(stderr, /WARNING: this inspector holds the relay's key/);
    await Deno.writeTextFile(file, "nothing");
    const wrong = await inspect(file).end();
    assertEquals(wrong.code, 1);
    assertMatch(wrong.stderr, /relay\.key holds no key of a relay/);
  },
);
