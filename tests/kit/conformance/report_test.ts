/** What conformance reports look like, for people and for programs. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  exchanged,
  exitCode,
  type Outcome,
  tally,
} from "../../../kit/conformance/report/outcome.ts";
import {
  printReport,
  type ReportOptions,
} from "../../../kit/conformance/report/print_report.ts";
import { clip, wrap } from "../../../kit/conformance/report/text.ts";
import {
  randomId,
  sendRequest,
} from "../../../kit/conformance/server/frames.ts";
import { refused } from "../../support/relays/misbehaviour.ts";
import { keyRequest } from "../../../kit/requests.ts";

const request = exchanged(keyRequest(randomId(), randomId()), {
  direction: "request",
  connection: 1,
});
const response = exchanged(refused, {
  direction: "answer",
  connection: 1,
  note: "odd \x1b[2J<&>\u0001",
});

function outcome(rest: Partial<Outcome>): Outcome {
  return {
    name: "key-with-owner",
    subject: "keys",
    clause: "KEY-1",
    level: "MUST",
    about: "A public key is answered with its owner's id",
    verdict: "pass",
    exchange: [{ ...request, prepares: true }, request, response],
    ms: 12.3,
    ...rest,
  };
}

const outcomes: readonly Outcome[] = [
  outcome({}),
  outcome({
    name: "key-of-unknown",
    clause: "KEY-2",
    verdict: "fail",
    reason:
      "a \x1b[31mred <name> & \u0085 so long that it can't stand on a line of 80",
    expected: "a response 9000",
  }),
  outcome({
    name: "key-of-oneself",
    clause: "KEY-3",
    level: "SHOULD",
    verdict: "fail",
    reason: "9000",
  }),
  outcome({
    name: "pull-once",
    subject: "pulling",
    clause: "PUL-4",
    verdict: "skipped",
    reason: "couldn't register",
  }),
];

async function printed(
  options: Partial<ReportOptions>,
  of: readonly Outcome[] = outcomes,
): Promise<{ text: string; code: number }> {
  const lines: string[] = [];
  const code = await printReport(
    (async function* () {
      yield* of;
    })(),
    {
      form: "table",
      target: "127.0.0.1:1357",
      all: of.length,
      nameWidth: 14,
      colour: false,
      verbose: false,
      print: (text) => lines.push(text),
      stopped: () => undefined,
      ...options,
    },
  );
  return { text: `${lines.join("\n")}\n`, code };
}

Deno.test("a table has a line a check, and details of the failed ones", async () => {
  const { text, code } = await printed({});
  assertEquals(code, 1);
  const lines = text.split("\n");
  assertEquals(lines.slice(0, 9), [
    "Conformance of 127.0.0.1:1357",
    "",
    "Keys",
    "  ✓ key-with-owner  KEY-1   MUST",
    "  ✗ key-of-unknown  KEY-2   MUST    a [31mred <name> &  so long that it can't s…",
    "  ! key-of-oneself  KEY-3   SHOULD  9000",
    "",
    "Pulling",
    "  - pull-once       PUL-4   MUST    couldn't register",
  ]);
  assertStringIncludes(
    text,
    "    Clause:   The key of an unknown client is refused\n",
  );
  assertStringIncludes(text, "    Expected: a response 9000\n");
  assertStringIncludes(text, "\n1 skipped: couldn't register\n");
  assertStringIncludes(
    text,
    "1 passed, 1 MUST failed, 1 SHOULD failed, 1 skipped\n",
  );
  assertEquals(lines.filter((line) => line.length > 80), []);
  // deno-lint-ignore no-control-regex -- none may be left
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.exec(text), null);
  // Of what passed no bytes are shown, of what failed all but the preparation's.
  assertEquals(text.match(/header\.clientId/g)?.length, 2);
  assertEquals(text.match(/→ 602/g)?.length, 4);
});

Deno.test("a verbose table also has the frames of passed checks", async () => {
  const { text } = await printed({ verbose: true });
  assertEquals(text.match(/header\.clientId/g)?.length, 3);
});

Deno.test("problems of the played party aren't marked", async () => {
  const [from, to] = [randomId(), randomId()];
  const frames = [
    sendRequest({ from, to, type: 9 }),
    sendRequest({ from, to, content: new Uint8Array(20) }),
  ];
  const marks = async (plays?: "client") => {
    const about = { direction: "request", connection: 1 } as const;
    const exchange = frames.map((frame) =>
      exchanged(frame, plays ? { ...about, plays } : about)
    );
    const { text } = await printed({ verbose: true }, [outcome({ exchange })]);
    return text.match(/! \w+-\d+/g);
  };
  assertEquals(await marks(), ["! SND-5", "! AES-1"]);
  assertEquals(await marks("client"), ["! SND-5"]);
});

Deno.test("the end names what failed, and a brief table has no bytes", async () => {
  const { text } = await printed({ brief: true });
  assert(text.endsWith("\nMUST:   key-of-unknown\nSHOULD: key-of-oneself\n"));
  assert(!text.includes("header.clientId"), text);
});

Deno.test("one check is called one", async () => {
  const { text } = await printed({}, [outcome({})]);
  assertStringIncludes(text, "\n1 check in ");
});

Deno.test("colours change nothing else", async () => {
  const { text } = await printed({ colour: true });
  assert(text.includes("\x1b[31m✗\x1b[0m"));
  // deno-lint-ignore no-control-regex -- they are what is taken away
  assertEquals(text.replaceAll(/\x1b\[\d*m/g, ""), (await printed({})).text);
});

Deno.test("a report that is stopped says so in each form", async () => {
  const stopped = () => "Interrupted";
  for (const form of ["table", "json", "junit"] as const) {
    const { text } = await printed({ form, stopped });
    assertStringIncludes(text, "Interrupted");
  }
});

Deno.test("a table has no lines of untried checks, and one reason", async () => {
  const gone = outcome({
    name: "pull-empty",
    verdict: "skipped",
    untried: true,
    reason: "the server is gone",
    exchange: [],
  });
  const { text } = await printed({ form: "table" }, [outcome({}), gone, gone]);
  assert(!text.includes("pull-empty"), text);
  assertStringIncludes(text, "\n2 skipped: the server is gone\n");
});

Deno.test("JSON is one document with all bytes in hex", async () => {
  const { text, code } = await printed({ form: "json" });
  const report = JSON.parse(text);
  assertEquals(code, 1);
  assertEquals(report.target, "127.0.0.1:1357");
  assertEquals(report.outcomes.length, 4);
  const [, failed] = report.outcomes;
  assertEquals(failed.title, "The key of an unknown client is refused");
  assertEquals([failed.verdict, failed.level, failed.expected], [
    "fail",
    "MUST",
    "a response 9000",
  ]);
  assertEquals(failed.exchange[2], {
    direction: "answer",
    connection: 1,
    note: "odd \x1b[2J<&>\u0001",
    size: 7,
    hex: "02282300000000",
  });
  const { ms: _ms, ...summary } = report.summary;
  assertEquals(summary, {
    checks: 4,
    passed: 1,
    skipped: 1,
    failed: { MUST: 1, SHOULD: 1, MAY: 0 },
  });
  assertEquals(
    JSON.parse((await printed({ form: "json" }, [])).text).outcomes,
    [],
  );
});

Deno.test("JUnit's XML is well-formed, and only MUSTs fail in it", async () => {
  const { text } = await printed({ form: "junit" });
  assertEquals(openTags(text), []);
  assertEquals(text.match(/<testcase /g)?.length, 4);
  assertEquals(text.match(/<failure /g)?.length, 1);
  assertEquals(text.match(/<skipped /g)?.length, 2);
  assertStringIncludes(text, 'tests="4" failures="1" skipped="2"');
  assertStringIncludes(text, "&lt;name&gt; &amp;");
  // deno-lint-ignore no-control-regex -- XML has no form for them
  assertEquals(/[\x00-\x08\x0b\x0c\x0e-\x1f]/.exec(text), null);
});

/** Walks through all of a document, and throws where it isn't well-formed. */
function openTags(xml: string): string[] {
  const open: string[] = [];
  const token =
    /<\?xml [^<>]*\?>|<!--(?:(?!--)[^])*-->|<(\/?)(\w+)((?: \w+="[^"<]*")*)(\/?)>|[^<>]+/y;
  for (let at = 0; at < xml.length; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(xml);
    assert(match !== null, `not well-formed: ${xml.slice(at, at + 60)}`);
    const [text, closes, tag, , empty] = match;
    assert(/^[^&]*(&(amp|lt|gt|quot);[^&]*)*$/.test(text), text);
    if (tag === undefined || empty) continue;
    if (closes) assertEquals(open.pop(), tag);
    else open.push(tag);
  }
  return open;
}

Deno.test("the exit code is the number of failed MUSTs, at most 125", async () => {
  const failures = (count: number) =>
    Array.from({ length: count }, () => outcome({ verdict: "fail" }));
  const codes = [0, 1, 125, 126, 256].map((count) =>
    exitCode(tally(failures(count)))
  );
  assertEquals(codes, [0, 1, 125, 125, 125]);
  const { text } = await printed({}, failures(126));
  assertStringIncludes(text, "The exit code is 125, the largest that can be.");
  const should = outcome({ verdict: "fail", level: "SHOULD" });
  assertEquals(exitCode(tally([should])), 0);
});

Deno.test("texts wrap between words, and are cut without their colours", () => {
  assertEquals(wrap("one two three", 7), ["one two", "three"]);
  assertEquals(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
  assertEquals(wrap("", 4), []);
  assertEquals(clip("abcdef", 6), "abcdef");
  assertEquals(clip("abcdefg", 6), "abcde…");
  assertEquals(clip("\x1b[2mabc\x1b[0mdefg", 6), "\x1b[2mabc\x1b[0mde…");
});
