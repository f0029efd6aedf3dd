/** The report as a page, which a student hands in. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { createHash } from "node:crypto";
import config from "../../../deno.json" with { type: "json" };
import { anyClause } from "../../../kit/any_clause.ts";
import { clauseTexts } from "../../../kit/clause_texts.ts";
import {
  htmlPage,
  type Run,
} from "../../../kit/conformance/report/html/page.ts";
import {
  exchanged,
  type Outcome,
} from "../../../kit/conformance/report/outcome.ts";
import { AnyServer } from "../../../kit/any_server.ts";
import { formatAddress } from "../../../shared/folder/info_files.ts";
import { Program } from "../../../lab/harness/program.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { startWrongRelay } from "../../../lab/wrong_relay/wrong_relay.ts";
import { picturePage, showPage } from "../../support/browser.ts";
import {
  FILES,
  PROGRAMS,
  SHELL,
  slowTest,
  testWith,
} from "../../support/test_with.ts";
import { CHROMIUM, missing } from "../../support/test_with_tool.ts";
import { sent } from "../../support/wire/frames.ts";
import { shellCommand } from "../../support/clients/checked_client.ts";
import { clientArguments } from "../../support/clients/verbs.ts";

/** What would load, run or break out, if it weren't escaped. */
const hostile = (address: string) =>
  `"'><img src="http://${address}/img"><script src='http://${address}/js'>` +
  `</script><style>@import "http://${address}/css"</style></pre></dl>` +
  `\u001b[2J\u202e\u0000&amp;\ud800`;

function outcome(rest: Partial<Outcome>): Outcome {
  return {
    name: "send-acknowledged",
    subject: "sending",
    clause: "SND-2",
    level: "MUST",
    about: "A message is answered",
    verdict: "pass",
    exchange: [],
    ms: 1,
    ...rest,
  };
}

/** A run with each result and texts from a peer. */
const runWith = (text: string): Run => ({
  target: text,
  remarks: [`It is odd: ${text}`],
  all: 7,
  outcomes: [
    outcome({}),
    outcome({
      name: "send-type-9",
      clause: "SND-8",
      verdict: "fail",
      expected: text,
      reason: text,
      exchange: [
        exchanged(sent(3, 15), {
          direction: "request",
          connection: 1,
          note: text,
        }),
      ],
    }),
    outcome({
      name: "pull-slices",
      subject: "pulling",
      clause: "PUL-6",
      level: "SHOULD",
      verdict: "fail",
      reason: "2104",
    }),
    outcome({ name: "pull-once", verdict: "skipped", reason: text }),
  ],
  end: new Date("2026-01-31T12:00:00Z"),
  ms: 1234,
  stopped: "Interrupted",
});

const count = (text: string, pattern: RegExp) =>
  text.match(pattern)?.length ?? 0;

testWith(
  FILES,
  "a page has each check, and each failure with its clause and bytes",
  async () => {
    const page = htmlPage(runWith("127.0.0.1:1357"), await clauseTexts());
    assertEquals(count(page, /<tr><th scope="row">/g), 4);
    assertEquals(count(page, /<article id="/g), 2);
    for (
      const text of [
        "1 passed, 1 MUST failed, 1 SHOULD failed, 1 skipped",
        "4 of 7 checks, in 1.2 s",
        '<time datetime="2026-01-31T12:00:00.000Z">',
        `MessageU ${config.version}, protocol 2`,
        "<p>Interrupted</p>",
        '<a href="#send-type-9">send-type-9</a>',
        "<strong>A content size that can't be is refused.</strong> A relay",
        '<span class="field">payload.content        </span>',
        '<span class="bad">! AES-1: expected a multiple of 16 bytes, got 15',
      ]
    ) assertStringIncludes(page, text);
  },
);

testWith(FILES, "each clause has its text in the page", async () => {
  assertEquals([...(await clauseTexts()).keys()], Object.keys(anyClause));
});

testWith(
  FILES,
  "a page loads nothing, runs nothing, and escapes all texts",
  async () => {
    const page = htmlPage(
      runWith(hostile("192.0.2.1:80")),
      await clauseTexts(),
    );
    assertEquals(
      /<(img|script|link|iframe|object|base|form)\b/i.exec(page),
      null,
    );
    assertEquals(page.match(/<style>/g)?.length, 1);
    const tags = page.match(/<[^>]+>/g) ?? [];
    const links = tags.filter((tag) => /\b(href|src)=/.test(tag));
    assertEquals(links.filter((tag) => !/^<a href="#[\w-]+">$/.test(tag)), []);
    // deno-lint-ignore no-control-regex -- none may be left
    assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.exec(page), null);
    assert(page.isWellFormed());
    const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    assertStringIncludes(
      page,
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'">`,
    );
  },
);

slowTest(
  SHELL,
  "a browser shows the page, and requests nothing for it",
  async () => {
    const requested: string[] = [];
    await using server = new AnyServer((conn) => {
      requested.push(formatAddress(conn.remoteAddr));
      return Promise.resolve();
    });
    await using folder = await temporaryFolder();
    const text = hostile(formatAddress(server.address));
    const bare = `${folder.path}/bare.html`;
    await Deno.writeTextFile(bare, `<!DOCTYPE html><p title="${text}">`);
    await showPage(bare);
    assert(requested.length > 0, "unescaped, the text loads something");

    requested.length = 0;
    const path = `${folder.path}/report.html`;
    const page = htmlPage(runWith(text), await clauseTexts());
    await Deno.writeTextFile(path, page);
    const { dom, console } = await showPage(path);
    assertEquals({ requested, console }, { requested: [], console: [] });
    assertEquals(count(dom, /<tr><th scope="row">/g), 4);
    assertEquals(count(dom, /<article id="/g), 2);
    assertEquals(count(dom, /<(img|script)\b/g), 0);
    assertStringIncludes(dom, "<h1>Conformance of \"'&gt;&lt;img src=");

    // The policy names the style, which no other may replace.
    const other = page.replace("<style>", "<style> ");
    await Deno.writeTextFile(bare, other);
    assertMatch((await showPage(bare)).console.join(), /style-src/);
    assertNotEquals(
      await picturePage(path, "light"),
      await picturePage(path, "dark"),
    );
  },
  missing(CHROMIUM),
);

/** Runs the task's own command. */
function conformance(...flags: string[]): Program {
  const [, ...args] = config.tasks.conformance.command.split(" ");
  return Program.deno([...args, ...flags]);
}

testWith(
  PROGRAMS,
  "--html writes a page beside the table, in place of an earlier one",
  async () => {
    await using relay = startWrongRelay(["list-has-asker"]);
    await using folder = await temporaryFolder();
    const path = `${folder.path}/report.html`;
    const flags = [formatAddress(relay.address), "--html", path];
    for (const only of ["PUL-2", "list-without-requester"]) {
      const { stdout, stderr } = await conformance(...flags, "--only", only)
        .end();
      assertEquals(stderr, "");
      assertStringIncludes(stdout, "\n1 check in ");
    }
    const page = await Deno.readTextFile(path);
    assertStringIncludes(page, '<article id="list-without-requester"');
    assert(!page.includes("pull-empty"), "the second run replaced the first");
    assertEquals(await namesIn(folder.path), ["report.html"]);
  },
);

testWith(
  PROGRAMS,
  "--html replaces no other file, and leaves none without a run",
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/server.py`;
    await Deno.writeTextFile(path, "print()");
    const server = new AnyServer(() => Promise.resolve());
    await server[Symbol.asyncDispose]();
    const target = formatAddress(server.address);
    const refused = await conformance(target, "--html", path).end();
    assertEquals([refused.code, refused.stdout, refused.stderr], [
      2,
      "",
      `error: --html ${path}: it isn't an earlier report, and stays: give another name\n`,
    ]);
    const gone = await conformance(target, "--html", `${folder.path}/new.html`)
      .end();
    assertEquals(gone.code, 2);
    assertStringIncludes(gone.stderr, "nothing listens at");
    const nowhere = `${folder.path}/none/new.html`;
    const { code, stderr } = await conformance(target, "--html", nowhere).end();
    assertEquals(code, 2);
    assertStringIncludes(stderr, `error: --html ${nowhere}: no such file`);
    assertEquals(await namesIn(folder.path), ["server.py"]);
  },
);

testWith(SHELL, "--client writes a page, too", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/report.html`;
  const drive = shellCommand(clientArguments());
  const { code, stdout, stderr } = await conformance(
    ...["--client", "--port", "0", "--drive", drive],
    ...["--only", "REQ-9,NAM-1", "--html", path],
  ).end();
  assertEquals(code, 0, stdout + stderr);
  const page = await Deno.readTextFile(path);
  assertMatch(page, /\d of \d+ checks, in /);
  assertStringIncludes(page, "client/main.ts");
});
