import type { Database } from "@db/sqlite";
import { equals } from "@std/bytes";
import {
  type DeviceId,
  deviceId,
  HASH_SIZE,
  SendingState,
  uid,
} from "../../../../../../shared/secure/secure_protocol.ts";
import { clientId } from "../../../../../../shared/wire/field_types.ts";
import {
  bytes,
  type Field,
  list,
  record,
  rest,
  u32,
  u8,
} from "../../../../../../shared/wire/fields.ts";
import type { NewSending, SendingResult } from "../../../../secure_store.ts";
import { isFull, type Quota } from "../../../../store.ts";
import { PART_SIZE } from "../../../../store_rows.ts";
import { f64, mapped } from "../../fields.ts";
import type { StoreCommand, TakeContent } from "../../store_command.ts";
import type { Mailbox, Mailboxes } from "../mailboxes.ts";
import { MailInserter } from "../mail_inserter.ts";

/** A sending, of whose contents only the sizes are told; the time is in milliseconds since 1970. */
interface Sending extends Omit<NewSending, "envelopes"> {
  quota: Quota;
  at: number;
  envelopes: readonly SizedEnvelope[];
}

interface SizedEnvelope {
  device: DeviceId;
  size: number;
}

const refusals = ["unknown", "closed", "full", "uid", "count"] as const;
const TAKEN = 0;
const TAKEN_BEFORE = 1;
const OTHER_DEVICES = 2;
const FIRST_REFUSAL = 3;

interface ResultFields {
  code: number;
  highestCount: number;
  record: Uint8Array;
}

const NOTHING = new Uint8Array(0);

const sendingResult: Field<SendingResult> = mapped(
  record<ResultFields>({ code: u8, highestCount: f64, record: rest }),
  (result) => {
    if ("wasTaken" in result) {
      const { wasTaken, highestCount } = result;
      const code = wasTaken ? TAKEN_BEFORE : TAKEN;
      return { code, highestCount, record: NOTHING };
    }
    return "otherDevices" in result
      ? { code: OTHER_DEVICES, highestCount: 0, record: result.otherDevices }
      : {
        code: FIRST_REFUSAL + refusals.indexOf(result.refused),
        highestCount: 0,
        record: NOTHING,
      };
  },
  ({ code, highestCount, record }) => {
    if (code === OTHER_DEVICES) return { otherDevices: record.slice() };
    const refused = refusals[code - FIRST_REFUSAL];
    if (refused !== undefined) return { refused };
    return { wasTaken: code === TAKEN_BEFORE, highestCount };
  },
);

/** Keeps a sending in the mailboxes of all devices of an account, or in none. */
export const sendEnvelopes: StoreCommand<Sending, SendingResult> = {
  effect: "adds",
  fields: record<Sending>({
    device: deviceId,
    sender: clientId,
    uid,
    count: f64,
    digest: bytes(HASH_SIZE),
    account: clientId,
    recordVersion: u32,
    lifetime: f64,
    quota: record<Quota>({ messages: f64, bytes: f64 }),
    at: f64,
    envelopes: list(record<SizedEnvelope>({ device: deviceId, size: u32 })),
  }),
  result: sendingResult,
  contentSize: ({ envelopes }) => totalSize(envelopes),
  prepare(database) {
    const mail = new MailInserter(database);
    const sendings = prepareSendings(database);
    const newestRecord = database.prepare<{ record: Uint8Array }>(
      "SELECT Record AS record FROM profiles WHERE ID = ?",
    );
    return {
      execute(sending, { mailboxes }, content): SendingResult {
        const { device, sender, uid, count, account, envelopes, at } = sending;
        const from = mailboxes.find(device.toHex());
        const to = from === undefined
          ? "unknown"
          : recipientsOf(sending, mailboxes);
        const isRefused = from === undefined || typeof to === "string" ||
          mailboxes.isCountUsed(from, count);
        if (isRefused || !sendings.insert(sending)) {
          const before = sendings.before(sending, from?.count ?? 0);
          if (before !== undefined) return before;
          if (to !== "otherDevices") {
            return { refused: typeof to === "string" ? to : "count" };
          }
          const { record = NOTHING } = newestRecord.get(account) ?? {};
          return { otherDevices: record };
        }
        const take = contentsOf(envelopes, content);
        const kept = {
          uid,
          account: sender,
          fromDevice: device,
          flags: 0,
          arrived: at,
          expires: at + sending.lifetime,
        };
        for (const { mailbox, size } of to) {
          const seq = mailboxes.add(mailbox, size);
          mail.insert([{ device: mailbox.device, seq }], kept, size, take);
        }
        const highestCount = mailboxes.sent(from, count);
        return { wasTaken: false, highestCount };
      },
    };
  },
};

/** The mailbox of each envelope, or why a sending is refused that wasn't taken before. */
function recipientsOf(
  { account, recordVersion, quota, envelopes }: Sending,
  mailboxes: Mailboxes,
):
  | readonly { mailbox: Mailbox; size: number }[]
  | "unknown"
  | "closed"
  | "full"
  | "otherDevices" {
  const to = mailboxes.account(account);
  if (to === undefined) return "unknown";
  if (to.isClosed) return "closed";
  const missing = new Set(to.devices);
  const sizes = envelopes.map(({ device, size }) => ({
    key: device.toHex(),
    size,
  }));
  const areAll = sizes.every(({ key }) => missing.delete(key));
  if (!areAll || missing.size > 0 || recordVersion !== to.version) {
    return "otherDevices";
  }
  const recipients = [];
  for (const { key, size } of sizes) {
    const mailbox = mailboxes.find(key);
    if (mailbox === undefined || isFull(mailbox, size, quota)) return "full";
    recipients.push({ mailbox, size });
  }
  return recipients;
}

/** The sendings that are remembered. */
function prepareSendings(database: Database) {
  const insert = database.prepare(
    `INSERT INTO taken (Device, Uid, Count, Digest, State, Time, Waiting, Message)
      VALUES (?, ?, ?, ?, ${SendingState.Waits}, ?, ?, 0) ON CONFLICT DO NOTHING`,
  );
  const withUid = database.prepare<{ digest: Uint8Array }>(
    "SELECT Digest AS digest FROM taken WHERE Device = ? AND Uid = ?",
  );
  return {
    /** Remembers a sending; false if its uid was used. */
    insert({ device, uid, count, digest, at, envelopes }: Sending): boolean {
      return insert.run(device, uid, count, digest, at, envelopes.length) > 0;
    },

    /** The result of a sending whose uid was used before; else undefined. */
    before(
      { device, uid, digest }: Sending,
      highestCount: number,
    ): SendingResult | undefined {
      const found = withUid.get(device, uid);
      if (found === undefined) return undefined;
      if (!equals(found.digest, digest)) return { refused: "uid" };
      return { wasTaken: true, highestCount };
    },
  };
}

function totalSize(envelopes: readonly SizedEnvelope[]): number {
  return envelopes.reduce((sum, { size }) => sum + size, 0);
}

/** Takes one content after the other; a small one can be taken again by another try. */
function contentsOf(
  envelopes: readonly SizedEnvelope[],
  content: TakeContent,
): TakeContent {
  const total = totalSize(envelopes);
  if (total > PART_SIZE) return content;
  const whole = content(total);
  let at = 0;
  return (size) => whole.subarray(at, at += size);
}
