import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import { ByteSource } from "../../../shared/byte_source.ts";
import { type Dialect, dialects } from "../../../shared/dialects.ts";
import { requestHeaderOf } from "../../../shared/requests.ts";
import { encodeResponse, FAILURE } from "../../../shared/responses.ts";
import { checkServer } from "../../../tools/conformance/server/check_server.ts";
import { findGeneration } from "../../../tools/conformance/server/find_generation.ts";
import { generations } from "../../../tools/conformance/server/generation.ts";
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
const SHORT_TIMEOUT = 600;

/** What servers do that know one generation with a request of another. */
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
 * generation, and waits for the payload that it seems to claim.
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
  const answer = await peer.answerBytes();
  if (answer !== null) await conn.write(answer);
}

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

  for (const [how, otherwise] of Object.entries(otherwises)) {
    testWith(
      LOOPBACK_AND_FILES,
      `it is found out that a server speaks generation ${dialect.name}, which ${how}`,
      async () => {
        await using relay = await testRelay();
        await using server = new AnyServer((conn) =>
          serveOnly(dialect, conn, relay.address, otherwise)
        );
        const found = await findGeneration(server.address, SHORT_TIMEOUT);
        assertEquals(found, dialect);
      },
    );
  }
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
    assertEquals(await findGeneration(refusing.address, TIMEOUT), dialects[0]);
    assertEquals(refusing.connections, generations.length);
    assertEquals(
      await findGeneration(silent.address, SHORT_TIMEOUT),
      dialects[0],
    );
    assertEquals(silent.connections, generations.length);
  },
);

testWith(
  LOOPBACK,
  "nothing more is asked once that is broken off",
  async () => {
    const controller = new AbortController();
    await using silent = new AnyServer(async (conn) => {
      await conn.read(new Uint8Array(1024));
      controller.abort();
      while (await conn.read(new Uint8Array(1024)) !== null);
    });
    const { signal } = controller;
    await findGeneration(silent.address, 60_000, signal);
    assertEquals(silent.connections, 1);
  },
);
