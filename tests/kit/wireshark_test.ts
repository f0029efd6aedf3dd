import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { Session } from "../../client/session/session.ts";
import { RelayLink } from "../../client/link/relay_link.ts";
import {
  BLOCK_SIZE,
  defaultDialect,
  type Dialect,
  dialectNamed,
  dialects,
} from "../../shared/wire/dialects.ts";
import { encodeRequest, encodeResponse } from "../../shared/wire/frames.ts";
import { ZERO_ID } from "../../shared/wire/protocol.ts";
import { FAILURE } from "../../shared/wire/requests.ts";
import { keyRequest, pullRequest } from "../../kit/requests.ts";
import { decodeListedName } from "../../shared/wire/field_types.ts";
import {
  type Direction,
  dissect,
  type Dissection,
} from "../../kit/dissect/dissector.ts";
import { Proxy } from "../../kit/inspect/proxy.ts";
import {
  capture,
  MadeConnection,
  type MadeSegment,
} from "../support/wire/capture.ts";
import { exchanges } from "../support/wire/exchanges.ts";
import {
  anna,
  bob,
  brokenFrames,
  join,
  listed,
  messageId,
  publicKey,
  sent,
  soundFrames,
} from "../support/wire/frames.ts";
import { temporaryFolder, testRelay } from "../../lab/harness/resources.ts";
import { toolTest, TSHARK } from "../support/test_with_tool.ts";
import { packetList, tshark } from "../support/wire/tshark.ts";
import { pull } from "../support/clients/receiving.ts";

/** The dissector's filters, and what our own dissection calls the same. */
const filters: Readonly<Record<string, string>> = {
  "messageu.client_id": "clientId",
  "messageu.version": "version",
  "messageu.code": "code",
  "messageu.payload_size": "payloadSize",
  "messageu.name": "name",
  "messageu.public_key": "publicKey",
  "messageu.target": "target",
  "messageu.sender": "sender",
  "messageu.message_id": "messageId",
  "messageu.type": "type",
  "messageu.content_size": "size",
  "messageu.content": "content",
};
const fields = Object.keys(filters);
const EXPERTS = "_ws.expert.message";

/** The values of a frame's fields, as Wireshark prints them. */
function valuesIn(...dissections: Dissection[]): string[][] {
  const parts = dissections.flatMap(({ parts }) => parts);
  return Object.values(filters).map((field) =>
    parts.filter(({ path, bytes }) =>
      path.split(".").at(-1) === field && bytes.length > 0
    ).map(({ bytes }) => printed(field, bytes))
  );
}

function printed(field: string, bytes: Uint8Array): string {
  if (field === "name") return decodeListedName(bytes);
  return bytes.length <= 4
    ? `${bytes.reduceRight((value, byte) => value * 256 + byte, 0)}`
    : encodeHex(bytes);
}

/** Clauses in the order of the alphabet: Wireshark has an order of its own. */
function clausesIn(experts: readonly string[] = []): string[] {
  return experts.map((text) => text.split(":")[0] ?? "")
    .filter((clause) => /^[A-Z]{3}-\d+$/.test(clause)).sort();
}

function frameList(dialect: Dialect): [Direction, Uint8Array][] {
  const { request, answer } = soundFrames(dialect);
  return [
    ...request.map((frame) => ["request", frame] as [Direction, Uint8Array]),
    ...answer.map((frame) => ["answer", frame] as [Direction, Uint8Array]),
  ];
}

toolTest(
  TSHARK,
  "wireshark: every request and response of every dialect, field by field",
  async () => {
    const segments: MadeSegment[] = [];
    const expected: string[][][] = [];
    for (const [direction, frame] of dialects.flatMap(frameList)) {
      // A connection each, since they don't answer each other.
      const clientPort = 30000 + expected.length;
      const made = new MadeConnection({ clientPort }).open()
        .send(direction, frame);
      segments.push(...made.segments);
      expected.push([
        ...valuesIn(dissect(frame, direction)),
        direction === "request" ? ["1"] : [],
      ]);
    }
    const rows = await tshark(
      capture(segments),
      [...fields, "messageu.request", EXPERTS],
    );
    assertEquals(rows.map((row) => row.slice(0, -1)), expected);
    assertEquals(rows.flatMap((row) => clausesIn(row.at(-1))), []);
    assertEquals(rows.length, dialects.flatMap(frameList).length);
  },
);

/** Ways in which a stream may lie in segments. */
const segmentations: readonly [string, (stream: Uint8Array) => Uint8Array[]][] =
  [
    ["byte by byte", (stream) => pieces(stream, 1)],
    ["with headers split", (stream) => pieces(stream, 19)],
    ["in segments of 1448", (stream) => pieces(stream, 1448)],
    ["all in one segment", (stream) => pieces(stream, 60_000)],
  ];

function pieces(stream: Uint8Array, size: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(stream.length / size) },
    (_, index) => stream.subarray(index * size, (index + 1) * size),
  );
}

toolTest(
  TSHARK,
  "wireshark: frames are put together from any segments",
  async () => {
    const streams = segmentations.flatMap(([name, cut]) =>
      dialects.flatMap((dialect) =>
        (["request", "answer"] as const).map((direction) => ({
          what: `${direction}s in ${dialect.name} ${name}`,
          cut,
          direction,
          // Wireshark's work grows with the square of a frame's segments.
          frames: soundFrames(dialect)[direction].filter(({ length }) =>
            name !== "byte by byte" || length <= 1024
          ),
        }))
      )
    );
    const segments = streams.flatMap(({ cut, direction, frames }, index) =>
      new MadeConnection({ clientPort: 30000 + index }).open()
        .send(direction, ...cut(join(...frames))).segments
    );
    const rows = await tshark(
      capture(segments),
      ["tcp.stream", ...fields, EXPERTS],
    );
    for (const [stream, { what, direction, frames }] of streams.entries()) {
      const own = rows.filter(([number]) => number?.[0] === `${stream}`);
      assertEquals(
        fields.map((_, field) => own.flatMap((row) => row[field + 1] ?? [])),
        valuesIn(...frames.map((frame) => dissect(frame, direction))),
        what,
      );
    }
    assertEquals(rows.flatMap((row) => clausesIn(row.at(-1))), []);
  },
);

toolTest(
  TSHARK,
  "wireshark: packets read again show equal fields",
  async () => {
    const blocks = dialects.find(({ name }) => name === "blocks") as Dialect;
    const stream = join(...soundFrames(blocks).request);
    const made = new MadeConnection().open()
      .send("request", ...pieces(stream, 400));
    const shown = [...fields, "messageu.padding"];
    const once = await tshark(capture(made.segments), shown);
    assertEquals(await tshark(capture(made.segments), shown, "-2"), once);
    assertEquals(once.length > 20, true);
  },
);

toolTest(
  TSHARK,
  "wireshark: the packet list summarizes each frame",
  async () => {
    const [, list = new Uint8Array()] = soundFrames(defaultDialect).request;
    const padding = new Uint8Array(BLOCK_SIZE - list.length);
    const made = new MadeConnection().open()
      .send("request", join(list, list), list, padding);
    assertEquals(await packetList(capture(made.segments)), [
      "→ 601 clients list | 601 clients list",
      "→ 601 clients list",
      "→ padding, 1001 bytes",
    ]);
  },
);

toolTest(
  TSHARK,
  "wireshark: a broken clause is an expert info",
  async () => {
    const cases = brokenFrames.filter(([, , frame]) => frame.length > 0);
    const segments = cases.flatMap(([, direction, frame], index) =>
      new MadeConnection({ clientPort: 30000 + index }).open()
        .send(direction, frame).segments
    );
    const rows = await tshark(
      capture(segments),
      ["tcp.stream", EXPERTS],
      "-o",
      "messageu.reassemble:FALSE",
    );
    assertEquals(
      rows.map(([stream, experts]) => [
        cases[Number(stream)]?.[0],
        clausesIn(experts),
      ]),
      cases.map(([name, , , clauses]) => [name, clauses.toSorted()]),
    );
    assertEquals(cases.length > 30, true);
  },
);

toolTest(
  TSHARK,
  "wireshark: each response is judged by its request",
  async () => {
    // Early responses, and responses without a request, aren't reported here.
    const told = exchanges.filter(([, , , clauses]) =>
      !clauses.includes("FRM-4") && !clauses.includes("FRM-7")
    );
    const bytes = capture(
      told.flatMap(([, requests, answers], index) =>
        new MadeConnection({ clientPort: 30000 + index }).open()
          .send("request", ...requests).send("answer", ...answers).segments
      ),
    );
    for (const passes of [[], ["-2"]]) {
      const rows = await tshark(bytes, ["tcp.stream", EXPERTS], ...passes);
      assertEquals(
        told.map(([name], stream) => [
          name,
          rows.filter(([number]) => number?.[0] === `${stream}`)
            .flatMap(([, experts]) => clausesIn(experts)).sort(),
        ]),
        told.map(([name, , , clauses]) => [name, clauses.toSorted()]),
      );
    }
    assertEquals(told.length, 8);
  },
);

/** Connections in which names become known, and what each packet then says. */
const namedTalk = () => {
  const zero = { clientId: ZERO_ID };
  const list = encodeRequest("clientsList", {}, { clientId: anna });
  const frames: [Direction, Uint8Array, string][] = [
    [
      "request",
      encodeRequest("register", { name: "an\u007e na", publicKey }, zero),
      '→ 600 register: "an~ na"',
    ],
    [
      "answer",
      encodeResponse({ code: 2100, payload: { clientId: anna } }),
      '← "an~ na": 2100 registered',
    ],
    ["request", pullRequest(bob), "→ 604 waiting messages"],
    [
      "answer",
      encodeResponse({
        code: 2104,
        payload: [anna, bob].map((sender, index) => ({
          sender,
          messageId: messageId(index),
          type: 3,
          content: new Uint8Array(16),
        })),
      }),
      '← 2104 waiting messages: 2 messages from "an~ na", 0b0b0b0b…',
    ],
    ["request", list, '→ "an~ na": 601 clients list'],
    ["answer", listed(), '← "an~ na": 2101 clients list: 2 clients'],
    [
      "request",
      sent(3, 16),
      "→ anna: 603 send a message: text, 16 bytes, to bob",
    ],
    [
      "answer",
      encodeResponse({
        code: 2103,
        payload: { target: bob, messageId: messageId(7) },
      }),
      "← anna: 2103 message sent: message 7 for bob",
    ],
    ["request", keyRequest(bob, anna), "→ bob: 602 public key: anna"],
    ["answer", encodeResponse(FAILURE), "← bob: 9000 failure"],
  ];
  // Each exchange is a connection.
  const segments = frames.flatMap(([direction, frame], index) => {
    const clientPort = 30000 + Math.floor(index / 2);
    const made = new MadeConnection({ clientPort });
    if (direction === "request") made.open();
    return made.send(direction, frame).segments;
  });
  return { bytes: capture(segments), lines: frames.map(([, , line]) => line) };
};

toolTest(
  TSHARK,
  "wireshark: clients have names once a registration or a list told them",
  async () => {
    const { bytes, lines } = namedTalk();
    const shown = ["requester", "target", "sender", "client"]
      .map((whose) => `messageu.${whose}_name`);
    for (const passes of [[], ["-2"]]) {
      assertEquals(await packetList(bytes, ...passes), lines);
      assertEquals(
        await tshark(
          bytes,
          ["frame.number", ...shown, "messageu.named_in"],
          ...passes,
        ),
        [
          [["4"], ["an~ na"], [], [], [], []],
          [["5"], ["an~ na"], [], [], ["an~ na"], ["5"]],
          [["9"], [], [], [], [], []],
          [["10"], [], [], ["an~ na"], [], ["5"]],
          [["14"], ["an~ na"], [], [], [], ["5"]],
          [["15"], ["an~ na"], [], [], [], ["5"]],
          [["19"], ["anna"], ["bob"], [], [], ["15", "15"]],
          [["20"], ["anna"], ["bob"], [], [], ["15", "15"]],
          [["24"], ["bob"], ["anna"], [], [], ["15", "15"]],
          [["25"], ["bob"], [], [], [], ["15"]],
        ],
      );
      const filter = 'messageu.requester_name == "anna"';
      assertEquals(
        await packetList(bytes, ...passes, "-Y", filter),
        lines.slice(6, 8),
      );
    }
  },
);

toolTest(TSHARK, "wireshark: a clause can be filtered for", async () => {
  const frame = sent(3, 15);
  const { segments } = new MadeConnection().open().send("request", frame);
  const filter = ["-Y", "messageu.aes_1 && messageu.code == 603"];
  assertEquals(
    await tshark(capture(segments), ["messageu.content_size"], ...filter),
    [[["15"]]],
  );
});

toolTest(
  TSHARK,
  "wireshark: a truncated packet shows its available fields",
  async () => {
    const { segments } = new MadeConnection().open()
      .send("request", sent(3, 320));
    const cut = segments.map((segment) => ({ ...segment, kept: 100 }));
    const [row] = await tshark(capture(cut), ["messageu.type", EXPERTS]);
    assertEquals([row?.[0], clausesIn(row?.[1])], [["3"], ["FRM-2"]]);
  },
);

toolTest(
  TSHARK,
  "wireshark: another port is set in the preferences, or with Decode As",
  async () => {
    const made = new MadeConnection({ serverPort: 4711 }).open();
    const frames = frameList(dialectNamed("100"));
    for (const [direction, frame] of frames) made.send(direction, frame);
    const bytes = capture(made.segments);
    const codes = ["messageu.code"];
    assertEquals(await tshark(bytes, codes), []);
    const named = await tshark(bytes, codes, "-o", "messageu.ports:4711");
    assertEquals(named.length, frames.length);
    assertEquals(
      await tshark(bytes, codes, "-d", "tcp.port==4711,messageu"),
      named,
    );
  },
);

toolTest(
  TSHARK,
  "wireshark: a claim of 4 GiB ends nothing but its own connection",
  async () => {
    const claim = sent(3, 16);
    claim.fill(0xff, 19, 23);
    const good = new MadeConnection({ clientPort: 40001 }).open()
      .send("request", sent(3, 16));
    const bad = new MadeConnection().open()
      .send("request", claim).send("request", sent(3, 16));
    const rows = await tshark(
      capture([...bad.segments, ...good.segments]),
      ["tcp.stream", "messageu.content_size", EXPERTS],
    );
    const [first, ...more] = rows;
    assertEquals(clausesIn(first?.[2]), ["FRM-2", "SND-8"]);
    assertEquals(more.at(-1)?.slice(0, 2), [["1"], ["16"]]);
  },
);

toolTest(
  TSHARK,
  "wireshark: the frames of a relay and our client",
  async () => {
    const connections: { direction: Direction; dissection: Dissection }[][] =
      [];
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const proxy = new Proxy(relay.address, {
      connection: (number) => connections[number - 1] = [],
      finding(number, finding) {
        if (finding.kind !== "frame") return;
        const { direction, dissection } = finding;
        connections[number - 1]?.push({ direction, dissection });
      },
      unreachable(_, reason) {
        throw new Error(reason);
      },
    });
    const port = await proxy.listen({ hostname: "127.0.0.1", port: 0 });
    try {
      await talk(folder.path, { hostname: "127.0.0.1", port });
    } finally {
      await proxy.close();
    }
    const made = connections.flatMap((frames, index) =>
      frames.reduce(
        (made, { direction, dissection }) =>
          made.send(
            direction,
            join(...dissection.parts.map(({ bytes }) => bytes)),
          ),
        new MadeConnection({ clientPort: 30000 + index }).open(),
      ).segments
    );
    const expected = connections.flat().map(({ dissection }) =>
      valuesIn(dissection)
    );
    assertEquals(expected.length > 10, true);
    assertEquals(await tshark(capture(made), fields), expected);
  },
);

/** Two people who register, exchange a key and a text. */
async function talk(
  dir: string,
  address: { hostname: string; port: number },
): Promise<void> {
  const session = (name: string) =>
    new Session(
      `${dir}/${name}`,
      new RelayLink(() => Promise.resolve(address)),
    );
  using anna = session("anna");
  using ben = session("ben");
  await anna.register("anna");
  await ben.register("ben");
  await anna.outbox.sendKey("ben");
  await anna.outbox.sendText("ben", "Hello");
  const received: string[] = [];
  await pull(ben, {
    message: ({ text }) => {
      if (text !== undefined) received.push(text);
    },
    problem: (error) => {
      throw error;
    },
  });
  assertEquals(received, ["Hello"]);
}
