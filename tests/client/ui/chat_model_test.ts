import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  announcement,
  Arrivals,
} from "../../../client/ui/chat/run/arrivals.ts";
import { ConversationView } from "../../../client/ui/chat/view/conversation_rows.ts";
import { noticePanel } from "../../../client/ui/chat/view/notice_panel.ts";
import {
  type Editor,
  EMPTY,
  erase,
  insert,
  type Motion,
  move,
} from "../../../client/ui/chat/input/editor.ts";
import { hitRows } from "../../../client/ui/chat/view/hit_rows.ts";
import { linksIn } from "../../../client/ui/chat/view/links.ts";
import { listed } from "../../../client/ui/chat/model/hits.ts";
import { searchPattern } from "../../../client/ui/search_pattern.ts";
import type { Matches } from "../../../client/store/pattern_matcher.ts";
import { inputRows, layOut } from "../../../client/ui/chat/view/frame.ts";
import {
  cells,
  cut,
  graphemes,
  textOf,
  wrapLine,
} from "../../../client/ui/chat/view/rows.ts";
import type { ActionName } from "../../../client/settings/chat_actions.ts";
import { MessageLayout } from "../../../client/ui/chat/view/message_layout.ts";
import {
  type ChatEvent,
  type ChatState,
  initialState,
  update,
} from "../../../client/ui/chat/model/model.ts";
import type {
  ContactSummary,
  Message,
  MessageNumber,
} from "../../../client/store/message.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";

const BEN = new Uint8Array(16) as Uint8Array as ClientId;

const message = (
  id: number,
  text: string,
  more: Partial<Message> = {},
): Message => ({
  id: id as MessageNumber,
  contact: "ben",
  contactId: BEN,
  outgoing: false,
  kind: "text",
  text,
  path: undefined,
  size: text.length,
  time: 1000 * id,
  delivery: "received",
  shown: false,
  doubtful: false,
  accepted: true,
  ...more,
});

const contact = (name: string, unread: number): ContactSummary => ({
  name,
  relayName: name,
  contactId: BEN,
  unread,
  lastTime: 0,
  keyChanged: false,
  conversation: true,
  blocked: false,
  muted: false,
});

/** Texts with wide, joined, combining and right-to-left characters, and whatever else there is. */
const anyText = fc.array(fc.oneof(
  fc.constantFrom(
    "a",
    " ",
    "漢",
    "👩‍👩‍👧",
    "e\u0301",
    "ש",
    "\n",
    "🇮🇱",
    "\u200b",
    "ﷺ",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
)).map((parts) => parts.join(""));

Deno.test("wrapped rows hold the whole line, and none is too wide", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 2, max: 30 }), (text, width) => {
      const line = text.replaceAll("\n", " ");
      const rows = wrapLine(line, width);
      assertEquals(rows.map((row) => row.text).join(""), line);
      for (const { text, start } of rows) {
        assertEquals(line.slice(start, start + text.length), text);
        const seen = text.trimEnd();
        assert(cells(seen) <= width || graphemes(seen).length === 1);
      }
    }),
  );
  assertEquals(
    wrapLine("some words to wrap", 8).map(({ text }) => text),
    ["some ", "words to ", "wrap"],
  );
  assertEquals(cut("漢字漢字", 5), "漢字…");
});

Deno.test("the cursor never stands within a character", () => {
  const motions: Motion[] = [
    "left",
    "right",
    "wordLeft",
    "wordRight",
    "lineStart",
    "lineEnd",
    "up",
    "down",
  ];
  const steps = fc.array(fc.oneof(
    fc.record({ motion: fc.constantFrom(...motions), erases: fc.boolean() }),
    anyText,
  ));
  fc.assert(fc.property(steps, (steps) => {
    let editor: Editor = EMPTY;
    for (const step of steps) {
      editor = typeof step === "string"
        ? insert(editor, step)
        : (step.erases ? erase : move)(editor, step.motion);
      assert(editor.cursor >= 0 && editor.cursor <= editor.text.length);
      assert(editor.text.slice(0, editor.cursor).isWellFormed());
      const { rows, cursor } = inputRows(editor, 20, 4);
      assert(rows.length >= 1 && rows.length <= 4);
      assert(cursor.y < rows.length && cursor.x < 20, JSON.stringify(cursor));
    }
  }));
});

Deno.test("what was entered comes back, and drafts stay with their contact", () => {
  const after = (...events: ChatEvent[]) =>
    events.reduce(update, initialState("bell", { columns: 80, rows: 24 }));
  const opened = (name: string): ChatEvent => ({
    kind: "opened",
    name,
    messages: [],
  });
  const entered: ChatEvent[] = ["first", "second"].flatMap((line) => [
    { kind: "typed", text: line },
    { kind: "entered", line },
  ]);
  const key = (action: ActionName): ChatEvent => ({ kind: "edited", action });
  const typed = (text: string): ChatEvent => ({ kind: "typed", text });
  const textAfter = (...events: ChatEvent[]) =>
    after(...entered, typed("draft"), ...events).editor.text;
  assertEquals(textAfter(key("up")), "second");
  assertEquals(textAfter(key("up"), key("up"), key("up")), "first");
  assertEquals(textAfter(key("up"), key("down")), "draft");
  const two = [opened("ben"), typed("for ben"), opened("carol")];
  assertEquals(after(...two).editor.text, "");
  assertEquals(after(...two, opened("ben")).editor.text, "for ben");
  // So do texts that couldn't be stored.
  const returned: ChatEvent = { kind: "returned", name: "ben", text: "unsent" };
  assertEquals(after(opened("ben"), returned).editor.text, "unsent");
  assertEquals(after(...two, returned).editor.text, "");
  const left = [opened("ben"), opened("carol"), returned];
  assertEquals(after(...left).editor.text, "");
  assertEquals(after(...left, opened("ben")).editor.text, "unsent");
  assertEquals(after(...two, returned, opened("ben")).editor.text, "for ben");
});

Deno.test("scrolling goes through every row and ends at both ends", () => {
  const messages = Array.from(
    { length: 40 },
    (_, at) =>
      message(at + 1, at % 3 === 0 ? "word ".repeat(30) : `m${at + 1}`),
  );
  const frame = { width: 40, nameWidth: 3, waiting: new Set<number>() };
  const view = new ConversationView(
    messages,
    frame,
    10,
    new MessageLayout(),
  );
  const all: string[] = [];
  const seen = (position: ReturnType<typeof view.scroll>) =>
    view.visible(position).rows.map(textOf);
  let position: ReturnType<typeof view.scroll> = undefined;
  all.push(...seen(position).toReversed());
  for (;;) {
    const next = view.scroll(position, 1);
    const [top = ""] = seen(next);
    if (JSON.stringify(next) === JSON.stringify(position)) break;
    all.push(top);
    position = next;
  }
  assert(all.at(-1)?.startsWith("-- 1970-01-01 --"));
  assertEquals(seen(position).length, 10);
  // As many rows down again, and it is the end.
  for (let row = 0; row < all.length - 10; row++) {
    assert(position !== undefined);
    position = view.scroll(position, -1);
  }
  assertEquals(position, undefined);
});

Deno.test("no frame is larger than its screen", () => {
  const size = fc.record({
    columns: fc.integer({ min: 1, max: 120 }),
    rows: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(
      size,
      fc.array(anyText, { maxLength: 12 }),
      anyText,
      (size, texts, input) => {
        const messages = texts.map((text, at) =>
          message(
            at + 1,
            text,
            at % 2 === 0 ? {} : { outgoing: true, delivery: "unsent" },
          )
        );
        const state = [
          {
            kind: "set",
            contacts: [contact("ben", 3), contact("漢字", 1000)],
          },
          { kind: "opened", name: "ben", messages },
          { kind: "typed", text: input },
        ].reduce(
          (state, event) => update(state, event as ChatEvent),
          initialState("bell", size),
        );
        const { rows, cursor } = layOut(state, new MessageLayout());
        assert(rows.length <= size.rows);
        for (const row of rows) {
          const text = textOf(row);
          assert(
            cells(text) <= Math.max(size.columns, 2),
            `${cells(text)}: ${text}`,
          );
          // deno-lint-ignore no-control-regex -- none of them may be there
          assert(!/[\x00-\x1f\x7f-\x9f]/.test(text), JSON.stringify(text));
        }
        assert(cursor.y < size.rows && cursor.x < Math.max(size.columns, 2));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("news are told once, of whom nobody looks at, and not too often", () => {
  const arrivals = new Arrivals();
  arrivals.settle([contact("ben", 100), contact("carol", 0)]);
  const take = (ben: number, carol: number, now: number, looking = "ben") =>
    arrivals.take([contact("ben", ben), contact("carol", carol)], looking, now);
  assertEquals(take(100, 0, 0), []);
  assertEquals(take(101, 1, 10), ["carol"]);
  assertEquals(take(101, 1, 10_000), []);
  assertEquals(take(101, 2, 20_000), ["carol"]);
  assertEquals(take(101, 3, 20_001), [], "too soon");
  assertEquals(take(101, 3, 24_000), ["carol"], "told with the next");
  assertEquals(take(102, 3, 30_000, ""), ["ben"]);
  const muted = { ...contact("dora", 1), muted: true };
  assertEquals(arrivals.take([muted], "ben", 40_000), [], "muted");
  assertEquals(
    announcement("osc9", ["a\x1b]0;x\x07\u202e", "b", "c", "d"]),
    "\x1b]9;MessageU: message from a]0;x, b, c and others\x07",
  );
  assertEquals(announcement("off", ["a"]), "");
});

Deno.test("a panel shows the latest notice from its start", () => {
  const notice = (text: string) => ({ text, tone: "notice" as const });
  const shown = (panel: ReturnType<typeof noticePanel>) =>
    panel.rows.map((row) => textOf(row).trimEnd());
  const lines = (count: number, name: string) =>
    notice(
      Array.from({ length: count }, (_, at) => `${name}${at + 1}`).join("\n"),
    );
  assertEquals(noticePanel([], undefined, 40, 10).rows, []);
  const [rule, ...rows] = shown(
    noticePanel([notice("one"), notice("two\nmore")], undefined, 40, 10),
  );
  assert(rule?.startsWith("── Esc closes ─"));
  assertEquals(rows, ["* one", "* two", "  more"]);
  // A long notice may take the whole height, several take half of it.
  const long = noticePanel([lines(20, "a")], undefined, 40, 10);
  assertEquals(shown(long).slice(1, 3), ["* a1", "  a2"]);
  assertEquals([long.rows.length, long.hidden], [10, 11]);
  const many = Array.from({ length: 20 }, (_, at) => notice(`n${at + 1}`));
  const latest = noticePanel(many, undefined, 40, 10);
  assertEquals(latest.rows.length, 5);
  assertEquals(shown(latest).at(-1), "* n20");
  assertEquals(
    shown(noticePanel([lines(20, "a"), notice("b")], undefined, 40, 10)).at(-1),
    "* b",
  );
  assertEquals(
    shown(noticePanel([lines(20, "a")], 99, 40, 10)).at(-1),
    "  a20",
  );
  assertEquals(shown(noticePanel([notice("one")], undefined, 40, 1)), [
    "* one",
  ]);
  assertEquals(noticePanel([notice("one")], undefined, 40, 0).rows, []);
});

Deno.test("a message is placed on the screen wherever it stands", () => {
  const messages = Array.from(
    { length: 61 },
    (_, at) => message(at + 1, `m${at + 1}`, { time: 1000 }),
  );
  const frame = { width: 40, nameWidth: 3, waiting: new Set<number>() };
  const layout = new MessageLayout();
  const view = new ConversationView(messages, frame, 20, layout);
  for (const { id } of messages) {
    const { rows, messages } = view.visible(view.placed(id, 9));
    assertEquals(rows.length, 20);
    assert(messages.some((seen) => seen.id === id), `${id}`);
  }
  const middle = view.visible(view.placed(31 as MessageNumber, 9));
  assertEquals(middle.messages[9]?.id, 31);
});

Deno.test("a line of the history is found, and taken or given back", () => {
  const entered: ChatEvent[] = ["one fish", "two fish", "three birds"]
    .map((line) => ({ kind: "entered", line }));
  const state = (...events: (ChatEvent | ActionName | { types: string })[]) =>
    [...entered, { types: "draft" }, ...events].reduce<ChatState>(
      (state, event) => {
        if (typeof event === "string") {
          return update(state, { kind: "edited", action: event });
        }
        return update(
          state,
          "types" in event ? { kind: "typed", text: event.types } : event,
        );
      },
      initialState("bell", { columns: 80, rows: 24 }),
    );
  const fish = ["recall", { types: "fish" }] as const;
  assertEquals(state(...fish).editor.text, "two fish");
  assertEquals(state(...fish, "recall").editor.text, "one fish");
  const none = state(...fish, "recall", "recall");
  assertEquals([none.editor.text, none.recall?.found], ["one fish", false]);
  assertEquals(state(...fish, "discard").editor.text, "draft");
  const other = state(...fish, { types: "y" }, "erase-left", "erase-left");
  assertEquals(other.recall?.sought, "fis");
  assertEquals(other.editor.text, "two fish");
  const taken = state(...fish, { kind: "recalled" }, { types: "!" });
  assertEquals([taken.editor.text, taken.recall], ["two fish!", undefined]);
  assertEquals(state(...fish, "line-start").editor.cursor, 0);
});

Deno.test("addresses are links, whole on every row, and nothing else is", () => {
  const found = (line: string) =>
    linksIn(line, "1").map(({ start, end, link }) => [
      line.slice(start, end),
      link?.href,
    ]);
  const url = "https://example.org/a/long/path?with=a&query#fragment";
  assertEquals(found(`see ${url}, or not`), [[url, url]]);
  assertEquals(found("(http://a.example/x_(y))."), [
    ["http://a.example/x_(y)", "http://a.example/x_(y)"],
  ]);
  assertEquals(found("mailto:anna@example.org!"), [
    ["mailto:anna@example.org", "mailto:anna@example.org"],
  ]);
  assertEquals(found("https://bücher.example/ü"), [
    ["https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"],
  ]);
  for (
    const line of ["file:///etc/passwd", "javascript:alert(1)", "https://"]
  ) {
    assertEquals(found(line), []);
  }
  assertEquals(
    found("https://a.example/\u200bb")[0]?.[0],
    "https://a.example/",
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    for (const [, href = ""] of found(`https://a.example/${text}`)) {
      assert(/^[\x21-\x7e]+$/.test(href), href);
    }
  }));

  const rows = new MessageLayout().rows(message(5, `go to ${url}`), {
    width: 40,
    nameWidth: 3,
    waiting: new Set(),
  });
  const links = rows.flat().filter(({ link }) => link !== undefined);
  assert(links.length > 1);
  assertEquals(links.map(({ text }) => text).join(""), url);
  assertEquals(new Set(links.map(({ link }) => link?.href)), new Set([url]));
  assertEquals(new Set(links.map(({ link }) => link?.id)).size, 1);
});

Deno.test("matches are marked where they are shown", () => {
  const marked = (
    text: string,
    matches: Matches,
    more: Partial<Message> = {},
  ) => {
    const found = { ...message(5, text, more), matches };
    const hits = listed("x", [found]);
    const frame = {
      width: 60,
      nameWidth: 3,
      waiting: new Set<number>(),
      matches: hits.matches,
    };
    const rows = [
      ...new MessageLayout().rows(found, frame),
      ...hitRows(hits, 60, 10),
    ];
    return rows.flat().filter(({ tone }) => tone === "match")
      .map(({ text }) => text);
  };
  assertEquals(marked("one two", [[4, 7]]), ["two", "two"]);
  // Controls aren't shown, a tab takes more cells, and a match may span lines.
  assertEquals(marked("\x1b[1m\tone\ntwo", [[5, 10]]), ["one", "t", "one t"]);
  assertEquals(marked("漢字 e\u0301x", [[1, 2], [3, 4]]), [
    "字",
    "e\u0301",
    "字",
    "e\u0301",
  ]);
  const far = `${"hay ".repeat(100)}needle`;
  assertEquals(marked(far, [[400, 406]]), ["needle", "needle"]);
  const file = {
    kind: "file",
    text: undefined,
    path: "/tmp/a report.pdf",
  } as const;
  assertEquals(marked("", [[7, 13]], file), ["report", "report"]);
});

Deno.test("a pattern heeds the case of letters if it has capitals", () => {
  const flags = (text: string) => searchPattern(text).flags;
  assertEquals(["abc", "\\W\\S", "\\p{Lu}", "(?<Name>a)", "ü"].map(flags), [
    ...["iu", "iu", "iu", "iu", "iu"],
  ]);
  assertEquals(["aBc", "\\WA", "Ü"].map(flags), ["u", "u", "u"]);
});
