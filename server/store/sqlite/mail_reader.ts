import type { Database } from "@db/sqlite";
import type { DeviceId, Seq } from "../../../shared/secure/secure_protocol.ts";
import { type Mail, MAIL_OVERHEAD, type MailBatch } from "../secure_store.ts";
import { type ResponseMemory, restOf } from "../store.ts";
import { read, readAtOnce } from "./read.ts";

/** Messages whose sizes are looked up at a time. */
const SIZES_AT_ONCE = 64;

/** Reads mailboxes, on the event loop. */
export class MailReader {
  readonly #database: Database;
  readonly #statements;

  /** @param database has its tables */
  constructor(database: Database) {
    this.#database = database;
    this.#statements = {
      lastSeq: database.prepare<{ seq: Seq }>(
        `SELECT max(LastSeq, coalesce(
          (SELECT max(Seq) FROM mail WHERE mail.Device = devices.Device), 0)) AS seq
          FROM devices WHERE Device = ?`,
      ),
      sizes: database.prepare<{ seq: Seq; size: number; first: number }>(
        `SELECT Seq AS seq, length(Content) + Rest AS size,
          length(Content) AS first FROM mail
          WHERE Device = ? AND Seq > ? ORDER BY Seq LIMIT ?`,
      ),
      mail: database.prepare<Mail>(
        `SELECT Seq AS seq, Uid AS uid, Account AS account,
          FromDevice AS device, Flags AS flags, Arrived AS arrived,
          length(Content) + Rest AS size, Content AS content
          FROM mail WHERE Device = ? AND Seq > ? AND Seq <= ? ORDER BY Seq`,
      ),
      part: database.prepare<{ content: Uint8Array }>(
        `SELECT Content AS content FROM mail_parts
          WHERE Device = ? AND Seq = ? AND Part = ?`,
      ),
    };
  }

  /** The highest position that was given out in a mailbox. */
  lastSeq(device: DeviceId): Seq {
    const row = read(() => this.#statements.lastSeq.get(device));
    return row?.seq ?? 0 as Seq;
  }

  /** The oldest messages behind a position: see `SecureStore.mail`. */
  async oldest(
    device: DeviceId,
    after: Seq,
    most: number,
    memory?: ResponseMemory,
  ): Promise<MailBatch> {
    const room = (bytes: number) => memory?.tryReserve(bytes) ?? true;
    const found = this.#batch(device, after, most, room);
    if (typeof found !== "number") return found;
    await memory?.reserve(found);
    // Room is reserved for so much, whatever came in meanwhile.
    const batch = this.#batch(device, after, found, () => true);
    return typeof batch === "number"
      ? { lastSeq: this.lastSeq(device), mail: [] }
      : batch;
  }

  /** The messages, or where there is no room for them their bytes. */
  #batch(
    device: DeviceId,
    after: Seq,
    most: number,
    room: (bytes: number) => boolean,
  ): MailBatch | number {
    return readAtOnce(this.#database, () => {
      const { last, bytes } = this.#measure(device, after, most);
      if (!room(bytes)) return bytes;
      const lastSeq = this.lastSeq(device);
      if (last === after) return { lastSeq, mail: [] };
      const mail = this.#statements.mail.all(device, after, last);
      return { lastSeq, mail };
    });
  }

  /** The last position of a batch, and its bytes. */
  #measure(
    device: DeviceId,
    after: Seq,
    most: number,
  ): { last: Seq; bytes: number } {
    let last = after;
    let bytes = 0;
    for (const { seq, size, first } of this.#sizes(device, after)) {
      const isTooMuch = bytes + size + MAIL_OVERHEAD > most;
      if (last > after && isTooMuch) break;
      bytes += first + MAIL_OVERHEAD;
      last = seq;
      if (isTooMuch) break;
    }
    return { last, bytes };
  }

  /** The sizes of messages, oldest first, read as far as they are taken. */
  *#sizes(device: DeviceId, after: Seq) {
    for (let last = after;;) {
      const rows = this.#statements.sizes.all(device, last, SIZES_AT_ONCE);
      yield* rows;
      last = rows.at(-1)?.seq ?? last;
      if (rows.length < SIZES_AT_ONCE) return;
    }
  }

  /** The rest of a large content: see `SecureStore.restOfMail`. */
  rest(device: DeviceId, mail: Mail): AsyncIterable<Uint8Array> {
    const { part: statement } = this.#statements;
    return restOf(
      mail,
      (part) => read(() => statement.get(device, mail.seq, part))?.content,
    );
  }
}
