import { assertEquals } from "@std/assert";
import { dialects } from "../../../shared/dialects.ts";
import { requestHeaderAt, requestHeaderOf } from "../../../shared/requests.ts";
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
      const found = await findGeneration(server.address, TIMEOUT);
      assertEquals(found, dialect);
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
    assertEquals(await findGeneration(refusing.address, TIMEOUT), dialects[0]);
    assertEquals(refusing.connections, generations.length);
    assertEquals(
      await findGeneration(silent.address, SHORT_TIMEOUT),
      dialects[0],
    );
    assertEquals(silent.connections, 1, "who doesn't answer is asked once");
  },
);
