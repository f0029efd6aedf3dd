import { assertEquals } from "@std/assert";
import { FAILURE } from "../../../shared/wire/requests.ts";
import { encodeRequest, encodeResponse } from "../../../shared/wire/frames.ts";
import { briefLine } from "../../../kit/dissect/brief_line.ts";
import {
  Conversation,
  type Finding,
} from "../../../kit/dissect/conversation.ts";
import { Names } from "../../../kit/dissect/names.ts";
import {
  anna,
  bob,
  join,
  listed,
  registration,
  sent,
  waiting,
} from "../../support/wire/frames.ts";
import { pullRequest } from "../../../kit/requests.ts";

const registered = encodeResponse({ code: 2100, payload: { clientId: anna } });
const pull = pullRequest(bob);

/** The lines of findings, without those that have none. */
const linesOf = (findings: readonly Finding[], colour = false) =>
  findings.map((finding) => briefLine(finding, {}, colour))
    .filter((line) => line !== undefined);

Deno.test("brief: clients have names once a registration or a list told them", () => {
  const names = new Names();
  const first = new Conversation(names);
  const second = new Conversation(names);
  assertEquals(
    linesOf([
      ...first.push("request", sent(3, 16)),
      ...first.push("answer", encodeResponse(FAILURE)),
      ...first.push("request", registration()),
      ...first.push("answer", registered),
      ...second.push("request", sent(3, 16)),
      ...second.push("answer", listed()),
      ...second.push("request", pull),
      ...second.push("answer", waiting(16, 16)),
      ...second.end("request"),
      ...second.end("answer"),
    ]),
    [
      "→      60 B  a1b2c3d4…  603 send a message: text, 16 bytes, to 0b0b0b0b…",
      "←       7 B  a1b2c3d4…  9000 failure",
      '→     438 B  anna       600 register: "anna"',
      "←      23 B  anna       2100 registered: a1b2c3d4… (anna)",
      "→      60 B  anna       603 send a message: text, 16 bytes, to 0b0b0b0b…",
      "←     549 B  anna       2101 clients list: 2 clients ! ANS-3",
      "→      23 B  bob        604 waiting messages",
      "←      89 B  bob        2104 waiting messages: 2 messages from bob",
    ],
  );
});

Deno.test("brief: a registration that is refused names no client", () => {
  const conversation = new Conversation();
  const findings = [
    ...conversation.push("request", registration()),
    ...conversation.push("answer", encodeResponse(FAILURE)),
    ...conversation.push("request", sent(1, 0)),
  ];
  assertEquals(linesOf(findings).at(-1)?.includes("a1b2c3d4…"), true);
});

Deno.test("brief: a name of other than letters is in quotation marks, without controls", () => {
  const name = "x) \x1b[2J\u202eanna";
  const conversation = new Conversation();
  const findings = [
    ...conversation.push(
      "request",
      encodeRequest("clientsList", {}, {
        clientId: bob,
      }),
    ),
    ...conversation.push(
      "answer",
      encodeResponse({ code: 2101, payload: [{ clientId: anna, name }] }),
    ),
    ...conversation.push("request", sent(1, 0)),
  ];
  assertEquals(
    linesOf(findings).at(-1),
    [
      '→      44 B  "x) [2Janna"  603 send a message:',
      "request for a symmetric key, to 0b0b0b0b…",
    ].join(" "),
  );
});

Deno.test("brief: what is no frame has a line, unless it only separates frames", () => {
  const conversation = new Conversation();
  const noise = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: relay\r\n");
  const found = [
    ...conversation.push("request", join(noise, sent(3, 16))),
    ...conversation.end("request", true),
  ];
  assertEquals(linesOf(found), [
    "→                       not MessageU from here: 474554202f20485454502f312e310d0a",
    "→                       29 bytes that aren't MessageU",
    "→      60 B  a1b2c3d4…  603 send a message: text, 16 bytes, to 0b0b0b0b…",
    "→                       reset",
  ]);
});

Deno.test("brief: colours change nothing else", () => {
  const conversation = new Conversation();
  const findings = conversation.push("request", sent(3, 15));
  const [line = ""] = linesOf(findings, true);
  assertEquals(line.includes("\x1b[31m! AES-1\x1b[0m"), true);
  // deno-lint-ignore no-control-regex -- they are what is taken away
  assertEquals([line.replaceAll(/\x1b\[\d*m/g, "")], linesOf(findings));
});
