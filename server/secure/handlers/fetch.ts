import { clientId } from "../../../shared/wire/field_types.ts";
import {
  type Codec,
  codec,
  record,
  u32,
  u64,
  u8,
} from "../../../shared/wire/fields.ts";
import {
  type DeviceId,
  deviceId,
  MAX_FETCH_WAIT,
  type Seq,
  uid,
} from "../../../shared/secure/secure_protocol.ts";
import type { Response, ResponsePiece } from "../../relay/response.ts";
import {
  type Mail,
  MAIL_OVERHEAD,
  type MailBatch,
  type SecureStore,
} from "../../store/secure_store.ts";
import { PART_SIZE } from "../../store/store_rows.ts";
import { refuse, respond, respondInPieces } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** Bytes of the messages of one response, at most. */
const RESPONSE_SIZE = 1024 * 1024;
/** What is acknowledged is gone: the oldest that is left comes first. */
const START = 0 as Seq;

/** 3008: acknowledges messages and hands out the next, once there are any (BOX-1 to BOX-4, STA-5). */
export const fetch: SecureHandler<"fetch"> = async (
  { acknowledged, wait, most },
  { session, store: { secure }, now, memory },
) => {
  const { id } = session.device;
  if (acknowledged > 0) await secure.acknowledge(id, acknowledged, now);
  const size = Math.min(most, RESPONSE_SIZE);
  const read = () => secure.mail(id, START, size, memory);
  let batch = await read();
  if (batch.mail.length === 0 && wait > 0) {
    const { lastSeq } = batch;
    // Thousands may wait.
    memory.endResponse();
    await session.hold(
      (signal) => secure.arrival(id, lastSeq, signal),
      Math.min(wait, MAX_FETCH_WAIT) * 1000,
    );
    if (!(await session.isCurrent(secure))) return refuse("not_authenticated");
    batch = await read();
  }
  return handOut(secure, id, batch);
};

function handOut(
  secure: SecureStore,
  id: DeviceId,
  { lastSeq, mail }: MailBatch,
): Response {
  const time = Date.now();
  const large = mail.find(({ size, content }) => content.length < size);
  if (large === undefined) {
    return respond("fetch", { time, lastSeq, messages: mail });
  }
  // It fills a response by itself.
  return respondInPieces("fetch", { time, lastSeq, messages: [] }, {
    size: MAIL_OVERHEAD + large.size,
    pieces: piecesOf(secure, id, large),
  });
}

type MailHead = Omit<Mail, "size" | "content"> & { contentSize: number };

const mailHead: Codec<MailHead> = codec(
  "mail",
  record<MailHead>({
    seq: u64 as never,
    uid,
    account: clientId,
    device: deviceId,
    flags: u8,
    arrived: u64,
    contentSize: u32,
  }),
);

function* piecesOf(
  secure: SecureStore,
  id: DeviceId,
  mail: Mail,
): Generator<ResponsePiece> {
  const { size, content } = mail;
  yield {
    memory: 0,
    read: () => mailHead.encode({ ...mail, contentSize: size }),
  };
  // There was room for it before it was read.
  yield { memory: 0, read: () => content };
  const rest = secure.restOfMail(id, mail)[Symbol.asyncIterator]();
  for (let left = size - content.length; left > 0;) {
    const read = async () => {
      const { value = new Uint8Array(0) } = await rest.next();
      left -= value.length;
      return value;
    };
    yield { memory: Math.min(left, PART_SIZE), read };
  }
}
