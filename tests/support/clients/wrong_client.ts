/**
 * A small client with the protocol's menu on standard input, which makes the
 * mistakes that its command line names.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { createCipheriv } from "node:crypto";
import { ByteSource } from "../../../shared/wire/byte_source.ts";
import {
  decryptKey,
  encryptKey,
  exportPublicKey,
  exportSymmetricKey,
  generateKeyPair,
  generateSymmetricKey,
  importPrivateKey,
  importPublicKey,
  legacyDecrypt,
} from "../../../shared/crypto/crypto.ts";
import { formatInfoMe, parseInfoMe } from "../../../shared/folder/info_me.ts";
import { readInbox } from "../../../lab/harness/responses.ts";
import { BLOCK_SIZE, paddingBehind } from "../../../shared/wire/dialects.ts";
import {
  type ClientId,
  MessageType,
  RESPONSE_HEADER_SIZE,
  ZERO_ID,
} from "../../../shared/wire/protocol.ts";
import { requestCodecs } from "../../../shared/wire/requests.ts";
import { requestHeader, responseHeader } from "../../../shared/wire/frames.ts";
import { parseAddress } from "../../../shared/folder/info_server.ts";
import { lines } from "../../../shared/cli/lines.ts";
import { decodeListedName } from "../../../shared/wire/names.ts";
import { printableLine } from "../../../shared/cli/printable.ts";
import { writeAll } from "../../../shared/cli/write_all.ts";
import type { Mistake } from "./mistakes.ts";

const mistakes = new Set(Deno.args as Mistake[]);
const makes = (mistake: Mistake) => mistakes.has(mistake);
const server = parseAddress(Deno.env.get("MESSAGEU_SERVER") ?? "");
const utf8 = (text: string) => new TextEncoder().encode(text);
const say = (text: string) => Deno.stdout.writeSync(utf8(`${text}\n`));
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Somebody whom the list named. */
interface Contact {
  id: ClientId;
  name: string;
  publicKey?: CryptoKey;
  keys: CryptoKey[];
}

let me = await identity();
const contacts: Contact[] = [];

/** Who registered here before. */
async function identity(): Promise<
  { id: ClientId; privateKey: CryptoKey } | undefined
> {
  const text = await Deno.readTextFile("info.me").catch(() => undefined);
  if (text === undefined) return undefined;
  const { clientId, privateKey } = await parseInfoMe(text);
  return { id: clientId, privateKey: await importPrivateKey(privateKey) };
}

class Refused extends Error {
  override message = "server responded with an error";
}

/** A whole request, with what is wrong in its header. */
function frame(code: number, payload: Uint8Array): Uint8Array {
  const withoutId = makes("zero-id") && code === 602;
  const header = requestHeader.encode({
    clientId: withoutId ? ZERO_ID : me?.id ?? ZERO_ID,
    version: makes("version-1") ? 1 : 2,
    code,
    payloadSize: makes("unsized-in-blocks") && code === 602
      ? 0
      : makes("counts-content") && code === 603
      ? payload.length - 21
      : payload.length + (makes("counts-header") ? 23 : 0),
  });
  const view = new DataView(header.buffer);
  if (makes("big-endian")) {
    view.setUint16(17, code);
    view.setUint32(19, payload.length);
  }
  // A compiler aligns the fields of such a struct.
  const aligned = makes("aligned-header")
    ? concat([header.subarray(0, 17), new Uint8Array(1), header.subarray(17)])
    : header;
  const bytes = concat([aligned, payload]);
  if (!makes("unsized-in-blocks")) return bytes;
  return concat([
    bytes,
    new Uint8Array(paddingBehind(bytes.length, { blockSize: BLOCK_SIZE })),
  ]);
}

async function send(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  const first = makes("two-writes") ? 23 : bytes.length;
  await writeAll(conn, bytes.subarray(0, first));
  if (first < bytes.length) {
    // A server has read the header by then.
    await pause(30);
    await writeAll(conn, bytes.subarray(first));
  }
  if (makes("half-close")) await conn.closeWrite();
}

/** Asks, and reads the answer's payload. */
async function ask(code: number, payload: Uint8Array): Promise<Uint8Array> {
  using conn = await Deno.connect(server);
  conn.setNoDelay();
  await send(conn, frame(code, payload));
  if (makes("pipelines") && code === 601) {
    await send(conn, frame(604, utf8("")));
  }
  if (makes("one-read")) return await oneRead(conn);
  const source = new ByteSource((into) => conn.read(into));
  const head = await source.take(RESPONSE_HEADER_SIZE);
  if (head === null) throw new Error("no answer");
  const header = responseHeader.decode(head);
  const wrongVersion = makes("version-2-only") && header.version !== 2;
  if (header.code === 9000 || wrongVersion) {
    if (makes("dies")) Deno.exit(3);
    if (makes("hangs")) await new Promise(() => setInterval(() => {}, 1000));
    throw new Refused();
  }
  if (header.code !== 2100 + code - 600) throw new Error("another answer");
  const answer = await source.take(header.payloadSize);
  if (answer !== null) return answer;
  // What came of an inbox isn't at the server any more.
  if (code !== 604 || makes("drops-broken")) throw new Error("half an answer");
  return source.takeArrived(source.buffered);
}

async function oneRead(conn: Deno.TcpConn): Promise<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  const count = await conn.read(buffer) ?? 0;
  if (count < RESPONSE_HEADER_SIZE) throw new Error("half an answer");
  const { code } = responseHeader.decode(buffer.slice(0, 7));
  if (code === 9000) throw new Refused();
  return buffer.slice(RESPONSE_HEADER_SIZE, count);
}

/** The pair's public key as it is sent. */
async function register(name: string): Promise<void> {
  if (me !== undefined && !makes("registers-over")) {
    throw new Error("You are registered already");
  }
  const pair = makes("long-key")
    ? await crypto.subtle.generateKey(
      {
        name: "RSA-OAEP",
        hash: "SHA-1",
        modulusLength: 1024,
        publicExponent: new Uint8Array([1, 0, 1]),
      },
      true,
      ["encrypt", "decrypt"],
    )
    : await generateKeyPair();
  const key = makes("long-key")
    ? new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey))
    : await exportPublicKey(pair.publicKey);
  const field = new Uint8Array(255).fill(makes("unpadded-name") ? 0xcd : 0);
  field.set(utf8(`${name}\0`));
  const id = await ask(600, concat([field, key])) as ClientId;
  me = { id, privateKey: pair.privateKey };
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const kept = makes("other-id") ? ZERO_ID : id;
  await Deno.writeTextFile(
    "info.me",
    formatInfoMe({ name, clientId: kept, privateKey: new Uint8Array(pkcs8) }),
  );
}

async function list(): Promise<void> {
  const payload = await ask(601, utf8(""));
  for (let at = 0; at < payload.length; at += 271) {
    const id = payload.slice(at, at + 16) as Uint8Array as ClientId;
    const name = decodeListedName(payload.subarray(at + 16, at + 271));
    say(makes("raw-output") ? name : printableLine(name));
    if (contacts.some((one) => one.name === name)) continue;
    contacts.push({ id, name, keys: [] });
  }
}

function named(name: string): Contact {
  const contact = contacts.find((one) => one.name === name);
  if (contact === undefined) throw new Error("nobody has that name");
  return contact;
}

async function fetchKey(name: string): Promise<void> {
  const contact = named(name);
  const answer = await ask(
    602,
    requestCodecs.publicKey.encode({ target: contact.id }),
  );
  const isAlone = answer.length === 160 && !makes("needs-id");
  contact.publicKey = await importPublicKey(
    isAlone ? answer : answer.subarray(16),
  );
}

async function sendTo(
  contact: Contact,
  type: MessageType,
  content: Uint8Array,
): Promise<void> {
  const payload = requestCodecs.sendMessage.encode({
    target: contact.id,
    type,
    content,
  });
  if (makes("content-size")) payload[17] = (payload[17] ?? 0) ^ 1;
  const answer = await ask(603, payload);
  if (makes("needs-20") && answer.length !== 20) throw new Refused();
}

async function encrypted(
  contact: Contact,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const key = contact.keys.at(makes("first-key") ? 0 : -1);
  if (key === undefined) throw new Error("no symmetric key");
  const iv = new Uint8Array(16).fill(makes("other-iv") ? 7 : 0);
  const cipher = createCipheriv(
    "aes-128-cbc",
    await exportSymmetricKey(key),
    iv,
  );
  if (!makes("zero-padding")) {
    return concat([cipher.update(plaintext), cipher.final()]);
  }
  const padded = new Uint8Array(Math.ceil(plaintext.length / 16) * 16);
  padded.set(plaintext);
  return new Uint8Array(cipher.setAutoPadding(false).update(padded));
}

async function sendKey(name: string): Promise<void> {
  const contact = named(name);
  if (contact.publicKey === undefined) throw new Error("no public key");
  const key = await generateSymmetricKey();
  contact.keys.push(key);
  await sendTo(
    contact,
    MessageType.Key,
    makes("raw-key")
      ? await exportSymmetricKey(key)
      : await encryptKey(contact.publicKey, key),
  );
}

async function pull(): Promise<void> {
  const payload = await ask(604, utf8(""));
  for (const message of readInbox(payload)) {
    try {
      await show(message);
    } catch (error) {
      if (makes("stops-at-unreadable")) throw error;
      say("can't decrypt message");
    }
  }
}

async function show(
  { sender, type, content }: {
    sender: Uint8Array;
    type: number;
    content: Uint8Array;
  },
): Promise<void> {
  const contact = contacts.find(({ id }) =>
    id.every((byte, index) => byte === sender[index])
  );
  if (contact === undefined || me === undefined) throw new Error("who?");
  if (type === MessageType.KeyRequest) {
    say("a request for a key");
    return makes("keys-when-asked") ? await sendKey(contact.name) : undefined;
  }
  if (type === MessageType.Key) {
    contact.keys.push(await decryptKey(me.privateKey, content));
    return;
  }
  if (type !== MessageType.Text && type !== MessageType.File) {
    throw new Error("no such type");
  }
  for (const key of contact.keys.toReversed()) {
    const opened = await legacyDecrypt(key, content).catch(() => undefined);
    if (opened === undefined) continue;
    if (type === MessageType.File) {
      return await Deno.writeFile("received.bin", opened);
    }
    const text = new TextDecoder().decode(opened);
    say(makes("raw-output") ? text : printableLine(text));
    return;
  }
  throw new Error("no key opens it");
}

const input = lines(Deno.stdin.readable);
const next = async () => (await input.next()).value ?? "";

/** What each choice of the menu does. */
const menu: Record<string, () => Promise<void>> = {
  "110": async () => {
    if (me === undefined || makes("registers-over")) {
      await register(await next());
    } else say("You are registered already");
  },
  "120": list,
  "130": async () => await fetchKey(await next()),
  "140": pull,
  "150": async () => {
    const name = await next();
    const text = await next();
    const bytes = makes("latin-1")
      ? Uint8Array.from(text, (letter) => letter.charCodeAt(0))
      : utf8(text);
    const contact = named(name);
    await sendTo(contact, MessageType.Text, await encrypted(contact, bytes));
  },
  "151": async () =>
    await sendTo(
      named(await next()),
      MessageType.KeyRequest,
      new Uint8Array(makes("full-request") ? 128 : 0),
    ),
  "152": async () => {
    const name = await next();
    if (makes("keys-when-asked")) say("Keys are sent to those who ask");
    else await sendKey(name);
  },
  "153": async () => {
    const contact = named(await next());
    const path = await next();
    const bytes = await Deno.readFile(path);
    await sendTo(
      contact,
      MessageType.File,
      await encrypted(
        contact,
        makes("named-file") ? concat([utf8("sample.bin\0"), bytes]) : bytes,
      ),
    );
  },
};

for (;;) {
  const { value: choice, done } = await input.next();
  if (done) break;
  if (choice === "0") {
    if (makes("stays")) await new Promise(() => setInterval(() => {}, 1000));
    break;
  }
  try {
    await menu[choice]?.();
  } catch (error) {
    say(
      error instanceof Refused && makes("silent")
        ? "hm"
        : (error as Error).message,
    );
  }
}
