/** Stores with users and messages in them, made without a relay. */

import { Database } from "@db/sqlite";
import {
  openSqliteStore,
  type SendRefusal,
  type SendResult,
  type Store,
} from "../../../server/mod.ts";
import type { ClientId } from "../../../shared/wire/protocol.ts";

/** Bytes of a content that is in three pieces. */
export const LARGE = 2_621_440;

/** Three users, with nothing, a little and a lot. */
export const someInboxes = { anna: [], ben: [10, 20, 30], cora: [LARGE] };

/** An id of one byte, again and again. */
export function idOf(byte: number): ClientId {
  return new Uint8Array(16).fill(byte) as Uint8Array as ClientId;
}

/** The id of a message that was sent, or why it was refused. */
export function idOrRefusal(result: SendResult): number | SendRefusal {
  return "id" in result ? result.id : result.refused;
}

/** Each user's messages, by the sizes of their contents. */
export type InboxSizes = Readonly<Record<string, readonly number[]>>;

/** Makes a store in a folder. */
export async function makeStore(
  dir: string,
  inboxes: InboxSizes,
): Promise<void> {
  await fillStore(await openSqliteStore(`${dir}/db.defensive`), inboxes);
}

/** Fills a store, and closes it. */
export async function fillStore(
  store: Store,
  inboxes: InboxSizes,
): Promise<void> {
  const now = new Date("2026-01-02T03:04:05.678Z");
  const publicKey = new Uint8Array(160).fill(5);
  try {
    const sends: Promise<unknown>[] = [];
    for (const [i, [name, sizes]] of Object.entries(inboxes).entries()) {
      const recipient = idOf(i + 1);
      await store.register({ id: recipient, name, publicKey }, now);
      for (const size of sizes) {
        const content = new Uint8Array(size).fill(i + 1);
        const message = {
          recipient,
          sender: idOf(1),
          type: 3,
          content,
        } as const;
        sends.push(store.send(message, { messages: 0, bytes: 0 }));
      }
    }
    await Promise.all(sends);
  } finally {
    await store.close();
  }
}

/** Changes a database past its store. */
export function changeDatabase(path: string, sql: string): void {
  const database = new Database(path, { int64: true });
  database.exec(sql);
  database.close();
}
