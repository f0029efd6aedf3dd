import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { Limits } from "../../../server/mod.ts";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { longTest, PROGRAMS, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { PULL, pullRequest } from "../../../kit/requests.ts";

const MIB = 1024 * 1024;

/** A relay with these limits, which says how much memory it uses. */
function smallRelay(dir: string, limits: Partial<Limits>): Program {
  return Program.withInput(Deno.execPath(), [
    "run",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-read",
    "--allow-write",
    fileURLToPath(import.meta.resolve("../../support/relays/small_relay.ts")),
    dir,
    JSON.stringify(limits),
  ]);
}

/** Bytes of memory that a small relay uses. */
async function memoryOf(relay: Program): Promise<number> {
  await relay.type("\n");
  const [, bytes] = await relay.next(/^memory (\d+)$/m);
  return Number(bytes);
}

testWith(
  PROGRAMS,
  "clients that don't read cost a bounded buffer",
  async () => {
    await using folder = await temporaryFolder();
    await using program = smallRelay(folder.path, {});
    const address = await program.address();
    using peer = await Peer.connect(address);
    const anna = await peer.register("anna");
    const content = crypto.getRandomValues(new Uint8Array(65536));
    const large = new Uint8Array(48 * MIB);
    for (let at = 0; at < large.length; at += content.length) {
      large.set(content, at);
    }
    const message = { target: anna, type: 4, content: large } as const;
    assertEquals((await peer.ask("sendMessage", message, anna)).code, 2103);
    const before = await memoryOf(program);
    const pull = pullRequest(anna);
    const silent = await Promise.all(
      Array.from({ length: 20 }, () => Peer.connect(address)),
    );
    try {
      for (const other of silent) {
        await other.write(pull);
        // The answer has begun, and nothing more of it is read.
        await other.conn.read(new Uint8Array(1));
      }
      await peer.send(anna, anna, new Uint8Array(1));
      const grown = await memoryOf(program) - before;
      // Whole, the answers would take 960 MiB.
      assert(grown < 150 * MIB, `${grown} bytes more`);
    } finally {
      silent.forEach(({ conn }) => conn.close());
    }
    using reader = await Peer.connect(address);
    const answer = await reader.ask(PULL, {}, anna);
    assert(answer.code === 2104);
    assertEquals(answer.payload[0]?.content.length, large.length);
  },
);

testWith(
  PROGRAMS,
  "a claim over the limit gets 9000 before anything of it is sent",
  async () => {
    await using folder = await temporaryFolder();
    const flags = ["--port", "0", "--max-message", "1M"];
    await using program = Program.relay(folder.path, ...flags);
    const address = await program.address();
    using peer = await Peer.connect(address);
    const anna = await peer.register("anna");
    const header = new Uint8Array(23);
    header.set(anna);
    header[16] = 2;
    const view = new DataView(header.buffer);
    view.setUint32(19, MIB + 1, true);
    for (const code of [600, 601, 602, 603, 604, 1234]) {
      view.setUint16(17, code, true);
      await peer.write(header);
      assertEquals((await peer.response()).code, 9000, `${code}`);
      // It is read past, so that a client that sends on is served behind it.
      await peer.write(new Uint8Array(MIB + 1));
      assertEquals(await peer.pull(anna), []);
    }
  },
);

longTest(
  PROGRAMS,
  "a request that comes in drops ends its connection, a large one that goes on doesn't",
  async () => {
    await using folder = await temporaryFolder();
    await using program = smallRelay(folder.path, { progressTimeout: 400 });
    const address = await program.address();
    using steady = await Peer.connect(address);
    const anna = await steady.register("anna");
    using dripping = await Peer.connect(address);
    const content = new Uint8Array(300_000);
    const message = { target: anna, type: 4, content } as const;
    const frame = encodeRequest("sendMessage", message, { clientId: anna });
    let ended = false;
    const end = dripping.responseBytes().then((bytes) => {
      assertEquals(bytes, null);
      ended = true;
    }, () => ended = true);
    // Each a step further than the relay asks for, all of it slower than its time-out.
    let sent = 0;
    for (let drop = 0; !ended || sent < frame.length; drop++) {
      if (!ended) {
        await dripping.write(frame.subarray(drop, drop + 1)).catch(() => {});
      }
      if (sent < frame.length) {
        await steady.write(frame.subarray(sent, sent + 17_000));
        sent += 17_000;
      }
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await end;
    assertEquals((await steady.response()).code, 2103);
  },
);

const WITH_SHELL: Deno.PermissionOptionsObject = {
  ...PROGRAMS,
  run: [Deno.execPath(), "sh"],
};

testWith(
  WITH_SHELL,
  "running out of file descriptors pauses accepting and doesn't end it",
  async () => {
    await using folder = await temporaryFolder();
    await using program = Program.relayWithFiles(64, folder.path);
    const address = await program.address();
    const crowd: Peer[] = [];
    using first = await Peer.connect(address);
    const anna = await first.register("anna");
    try {
      // The system takes connections in that the relay can't accept.
      for (let i = 0; i < 80; i++) {
        crowd.push(await Peer.connect(address));
        // A connection that isn't silent is served meanwhile.
        assertEquals(await first.pull(anna), []);
      }
      const last = crowd.at(-1);
      assert(last !== undefined);
      const answer = last.ask("clientsList", {}, anna);
      crowd.splice(0, 70).forEach(({ conn }) => conn.close());
      assertEquals((await answer).code, 2101);
    } finally {
      crowd.forEach(({ conn }) => conn.close());
    }
    await until("the relay to have room", async () => {
      using again = await Peer.connect(address);
      return (await again.ask("clientsList", {}, anna)).code === 2101;
    });
    await program.stop();
    const { code, stderr } = await program.end();
    assertEquals(code, 0);
    assertStringIncludes(stderr, "error: Can't accept a connection: ");
    assertEquals(stderr.match(/error:/g)?.length, 1, stderr);
  },
);
