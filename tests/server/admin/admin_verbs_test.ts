/** What the admin program's verbs do, whatever kind of store it is. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  admin,
  adminPrints,
  showVerbsAsProcesses,
} from "../../support/stores/admin.ts";
import { testWithAnyStore } from "../../support/stores/any_store.ts";
import {
  idOf,
  idOrRefusal,
  LARGE,
  someInboxes,
} from "../../support/stores/made_store.ts";
import { namesIn, temporaryFolder } from "../../../lab/harness/resources.ts";
import { ID_JUMP } from "../../../server/store/store_rows.ts";
import type { Store } from "../../../server/mod.ts";
import { MAX_MESSAGE_ID } from "../../../shared/wire/protocol.ts";

showVerbsAsProcesses();

testWithAnyStore("stats and users tell what is there", async (store) => {
  const { place } = store;
  await store.fill(someInboxes);
  const lately = new Date(Date.now() - 2 * 86_400_000).toISOString();
  const arrived = Math.floor(Date.now() - 3.5 * 86_400_000);
  await store.change(
    `UPDATE activity SET LastSeen = '${lately}' WHERE ${
      store.activityOf("ben")
    };
    UPDATE activity SET LastSeen = 'zzz' WHERE ${store.activityOf("cora")};
    UPDATE messages SET Arrived = ${arrived} WHERE ID = 1 AND ToClient =
      (SELECT ID FROM accounts WHERE UserName = 'ben')`,
  );
  const lines = (await adminPrints(place, "stats")).split("\n");
  assertMatch(
    lines[4] ?? "",
    store.kind === "sqlite"
      ? /^files {12}db\.defensive 2\.\d MiB, db\.defensive-wal \d+ bytes$/
      : /^files {12}127\.0\.0\.1:\d+\/relay_\d+ [\d.]+ MiB$/,
  );
  assertEquals(lines.toSpliced(4, 1), [
    "users            3 (0 secure); seen within a day 0, a week 1, 30 days 1",
    "waiting          4 messages (0 in mailboxes), 2.5 MiB",
    "oldest           arrived 3 days ago",
    "largest inboxes  3 messages; 1 message",
    "",
  ]);
  const { files, ...stats } = JSON.parse(
    await adminPrints(place, "stats", "--json"),
  );
  assertEquals(stats, {
    type: "stats",
    users: 3,
    secured: 0,
    seenLastDay: 0,
    seenLastWeek: 1,
    seenLastMonth: 1,
    messages: 4,
    mail: 0,
    bytes: LARGE + 60,
    oldest: new Date(arrived).toISOString(),
    largestInboxes: [3, 1],
  });
  assert(files[0].bytes > LARGE);
  assertEquals(
    await adminPrints(place, "users"),
    `NAME  SECURE  LAST SEEN                 WAITING      SIZE  ID
anna  no      2026-01-02T03:04:05.678Z        0   0 bytes  ${idOf(1).toHex()}
ben   no      ${lately}        3  60 bytes  ${idOf(2).toHex()}
cora  no      zzz                             1   2.5 MiB  ${idOf(3).toHex()}
`,
  );
  const users = (await adminPrints(place, "users", "--json")).trim().split("\n")
    .map((line) => JSON.parse(line));
  assertEquals(users[1], {
    type: "user",
    name: "ben",
    id: idOf(2).toHex(),
    lastSeen: lately,
    isSecured: false,
    messages: 3,
    bytes: 60,
  });
  assertEquals(users.length, 3);
  // Neither of them leaves a log behind.
  if (store.kind === "sqlite") {
    assertEquals(await namesIn(store.dir), [
      "db.defensive",
      "db.defensive-reserve",
    ]);
  }
});

testWithAnyStore(
  "a user is removed with what waits, and nobody else",
  async (store) => {
    const { place } = store;
    await store.fill(someInboxes);
    const asked = await admin(place, "remove", "cora");
    assertEquals(asked, {
      code: 2,
      stdout: "",
      stderr:
        "error: Remove cora and 1 waiting message (2.5 MiB): there is no terminal to confirm it at, so confirm it with --yes\n",
    });
    assertEquals(
      await adminPrints(place, "remove", "cora", "--yes"),
      "removed cora: 1 waiting message went along\n",
    );
    assertEquals(
      await adminPrints(place, "remove", "--yes", "anna"),
      "removed anna: nothing was waiting\n",
    );
    assertEquals(await admin(place, "remove", "anna", "--yes"), {
      code: 1,
      stdout: "",
      stderr: "error: No user is called anna\n",
    });
    assertEquals(await adminPrints(place, "check"), "all is well\n");
    const { users, messages, bytes } = JSON.parse(
      await adminPrints(place, "stats", "--json"),
    );
    assertEquals([users, messages, bytes], [1, 3, 60]);
  },
);

testWithAnyStore(
  "several users are removed, by name and by pattern",
  async (store) => {
    const { place } = store;
    const names = ["anna", "bot-1", "bot-2", "bot*", "--yes", "ben", "cora"];
    await store.fill({
      ...Object.fromEntries(names.map((name) => [name, []])),
      ben: [10, 20],
    });
    const left = async () =>
      (await adminPrints(place, "users", "--json")).trim().split("\n")
        .map((line) => JSON.parse(line).name);
    const remove = (...words: string[]) =>
      adminPrints(place, "remove", "--yes", ...words);
    // Nothing is removed where a word fits no user.
    for (const [word, reason] of [["x*", "No user's name fits x*"]] as const) {
      const { code, stderr } = await admin(
        place,
        ...["remove", "--yes", "anna", word],
      );
      assertEquals([code, stderr], [1, `error: ${reason}\n`]);
    }
    const asked = await admin(place, "remove", "ben", "bot-?", "anna");
    assertMatch(
      asked.stderr,
      /^error: Remove 4 users \(ben, bot-1, bot-2, anna\) and 2 waiting messages \(30 bytes\): /,
    );
    assertEquals(await left(), names);
    // A name that is there is no pattern.
    assertEquals(await remove("bot*"), "removed bot*: nothing was waiting\n");
    assertEquals(
      await remove("--", "--yes"),
      "removed --yes: nothing was waiting\n",
    );
    assertEquals(await left(), ["anna", "bot-1", "bot-2", "ben", "cora"]);
    assertEquals(
      await remove("ben", "bot*", "b?n"),
      "removed ben: 2 waiting messages went along\n" +
        "removed bot-1: nothing was waiting\n" +
        "removed bot-2: nothing was waiting\n",
    );
    assertEquals(await left(), ["anna", "cora"]);
  },
);

/** Sends to a user, and returns the message's id or why it was refused. */
async function send(store: Store, to: number): Promise<unknown> {
  return idOrRefusal(
    await store.send({
      recipient: idOf(to),
      sender: idOf(1),
      type: 3,
      content: new Uint8Array(1),
    }, { messages: 0, bytes: 0 }),
  );
}

testWithAnyStore(
  "ids are raised beside a relay, and an inbox without any is restarted",
  async (store) => {
    const { place } = store;
    await store.fill({ anna: [], ben: [1, 2], cora: [1] });
    const relay = await store.open();
    try {
      assertEquals(await send(relay, 1), 1);
      assertEquals(await send(relay, 2), 3);
      assertEquals(
        await adminPrints(place, "raise-ids"),
        "raised the message ids of 3 users\n",
      );
      assertEquals(await send(relay, 1), ID_JUMP + 2);
      assertEquals(await send(relay, 2), ID_JUMP + 4);
    } finally {
      await relay.close();
    }
    // The last one of anna's has an id behind which there is none.
    await store.change(
      `UPDATE activity SET LastMessage = ${MAX_MESSAGE_ID - 1} WHERE ${
        store.activityOf("anna")
      }`,
    );
    const next = await store.open();
    try {
      assertEquals(await send(next, 1), MAX_MESSAGE_ID);
      assertEquals(await send(next, 1), "ids_used_up");
      assertEquals(await admin(place, "check"), {
        code: 1,
        stdout:
          "1 user whose inbox has used up its ids and takes no message: once they have pulled what waits, run messageu-admin restart-ids\n",
        stderr: "",
      });
      assertEquals((await admin(place, "restart-ids")).stdout, WAITING);
      assertEquals(await send(next, 1), "ids_used_up");
      await next.purge(-1e6, 100);
      assertEquals(
        await adminPrints(place, "restart-ids"),
        "restarted the message ids of 1 user\n",
      );
      assertEquals(await adminPrints(place, "check"), "all is well\n");
      assertEquals(await send(next, 1), 1);
    } finally {
      await next.close();
    }
  },
);

const WAITING = "restarted the message ids of 0 users\n" +
  "left anna alone, for whom messages wait: pull them first\n";

testWithAnyStore(
  "no id comes again where a backup is restored",
  async (store) => {
    const { place } = store;
    await using folder = await temporaryFolder();
    const backup = `${folder.path}/backup`;
    await store.fill({ anna: [], ben: [1, 2] });
    await adminPrints(place, "backup", backup);
    const before = await store.open();
    try {
      assertEquals(await send(before, 1), 1);
      assertEquals(await send(before, 2), 3);
    } finally {
      await before.close();
    }
    const restored = await store.empty();
    await adminPrints(restored.place, "restore", backup, "--yes");
    assertEquals(await adminPrints(restored.place, "check"), "all is well\n");
    const after = await restored.open();
    try {
      assertEquals(await send(after, 1), ID_JUMP + 1);
      assertEquals(await send(after, 2), ID_JUMP + 3);
    } finally {
      await after.close();
    }
  },
);

testWithAnyStore(
  "purge deletes what arrived before, and no id comes back",
  async (store) => {
    const { place } = store;
    const sizes = Array.from({ length: 1234 }, () => 3);
    await store.fill({ anna: sizes, ben: [LARGE, 5, 6] });
    const old = Date.now() - 2 * 3_600_000;
    // One that came in while the clock was ahead stands in nobody's way.
    const annas =
      "ToClient = (SELECT ID FROM accounts WHERE UserName = 'anna')";
    await store.change(
      `UPDATE messages SET Arrived = ${old} WHERE ${annas} OR ID = 1;
      UPDATE messages SET Arrived = ${
        Math.floor(Date.now() + 1e9)
      } WHERE ${annas} AND ID = 2`,
    );
    const purge = (...args: string[]) => adminPrints(place, "purge", ...args);
    assertMatch(
      await purge("--older-than", "3h"),
      /^deleted 0 messages that arrived before 20\S+Z\n$/,
    );
    assertMatch(
      await purge("--older-than", "90m", "--dry-run"),
      /^would delete 1,234 messages that/,
    );
    assertMatch(
      await purge("--older-than", "90m"),
      /^deleted 1,234 messages that/,
    );
    assertMatch(await purge("--older-than", "1w"), /^deleted 0 messages that/);
    assertEquals(await adminPrints(place, "check"), "all is well\n");
    const open = await store.open();
    try {
      const all = { bytes: 9e9, perMessage: 0 };
      const ids = async (byte: number) =>
        (await open.waiting(idOf(byte), all)).map(({ id }) => Number(id));
      assertEquals(await ids(1), [2]);
      assertEquals(await ids(2), [2, 3]);
      await open.purge(-2e9, 10);
      assertEquals(await ids(1), []);
      const sent = await open.send({
        recipient: idOf(1),
        sender: idOf(1),
        type: 3,
        content: new Uint8Array(1),
      }, { messages: 0, bytes: 0 });
      assertEquals(Number(idOrRefusal(sent)), 1235);
    } finally {
      await open.close();
    }
  },
);
