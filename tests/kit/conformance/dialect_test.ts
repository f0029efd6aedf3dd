import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { concat } from "@std/bytes";
import { ByteSource } from "../../../shared/wire/byte_source.ts";
import { type Dialect, dialects } from "../../../shared/wire/dialects.ts";
import { FAILURE } from "../../../shared/wire/requests.ts";
import {
  encodeResponse,
  requestHeaderOf,
} from "../../../shared/wire/frames.ts";
import { checkServer } from "../../../kit/conformance/server/check_server.ts";
import { findDialect } from "../../../kit/conformance/server/find_dialect.ts";
import { serverDialects } from "../../../kit/conformance/server/server_dialect.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import { AnyServer } from "../../../kit/any_server.ts";
import { registered } from "../../support/relays/misbehaviour.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import {
  LOOPBACK,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";

const TIMEOUT = 3000;
/** Milliseconds that a server gets of which it is known that it won't answer. */
const SHORT_TIMEOUT = 600;

/** What servers do that know one dialect with a request of another. */
const otherwises: Record<
  string,
  (conn: Deno.TcpConn) => Promise<unknown>
> = {
  "refuses others": (conn) => conn.write(encodeResponse(FAILURE)),
  "closes on others": () => Promise.resolve(),
  "passes others over": async (conn) => {
    while (await conn.read(new Uint8Array(1024)) !== null);
  },
};

/**
 * Serves a request as a server does that takes each header for one of its own
 * dialect, and waits for the payload that it seems to claim.
 */
async function serveOnly(
  dialect: Dialect,
  conn: Deno.TcpConn,
  relay: { hostname: string; port: number },
  otherwise: (conn: Deno.TcpConn) => Promise<unknown>,
): Promise<void> {
  const source = new ByteSource((into) => conn.read(into));
  const codec = requestHeaderOf(dialect);
  const head = await source.take(codec.fixedSize ?? 0);
  if (head === null) return;
  const { code, payloadSize } = codec.decode(head);
  const payload = await source.take(payloadSize);
  if (payload === null) return;
  if (code !== dialect.firstRequest) {
    await otherwise(conn);
    return;
  }
  using peer = await Peer.connect(relay);
  await peer.write(concat([head, payload]));
  const response = await peer.responseBytes();
  if (response !== null) await conn.write(response);
}

for (const dialect of serverDialects.slice(1)) {
  testWith(
    LOOPBACK_AND_FILES,
    `a server is checked in dialect ${dialect.name}`,
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

  for (const [how, otherwise] of Object.entries(otherwises)) {
    testWith(
      LOOPBACK_AND_FILES,
      `it is found out that a server speaks dialect ${dialect.name}, which ${how}`,
      async () => {
        await using relay = await testRelay();
        await using server = new AnyServer((conn) =>
          serveOnly(dialect, conn, relay.address, otherwise)
        );
        const found = await findDialect(server.address, SHORT_TIMEOUT);
        assertEquals(found, { dialect, version: 2 });
      },
    );
  }
}

testWith(
  LOOPBACK,
  "a server that accepts no dialect counts as one of the first",
  async () => {
    await using refusing = new AnyServer(async (conn) => {
      await conn.read(new Uint8Array(1024));
      await conn.write(encodeResponse(FAILURE));
    });
    await using silent = new AnyServer(async (conn) => {
      while (await conn.read(new Uint8Array(1024)) !== null);
    });
    const none = { dialect: dialects[0], version: 2 };
    assertEquals(await findDialect(refusing.address, TIMEOUT), none);
    assertEquals(
      refusing.connections,
      2 * serverDialects.length,
      "each dialect is tried with versions 2 and 1",
    );
    assertEquals(await findDialect(silent.address, SHORT_TIMEOUT), none);
    assertEquals(
      silent.connections,
      2 * serverDialects.length,
      "where no response came each is asked once more, all at once",
    );
  },
);

testWith(
  LOOPBACK,
  "a server slower than the time-out is reported with a longer one",
  async () => {
    await using slow = new AnyServer(async (conn) => {
      await conn.read(new Uint8Array(1024));
      await new Promise((resolve) => setTimeout(resolve, 3 * SHORT_TIMEOUT));
      await conn.write(registered);
    });
    await assertRejects(
      () => findDialect(slow.address, SHORT_TIMEOUT),
      UsageError,
      "s to answer a registration, and 0.6 s were given: give it more with " +
        "--timeout ",
    );
  },
);

testWith(
  LOOPBACK,
  "a server with big-endian integers breaks FRM-1 alone",
  async () => {
    await using server = new AnyServer(async (conn) => {
      const request = new Uint8Array(1024);
      while (await conn.read(request) !== null) {
        const isKnown = new DataView(request.buffer).getUint16(17) === 600;
        await conn.write(isKnown ? registered : encodeResponse(FAILURE));
      }
    });
    const outcomes = await Array.fromAsync(
      checkServer({ address: server.address, timeout: TIMEOUT }),
    );
    const failed = outcomes.filter(({ verdict }) => verdict === "fail");
    assertEquals(
      failed.map(({ name, clause }) => [name, clause]),
      [["register-gives-id", "FRM-1"]],
    );
    assertStringIncludes(failed[0]?.reason ?? "", "a byte order mistake");
  },
);

testWith(
  LOOPBACK,
  "a server that dies of an unknown code is reported",
  async () => {
    await using server: AnyServer = new AnyServer(async (conn) => {
      await conn.read(new Uint8Array(1024));
      server.close();
    });
    await assertRejects(
      () => findDialect(server.address, TIMEOUT),
      UsageError,
      "since it was asked to register in dialect 600: start it again, and " +
        "say which one it speaks with --dialect",
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a server that accepts version 1 alone is detected, and checked with it",
  async () => {
    await using relay = await testRelay();
    await using server = new AnyServer(async (conn) => {
      using peer = await Peer.connect(relay.address);
      const request = new Uint8Array(64 * 1024);
      for (let size; (size = await conn.read(request)) !== null;) {
        const isKnown = request[16] === 1;
        if (isKnown) await peer.write(request.subarray(0, size));
        const response = isKnown ? await peer.responseBytes() : undefined;
        await conn.write(response ?? encodeResponse(FAILURE));
      }
    });
    const { address } = server;
    const found = await findDialect(address, TIMEOUT);
    assertEquals(found, { dialect: dialects[0], version: 1 });
    const only = ["registration", "keys", "REQ-2"];
    const checks = checkServer({ address, ...found, timeout: TIMEOUT, only });
    const failed = (await Array.fromAsync(checks))
      .filter(({ verdict }) => verdict !== "pass");
    assertEquals(
      failed.map(({ name }) => name),
      ["version-0", "version-3", "version-255"],
    );
  },
);

testWith(
  LOOPBACK,
  "an interrupted search makes no further request",
  async () => {
    const controller = new AbortController();
    await using silent = new AnyServer(async (conn) => {
      await conn.read(new Uint8Array(1024));
      controller.abort();
      while (await conn.read(new Uint8Array(1024)) !== null);
    });
    const { signal } = controller;
    await findDialect(silent.address, 60_000, { signal });
    assertEquals(silent.connections, 1);
  },
);
