import { assert, assertEquals, assertThrows } from "@std/assert";
import { Contents } from "../../lab/torture/contents.ts";
import { Random } from "../../lab/harness/random.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import {
  type SecureReport,
  tortureSecurely,
} from "../../lab/torture/secure/secure_rounds.ts";
import {
  checkStores,
  type ClientStore,
} from "../../lab/torture/secure/clients.ts";
import { Mailbox, type Sending } from "../../lab/torture/secure/mailbox.ts";
import { Violation } from "../../lab/torture/violation.ts";
import {
  drawDeviceId,
  drawUid,
  type Seq,
} from "../../shared/secure/secure_protocol.ts";
import { ZERO_ID } from "../../shared/wire/protocol.ts";
import { longTest, PROGRAMS, skippedUnlessSlow } from "../support/test_with.ts";

const kills = 100;
const seed = Date.now() % 2 ** 32;

longTest(
  PROGRAMS,
  `a relay that is killed ${kills} times keeps what its secure port promised (seed ${seed})`,
  async () => {
    await using folder = await temporaryFolder();
    const reports: SecureReport[] = [];
    const rounds = tortureSecurely({
      rounds: kills,
      seconds: 0.5,
      connections: 16,
      seed,
      store: "sqlite",
      dir: folder.path,
    });
    for await (const report of rounds) reports.push(report);
    assertEquals(reports.length, kills + 1);
    for (
      const what of [
        "sends",
        "repeats",
        "handedOut",
        "published",
        "clientKills",
        "clientSends",
      ] as const
    ) {
      const sum = reports.reduce((sum, report) => sum + report[what], 0);
      assert(sum > 0, `Expected some ${what}, got none with seed ${seed}`);
    }
  },
  skippedUnlessSlow,
);

/** A mailbox with one sending, and what hands it out. */
function scene() {
  const contents = new Contents(new Random(1));
  const mailbox = new Mailbox("anna");
  const sending: Sending = {
    serial: contents.nextSerial(),
    uid: drawUid(),
    from: drawDeviceId(),
    mailbox,
    keptAt: undefined,
    seq: undefined,
  };
  mailbox.add(sending);
  const message = (seq: number) => ({
    seq: seq as Seq,
    uid: sending.uid,
    account: ZERO_ID,
    device: sending.from,
    flags: 0,
    arrived: 1,
    content: contents.make(sending.serial, 100),
  });
  const received = (
    acknowledged: number,
    lastSeq: number,
    ...messages: ReturnType<typeof message>[]
  ) =>
    mailbox.received(
      { acknowledged, at: 5 },
      { time: 1, lastSeq: lastSeq as Seq, messages },
      contents,
    );
  return { mailbox, sending, message, received };
}

/** What a relay may do to a mailbox, and what the torture says of it. */
const faults: Record<string, [(of: ReturnType<typeof scene>) => void, RegExp]> =
  {
    "loses what it acknowledged": [({ mailbox, sending, received }) => {
      mailbox.acknowledge(sending, false, false, 1);
      received(0, 0);
    }, /was acknowledged, and is lost/],
    "passes by what it handed out": [({ message, received }) => {
      received(0, 1, message(1));
      received(0, 1);
    }, /was there, and is lost/],
    "hands out what was acknowledged": [({ message, received }) => {
      received(0, 1, message(1));
      received(1, 1);
      received(0, 1, message(1));
    }, /came again after its acknowledgement/],
    "stores a repeat": [({ message, received }) => {
      received(0, 2, message(1), message(2));
    }, /came as 1 and again as 2/],
    "takes a repeat anew": [({ mailbox, sending }) => {
      mailbox.acknowledge(sending, false, true, 1);
    }, /was handed out, and then taken anew/],
    "goes back in time": [({ message, received }) => {
      received(0, 7, message(7));
      received(7, 6);
    }, /went back from 7 to 6/],
    "mixes uids up": [({ message, received }) => {
      received(0, 1, { ...message(1), uid: drawUid() });
    }, /another uid/],
  };

for (const [fault, [act, sentence]] of Object.entries(faults)) {
  Deno.test(`the secure torture tells when a relay ${fault}`, () => {
    const of = scene();
    const error = assertThrows(() => act(of), Violation);
    assert(sentence.test(error.message), error.message);
  });
}

Deno.test("the secure torture takes a message that is handed out until it is acknowledged", () => {
  const { mailbox, sending, message, received } = scene();
  mailbox.acknowledge(sending, false, false, 1);
  assertEquals(mailbox.unseen, 1);
  assertEquals(received(0, 1, message(1)), 1);
  assertEquals(received(0, 1, message(1)), 1);
  assertEquals([mailbox.unseen, mailbox.repeats], [0, 1]);
  assertEquals(received(1, 1), 1);
});

Deno.test("the secure torture tells what clients' folders lack", () => {
  const sending = (uid: string, isTaken = true) => ({ uid, isTaken });
  const stores = (...mail: string[]): ClientStore[] => [
    { name: "anna", sendings: [sending("a1"), sending("a2")], mail: [] },
    { name: "ben", sendings: [], mail },
  ];
  checkStores(stores("a2", "a1"));
  const unanswered = [{
    name: "anna",
    sendings: [sending("a1", false)],
    mail: ["a1"],
  }];
  for (
    const [found, told] of [
      [stores("a1"), "Sending a2 of anna is lost"],
      [stores("a1", "a2", "a1"), "Sending a1 of anna came twice"],
      [stores("a1", "a2", "b1"), "1 messages are of no client"],
      [unanswered, "Sending a1 of anna has no response"],
    ] as const
  ) {
    assertThrows(() => checkStores(found), Violation, told);
  }
});
