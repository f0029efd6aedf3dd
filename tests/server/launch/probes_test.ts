import { assert, assertEquals } from "@std/assert";
import { responseHeader } from "../../../shared/wire/frames.ts";
import { CLIENT_ID_SIZE } from "../../../shared/wire/protocol.ts";
import { responseCodecs } from "../../../shared/wire/requests.ts";
import recorded from "../../../lab/recordings/noa_server_probes.json" with {
  type: "json",
};
import { Peer } from "../../../lab/harness/peer.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";
import { PULL } from "../../../kit/requests.ts";

/** Probes that our relay answers otherwise than the recorded server, and why. */
const differences: Record<number, { code: number | null; why: string }> = {
  5: { code: 9000, why: "a name without a NUL is refused" },
  8: { code: 9000, why: "a registration has exactly 415 bytes of payload" },
  10: { code: 9000, why: "only a registered id gets the list" },
  12: { code: 9000, why: "a 601 has no payload" },
  23: { code: 9000, why: "there are four types of message" },
  25: { code: 9000, why: "only a registered id can send" },
  27: { code: 9000, why: "the content's size must be the payload's less 21" },
  28: { code: 9000, why: "the content's size must be the payload's less 21" },
  33: { code: 9000, why: "only a registered id can pull" },
  35: { code: 9000, why: "every whole request gets an answer" },
  37: { code: null, why: "a request that was cut off is no request" },
};

/** Probes with the same code, whose payload differs all the same, and why. */
const otherPayloads: Record<number, string> = {
  1: "ids are drawn",
  2: "ids are drawn",
  6: "ids are drawn",
  9: "the asker is left out of the list, and fewer were registered",
  11: "the asker is left out of the list, and fewer were registered",
  13: "the asker is left out of the list, and fewer were registered",
  14: "the asker is left out of the list, and fewer were registered",
  31: "what was refused doesn't wait",
  38: "what was refused doesn't wait",
  39: "message ids count within each inbox",
};

/** 2103 differs in the message's id alone: ours counts within each inbox. */
function withoutMessageId(payload: string): string {
  return payload.slice(0, 2 * CLIENT_ID_SIZE);
}

/** Sends a probe's segments; its answers in hex, one after the other. */
async function send(
  address: Deno.ConnectOptions & { hostname: string },
  probe: typeof recorded.probes[number],
  rename: (hex: string) => string,
  expected: number,
): Promise<string[]> {
  using peer = await Peer.connect(address);
  peer.conn.setNoDelay(true);
  // An id may be cut by the segments, so the whole is renamed and cut again.
  const bytes = Uint8Array.fromHex(rename(probe.request_segments_hex.join("")));
  let at = 0;
  for (const segment of probe.request_segments_hex) {
    await peer.write(bytes.subarray(at, at += segment.length / 2));
  }
  const answers: string[] = [];
  const next = async () => (await peer.responseBytes())?.toHex() ?? "";
  if (!probe.client_half_closed_after_sending) {
    while (answers.length < expected) answers.push(await next());
  }
  // The end of our half makes the relay close once everything is answered.
  await peer.conn.closeWrite();
  for (;;) {
    const bytes = await peer.responseBytes();
    if (bytes === null) return answers;
    answers.push(bytes.toHex());
  }
}

const codeOf = (hex: string) =>
  responseHeader.decode(Uint8Array.fromHex(hex.slice(0, 14))).code;
const payloadOf = (hex: string) => hex.slice(14);

testWith(
  LOOPBACK_AND_FILES,
  "every probe is answered as recorded, or otherwise for a reason",
  async (t) => {
    await using relay = await testRelay();
    const ids = new Map<string, string>();
    const rename = (hex: string) => {
      for (const [theirs, ours] of ids) hex = hex.replaceAll(theirs, ours);
      return hex;
    };
    const answers = new Map<number, string[]>();
    let compared = 0;
    for (const probe of recorded.probes) {
      const { order, description, response_hex, response_code } = probe;
      await t.step(`${order}: ${description}`, async () => {
        const difference = differences[order];
        const theirs = split(response_hex ?? "");
        const got = await send(
          relay.address,
          probe,
          rename,
          difference === undefined ? theirs.length : 1,
        );
        answers.set(order, got);
        compared++;
        if (difference !== undefined) {
          assert(difference.code !== response_code, "a difference is none");
          assertEquals(got.map(codeOf), [difference.code ?? []].flat());
          return;
        }
        assertEquals(got.map(codeOf), theirs.map(codeOf));
        got.forEach((ours, i) => {
          const recorded = theirs[i] ?? "";
          if (order <= 2) {
            ids.set(payloadOf(recorded), payloadOf(ours));
          } else if (codeOf(ours) === 2103) {
            assertEquals(
              withoutMessageId(payloadOf(ours)),
              withoutMessageId(payloadOf(rename(recorded))),
            );
          } else if (!(order in otherPayloads) && codeOf(ours) !== 2101) {
            assertEquals(ours, rename(recorded));
          }
        });
      });
    }
    assertEquals(compared, 39);
    assertEquals(recorded.probes.length, 39);

    await t.step("the lists name everybody else, in order", () => {
      for (const order of [9, 11, 13, 14, 15]) {
        const list = answers.get(order)?.at(-1) ?? "";
        const names = responseCodecs.clientsList.decode(
          Uint8Array.fromHex(payloadOf(list)),
        )
          .map(({ name }) => name);
        assertEquals(names, ["p2", "p3"]);
      }
    });

    await t.step("what was acknowledged waits, and nothing else", () => {
      const acknowledged = recorded.probes.flatMap(({ order }) =>
        (answers.get(order) ?? []).filter((hex) => codeOf(hex) === 2103)
          .map((hex) =>
            responseCodecs.sendMessage.decode(
              Uint8Array.fromHex(payloadOf(hex)),
            ).messageId
          )
      );
      // Six to p2, one of p1 to itself, then the two larger ones to p2.
      assertEquals(acknowledged, [1, 2, 3, 4, 1, 5, 6]);
      const waiting = (order: number) =>
        responseCodecs[PULL].decode(
          Uint8Array.fromHex(payloadOf(answers.get(order)?.[0] ?? "")),
        ).map(({ messageId, type, content }) => [
          messageId,
          type,
          content.length,
        ]);
      assertEquals(waiting(31), [
        [1, 1, 0],
        [2, 1, 3],
        [3, 2, 20],
        [4, 3, 0],
        [5, 4, 600],
        [6, 4, 2500],
      ]);
      assertEquals(waiting(32), []);
      assertEquals(waiting(38), []);
      assertEquals(waiting(39), [[1, 3, 16]]);
    });
    assertEquals(relay.reports, []);
  },
);

/** Cuts answers that were recorded one behind the other. */
function split(hex: string): string[] {
  const frames: string[] = [];
  while (hex !== "") {
    const { payloadSize } = responseHeader.decode(
      Uint8Array.fromHex(hex.slice(0, 14)),
    );
    frames.push(hex.slice(0, 14 + 2 * payloadSize));
    hex = hex.slice(14 + 2 * payloadSize);
  }
  return frames;
}
