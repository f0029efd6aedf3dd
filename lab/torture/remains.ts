/**
 * What a killed relay left in its database, held against what the load knows.
 * A copy is read, so that the next relay finds the log as the kill left it.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { infoFiles } from "../../shared/folder/info_files.ts";
import { asClientId } from "../../shared/wire/field_types.ts";
import { nameOf, type Tracked } from "./inbox.ts";
import type { People, Person } from "./people.ts";
import type { Tally } from "./tally.ts";
import { MessageRows } from "./message_rows.ts";
import { must } from "./violation.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** Milliseconds by which a client's last visit may lag behind what is written. */
const SEEN_LAG = 1000;

/**
 * Checks the database of a relay that doesn't run, and settles what no answer
 * had settled: what is there counts as kept from now on, the rest never came in.
 *
 * @param dir where the relay's database lies
 * @throws {Violation} where the relay broke a promise
 */
export async function checkRemains(
  dir: string,
  people: People,
  tally: Tally,
): Promise<void> {
  const copy = await Deno.makeTempDir({ prefix: "messageu-torture-copy-" });
  try {
    const [name] = infoFiles.database;
    await Deno.copyFile(`${dir}/${name}`, `${copy}/${name}`);
    await copyIfThere(`${dir}/${name}-wal`, `${copy}/${name}-wal`);
    const database = new Database(`${copy}/${name}`, { int64: true });
    try {
      checkIntegrity(database);
      settleRegistrations(database, people, tally);
      settleMessages(database, people, tally);
    } finally {
      database.close();
    }
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await Deno.copyFile(from, to);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/** @throws {Violation} unless SQLite finds its file whole */
export function checkIntegrity(database: Database): void {
  const found = database.prepare<{ integrity_check: string }>(
    "PRAGMA integrity_check",
  ).all().map((row) => row.integrity_check).join("; ");
  must(found === "ok", () => `Expected integrity_check to say ok: ${found}`);
}

function settleRegistrations(
  database: Database,
  people: People,
  tally: Tally,
): void {
  const rows = database.prepare<ClientRow>(
    "SELECT ID AS id, UserName AS name, PublicKey AS publicKey, LastSeen AS lastSeen FROM clients",
  ).all();
  const found = new Set<Person>();
  for (const { id, name, publicKey, lastSeen } of rows) {
    const person = people.named(name);
    must(!found.has(person), () => `${name} is registered twice`);
    found.add(person);
    people.keep(person, asClientId(id));
    people.hasKey(person, publicKey);
    checkLastSeen(person, lastSeen, people.lastWrite);
  }
  for (const person of people.unanswered()) people.drop(person);
  for (const person of people.registered) {
    must(
      found.has(person),
      () => `The registration of ${person.name} was acknowledged, and is lost`,
    );
  }
  tally.checks += rows.length;
}

/** Visits are written along with the first message that comes `SEEN_LAG` later. */
function checkLastSeen(
  { name, seen }: Person,
  lastSeen: string,
  lastWrite: number,
): void {
  const due = seen.filter(({ answered }) => answered <= lastWrite - SEEN_LAG);
  // What was too late for this relay to write isn't the next one's affair.
  seen.length = 0;
  const last = Math.max(0, ...due.map(({ sent }) => sent));
  must(
    Date.parse(lastSeen) >= last,
    () =>
      `${name} was last seen at ${lastSeen}, but asked something at ${
        new Date(last).toISOString()
      }, ${lastWrite - last} ms before a message that is kept`,
  );
}

function settleMessages(
  database: Database,
  people: People,
  tally: Tally,
): void {
  const rows = new MessageRows(database);
  const found = new Set<Tracked>();
  for (const { id, inbox } of people.registered) {
    for (const row of rows.to(id)) {
      const message = people.recognise(inbox, row);
      must(!found.has(message), () => `${nameOf(message)} is there twice`);
      found.add(message);
      must(
        message.fate !== "gone",
        () =>
          `${
            nameOf(message)
          } was deleted, but it is there again after the kill`,
      );
      inbox.keep(message, row.messageId, people.tick());
    }
  }
  rows.checkNothingElse();
  for (const inbox of people.inboxes()) {
    for (const message of inbox.open) {
      tally.checks++;
      if (found.has(message)) message.mayBeGone = false;
      else if (message.fate === "asked") inbox.refuse(message);
      else {
        must(
          message.mayBeGone,
          () =>
            `${nameOf(message)} was acknowledged and not taken, and is lost`,
        );
        inbox.forget(message, people.tick());
      }
    }
  }
}

interface ClientRow {
  id: Uint8Array;
  name: string;
  publicKey: Uint8Array;
  lastSeen: string;
}
