import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import { Conversation } from "../../../kit/dissect/conversation.ts";
import { type Direction, dissect } from "../../../kit/dissect/dissector.ts";
import { rawFrames } from "../../../kit/decode/raw_frames.ts";
import { Names } from "../../../kit/dissect/names.ts";
import {
  REFUSAL_CODE,
  RefusalReason,
} from "../../../shared/secure/secure_protocol.ts";
import { secureRequestKinds } from "../../../shared/secure/secure_requests.ts";
import {
  refusal,
  secureAccounts,
  secureResponse,
  secureTalk,
} from "../../support/wire/secure_frames.ts";

const accounts = await secureAccounts();
const talk = await secureTalk(accounts);
const record = accounts.ben.record.bytes;

/** The frame of the talk with this start of its line. */
const frameOf = (start: string) => {
  const found = talk.find(({ what }) => what.startsWith(start));
  assert(found, start);
  return found;
};

/** A frame with other bytes from an offset on. */
function altered(frame: Uint8Array, at: number, ...bytes: number[]) {
  const copy = frame.slice();
  copy.set(bytes, at);
  return copy;
}

Deno.test("secure dissection: each kind is summed up, without problems, to the last byte", () => {
  const names = new Names();
  assertEquals(talk.length, 2 * secureRequestKinds.length + 1);
  for (const { direction, frame, what } of talk) {
    const dissection = dissect(frame, direction, { names });
    assertEquals(dissection.what, what);
    assertEquals(dissection.problems, [], what);
    const parts = dissection.parts.map(({ bytes }) => bytes);
    assertEquals(concat(parts), frame, what);
  }
});

Deno.test("secure dissection: records, packages and legacy messages are taken apart", () => {
  const meanings = (start: string) => {
    const { frame, direction } = frameOf(start);
    const { parts } = dissect(frame, direction);
    return Object.fromEntries(
      parts.map(({ path, meaning }) => [path, meaning]),
    );
  };
  const looked = meanings("4004");
  assertEquals(looked["payload.record.name"], '"ben"');
  assertEquals(looked["payload.record.version"], "version 1");
  assertEquals(looked["payload.record.previous"], "no record before");
  assertEquals(
    looked["payload.record.devices[0].id"],
    `device ${accounts.ben.device.toHex()} (ben)`,
  );
  const claimed = meanings("4005");
  assertEquals(claimed["payload.packages[0].weekly.kind"], "weekly");
  assertEquals(claimed["payload.packages[0].single.has"], "present");
  assertEquals(claimed["payload.packages[0].single.kind"], "single-use");
  assertEquals(meanings("3006")["payload.packages[1].number"], "package 2");
  const fetched = meanings("4008");
  assertEquals(fetched["payload.messages[1].content.type"], "text");
  assertEquals(
    fetched["payload.messages[0].arrived"],
    "2023-11-14T22:13:20.000Z",
  );
  assertEquals(meanings("4999")["payload.detail.name"], '"ben"');
});

Deno.test("secure dissection: what is wrong stands at its field, with its clause", () => {
  const header = 23;
  const { frame: lookUp } = frameOf("3004");
  const { frame: published } = frameOf("3006");
  const { frame: looked } = frameOf("4004");
  const recordAt = looked.length - record.length;
  const { frame: hello } = frameOf("4000");
  const cases: [string, Uint8Array, Direction, string][] = [
    ["HDR-2", altered(lookUp, 16, 2), "request", "header.version"],
    ["HDR-3", altered(hello, 0, 2), "answer", "header.version"],
    ["FRM-2", lookUp.subarray(0, 20), "request", "header.payloadSize"],
    ["FRM-2", lookUp.subarray(0, -1), "request", "header.payloadSize"],
    ["FRM-2", concat([lookUp, lookUp]), "request", "trailing"],
    ["FLD-2", altered(lookUp, header, 7), "request", "payload.by"],
    [
      "PKG-1",
      altered(published, header + 20, 9),
      "request",
      "payload.packages[0].kind",
    ],
    ["REC-2", altered(looked, recordAt, 0), "answer", "payload.record.version"],
    [
      "REC-3",
      altered(looked, recordAt + 92, 7),
      "answer",
      "payload.record.name",
    ],
    [
      "REC-4",
      altered(looked, recordAt + 428, 1),
      "answer",
      "payload.record.devices[0].flags",
    ],
    [
      "REC-5",
      altered(looked, recordAt + 4, 1),
      "answer",
      "payload.record.signature",
    ],
    [
      "REC-1",
      altered(looked, recordAt + 347, 2),
      "answer",
      "payload.record.size",
    ],
    [
      "REF-1",
      altered(
        refusal({ reason: 3, retryAfter: 0, detail: new Uint8Array() }),
        7,
        77,
      ),
      "answer",
      "payload.reason",
    ],
  ];
  for (const [clause, frame, direction, path] of cases) {
    const { parts, problems, what } = dissect(frame, direction);
    assertEquals(problems.map(({ clause }) => clause), [clause], what);
    const [wrong] = parts.filter(({ problems }) => problems.length > 0);
    assertEquals(wrong?.path, path, `${clause}: ${problems[0]?.text}`);
  }
});

Deno.test("secure dissection: any cut or changed frame is dissected to the last byte", () => {
  let seen = 0;
  for (const { direction, frame } of talk) {
    const sizes = Array.from(
      { length: 40 },
      (_, index) => Math.floor(index * frame.length / 40),
    );
    for (const size of sizes) {
      const cut = frame.subarray(0, size);
      const changed = altered(frame, Math.min(size, frame.length - 1), 0xff);
      for (const bytes of [cut, changed]) {
        const { parts } = dissect(bytes, direction);
        assertEquals(concat(parts.map(({ bytes }) => bytes)), bytes);
        seen++;
      }
    }
  }
  assertEquals(seen, 80 * talk.length);
});

Deno.test("secure conversation: frames are found in any pieces and paired", () => {
  const { anna } = accounts;
  for (const step of [1, 7, 4096]) {
    const conversation = new Conversation();
    const lines: string[] = [];
    for (const { direction, frame } of talk.slice(0, -1)) {
      for (let at = 0; at < frame.length; at += step) {
        const pushed = conversation.push(
          direction,
          frame.subarray(at, at + step),
        );
        for (const finding of pushed) {
          assertEquals(finding.problems, []);
          assert(finding.kind === "frame");
          lines.push(`${finding.requester} ${finding.dissection.code}`);
        }
      }
    }
    // The device's name comes with the record that it registers.
    const named = lines.slice(2).map((line) => line.split(" ")[0]);
    assertEquals(new Set(named), new Set(["anna"]), `${step}`);
    assertEquals(lines.length, talk.length - 1);
    assertEquals(lines[0]?.slice(0, 8), anna.device.toHex().slice(0, 8));
  }
});

Deno.test("secure conversation: a response of another kind is marked, a refusal isn't", () => {
  const respond = (response: Uint8Array) => {
    const conversation = new Conversation();
    conversation.push("request", frameOf("3013").frame);
    return conversation.push("answer", response)
      .flatMap(({ problems }) => problems.map(({ text }) => text));
  };
  const refused = refusal({
    reason: RefusalReason.NotAuthenticated,
    retryAfter: 0,
    detail: new Uint8Array(),
  });
  assertEquals(respond(refused), []);
  assertEquals(respond(secureResponse("delete", {})), [
    `expected 4013 or ${REFUSAL_CODE} for 3013, got 4012`,
  ]);
});

Deno.test("secure decoding: directions and names are found in a row of frames", () => {
  const all = concat(talk.map(({ frame }) => frame));
  const found = [...rawFrames(all)].map((finding) => {
    assert(finding.kind === "frame");
    return [finding.direction, finding.dissection.code, finding.requester];
  });
  assertEquals(
    found.map(([direction]) => direction),
    talk.map(({ direction }) => direction),
  );
  assertEquals(found.at(2), ["request", 3001, "anna"]);
  assertEquals(found.at(-1)?.slice(0, 2), ["answer", REFUSAL_CODE]);
});
