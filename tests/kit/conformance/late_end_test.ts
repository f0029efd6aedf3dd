/** The checks of a server that obeys DLV-3 to the letter, and takes its time. */

import { assert, assertEquals } from "@std/assert";
import { checkServer } from "../../../kit/conformance/server/check_server.ts";
import { LineAround } from "../../../lab/wrong_relay/line.ts";
import { startWrongRelay } from "../../../lab/wrong_relay/wrong_relay.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

/** Milliseconds after which an end is noticed: a new connection is faster. */
const LATE = 40;

/** Goes by what it reads: the end of the stream late, a reset as the error that it is. */
class LateEnd extends LineAround {
  override async read(into: Uint8Array): Promise<number | null> {
    const count = await this.inner.read(into);
    if (count === null) {
      await new Promise((resolve) => setTimeout(resolve, LATE));
    }
    return count;
  }

  /** Our relay asks with a write of no bytes whether an end was a reset. */
  override async write(bytes: Uint8Array): Promise<number> {
    return bytes.length === 0 ? 0 : await this.inner.write(bytes);
  }
}

testWith(
  LOOPBACK_AND_FILES,
  "a server may notice the end of a stream late",
  async () => {
    await using relay = await startWrongRelay([], {
      bytes: (line) => new LateEnd(line),
    });
    const { address } = relay;
    const only = ["pull-*", "kept-*"];
    const outcomes = await Array.fromAsync(
      checkServer({ address, only, timeout: 3000 }),
    );
    assert(outcomes.length >= 20);
    assertEquals(
      outcomes.filter(({ verdict }) => verdict !== "pass")
        .map(({ name, reason }) => ({ name, reason })),
      [],
    );
  },
);
