import { assertEquals, assertRejects } from "@std/assert";
import { dialects } from "../../../shared/dialects.ts";
import { requestHeaderAt, requestHeaderOf } from "../../../shared/requests.ts";
import { encodeResponse, FAILURE } from "../../../shared/responses.ts";
import { checkServer } from "../../../tools/conformance/server/check_server.ts";
import { findSpoken } from "../../../tools/conformance/server/find_spoken.ts";
import { generations } from "../../../tools/conformance/server/generation.ts";
import { UsageError } from "../../../shared/usage_error.ts";
import { AnyServer } from "../../support/any_server.ts";
import { Peer } from "../../support/peer.ts";
import { testRelay } from "../../support/resources.ts";
import {
  LOOPBACK,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";

const TIMEOUT = 3000;
/** Milliseconds that a server gets of which it is known that it won't answer. */
const SHORT_TIMEOUT = 200;

for (const dialect of generations.slice(1)) {
  testWith(
    LOOPBACK_AND_FILES,
    `a server is checked in generation ${dialect.name}`,
    async () => {
      await using relay = await testRelay();
      const { address } = relay;
      const only = ["registration", "names", "keys", "headers", "framing"];
      const verdicts: Record<string, string[]> = { pass: [], skipped: [] };
      const checks = checkServer({ address, dialect, timeout: TIMEOUT, only });
      for await (const { name, verdict, reason } of checks) {
        (verdicts[verdict] ??= []).push(`${name} ${reason ?? ""}`);
      }
      assertEquals({ ...verdicts, pass: [] }, { pass: [], skipped: [] });
    },
  );

  testWith(
    LOOPBACK_AND_FILES,
    `it is found out that a server speaks generation ${dialect.name}`,
    async () => {
      await using relay = await testRelay();
      const { firstRequest } = dialect;
      const header = requestHeaderOf(dialect);
      // As a server does that knows these codes alone.
      await using server = new AnyServer(async (conn) => {
        const request = new Uint8Array(1024);
        const size = await conn.read(request) ?? 0;
        const known = requestHeaderAt(request) === header &&
          header.decode(request.slice(0, header.fixedSize)).code ===
            firstRequest;
        using peer = await Peer.connect(relay.address);
        await peer.write(request.subarray(0, size));
        const answer = await peer.answerBytes();
        await conn.write(known && answer || encodeResponse(FAILURE));
      });
      const found = await findSpoken(server.address, TIMEOUT);
      assertEquals(found, { dialect, version: 2 });
    },
  );
}

testWith(
  LOOPBACK,
  "who speaks none is taken for a server of the first one",
  async () => {
    await using refusing = new AnyServer(async (conn) => {
      await conn.read(new Uint8Array(1024));
      await conn.write(encodeResponse(FAILURE));
    });
    await using silent = new AnyServer(async (conn) => {
      while (await conn.read(new Uint8Array(1024)) !== null);
    });
    const none = { dialect: dialects[0], version: 2 };
    assertEquals(await findSpoken(refusing.address, TIMEOUT), none);
    assertEquals(
      refusing.connections,
      2 * generations.length,
      "each generation is tried with versions 2 and 1",
    );
    assertEquals(await findSpoken(silent.address, SHORT_TIMEOUT), none);
    assertEquals(
      silent.connections,
      generations.length,
      "where no answer came none is waited for again",
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a server that waits for the rest of a request of another generation is asked on",
  async () => {
    await using relay = await testRelay();
    await using server = new AnyServer(async (conn) => {
      const request = new Uint8Array(1024);
      const size = await conn.read(request) ?? 0;
      // One of generation 100 finds 106242 for the size in a 600.
      if (request[17] !== 100) return void await conn.read(request);
      using peer = await Peer.connect(relay.address);
      await peer.write(request.subarray(0, size));
      await conn.write(await peer.answerBytes() ?? encodeResponse(FAILURE));
    });
    const { dialect } = await findSpoken(server.address, SHORT_TIMEOUT);
    assertEquals(dialect.name, "100");
  },
);

testWith(
  LOOPBACK,
  "a server that goes away over a code that it doesn't know has to be told",
  async () => {
    await using server: AnyServer = new AnyServer(async (conn) => {
      await conn.read(new Uint8Array(1024));
      server.close();
    });
    await assertRejects(
      () => findSpoken(server.address, TIMEOUT),
      UsageError,
      "since it was asked to register in generation 600: start it again, and " +
        "say which one it speaks with --dialect",
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a server that takes version 1 alone is found out, and checked with it",
  async () => {
    await using relay = await testRelay();
    await using server = new AnyServer(async (conn) => {
      using peer = await Peer.connect(relay.address);
      const request = new Uint8Array(64 * 1024);
      for (let size; (size = await conn.read(request)) !== null;) {
        const isKnown = request[16] === 1;
        if (isKnown) await peer.write(request.subarray(0, size));
        const answer = isKnown ? await peer.answerBytes() : undefined;
        await conn.write(answer ?? encodeResponse(FAILURE));
      }
    });
    const { address } = server;
    const spoken = await findSpoken(address, TIMEOUT);
    assertEquals(spoken, { dialect: dialects[0], version: 1 });
    const only = ["registration", "keys", "REQ-2"];
    const checks = checkServer({ address, ...spoken, timeout: TIMEOUT, only });
    const failed = (await Array.fromAsync(checks))
      .filter(({ verdict }) => verdict !== "pass");
    assertEquals(
      failed.map(({ name }) => name),
      ["version-0", "version-3", "version-255"],
    );
  },
);
