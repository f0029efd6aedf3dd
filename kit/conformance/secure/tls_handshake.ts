/**
 * The server's half of a TLS 1.3 handshake (RFC 8446), as far as it shows which
 * certificates the server has. Nothing of it is trusted.
 *
 * @module
 */

import { concat } from "@std/bytes";
import { inTime } from "../../../shared/cli/time.ts";
import { RELAY_HOST_NAME } from "../../../shared/secure/relay_certificate.ts";
import { sha256 } from "../../../shared/secure/signed_bytes.ts";
import { ByteSource } from "../../../shared/wire/byte_source.ts";
import { CheckFailure } from "../server/check.ts";
import { randomBytes } from "../server/frames.ts";
import type { SecureProbe } from "./secure_probe.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Types of records. */
const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
/** Types of handshake messages. */
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const FINISHED = 20;
/** Extensions. */
const KEY_SHARE = 51;
/** TLS_AES_128_GCM_SHA256, with SHA-256 and keys of 16 bytes. */
const CIPHER = "1301";
const X25519 = "001d";

/** What a server's handshake shows. */
export interface Handshake {
  /** The types of its messages, in their order. */
  readonly messages: readonly number[];
  /** DER of its certificates. */
  readonly certificates: readonly Uint8Array[];
}

/**
 * A ClientHello for the relay's host name.
 *
 * @param keyShare X25519 public key, 32 bytes; of no use to TLS 1.1
 */
export function clientHello(
  version: "1.1" | "1.3",
  keyShare: Uint8Array = randomBytes(32),
): Bytes {
  const name = new TextEncoder().encode(RELAY_HOST_NAME);
  const extensions = [
    extension(0, sized(2, hex("00"), sized(2, name))),
    extension(10, sized(2, hex(X25519))),
    extension(13, sized(2, hex("080704030804"))),
    ...version === "1.1" ? [extension(11, hex("0100"))] : [
      extension(43, hex("020304")),
      extension(KEY_SHARE, sized(2, hex(X25519), sized(2, keyShare))),
    ],
  ];
  // ECDHE with AES and SHA-1, as far as TLS 1.1 goes.
  const ciphers = version === "1.1" ? "c009c00ac013c014002f" : CIPHER;
  const body = concat([
    hex(version === "1.1" ? "0302" : "0303"),
    randomBytes(32),
    hex("00"),
    sized(2, hex(ciphers)),
    hex("0100"),
    sized(2, ...extensions),
  ]);
  return concat([
    hex(`${HANDSHAKE.toString(16)}0301`),
    sized(2, Uint8Array.of(CLIENT_HELLO), sized(3, body)),
  ]) as Bytes;
}

/**
 * Makes a handshake up to the server's last message.
 *
 * @throws {CheckFailure} if it can't be read
 */
export async function readHandshake(
  conn: Deno.TcpConn,
  probe: SecureProbe,
): Promise<Handshake> {
  const reading = handshake(conn, probe);
  reading.catch(() => {});
  try {
    const read = await inTime(reading, probe.timeout, undefined);
    if (read !== undefined) return read;
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof DOMException)) {
      throw error;
    }
    throw new CheckFailure("a handshake of TLS 1.3", error.message);
  }
  throw new CheckFailure("a handshake of TLS 1.3", "none in time");
}

async function handshake(
  conn: Deno.TcpConn,
  probe: SecureProbe,
): Promise<Handshake> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    "X25519",
    false,
    ["deriveBits"],
  ) as CryptoKeyPair;
  const share = await crypto.subtle.exportKey("raw", publicKey);
  const hello = clientHello("1.3", new Uint8Array(share));
  await probe.write(conn, hello);
  const records = new Records(new ByteSource((into) => conn.read(into)));
  const serverHello = await records.plain();
  const theirs = await crypto.subtle.importKey(
    "raw",
    keyShareIn(serverHello),
    "X25519",
    false,
    [],
  );
  const shared = await crypto.subtle.deriveBits(
    { name: "X25519", public: theirs },
    privateKey,
    256,
  );
  const transcript = concat([hello.subarray(5), serverHello]);
  await records.unlock(await serverSecret(new Uint8Array(shared), transcript));
  const messages: number[] = [];
  const certificates: Uint8Array[] = [];
  for (let type = 0; type !== FINISHED;) {
    const message = await records.message();
    type = message[0] ?? 0;
    messages.push(type);
    if (type === CERTIFICATE) certificates.push(...certificatesIn(message));
  }
  return { messages, certificates };
}

/** The key of the server's handshake messages (section 7.1 of RFC 8446). */
async function serverSecret(shared: Bytes, transcript: Uint8Array) {
  const zeros = new Uint8Array(32);
  const early = await hmac(zeros, zeros);
  const empty = await sha256(new Uint8Array());
  const salt = await expand(early, "derived", empty, 32);
  const secret = await hmac(salt, shared);
  return await expand(secret, "s hs traffic", await sha256(transcript), 32);
}

/** The records of a server, one after the other. */
class Records {
  readonly #source: ByteSource;
  #key: CryptoKey | undefined;
  #iv: Bytes = new Uint8Array();
  #count = 0;
  #held: Bytes = new Uint8Array();

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Sets the secret of the records from here on. */
  async unlock(secret: Bytes): Promise<void> {
    const none = new Uint8Array();
    this.#iv = await expand(secret, "iv", none, 12);
    const key = await expand(secret, "key", none, 16);
    this.#key = await crypto.subtle.importKey("raw", key, "AES-GCM", false, [
      "decrypt",
    ]);
  }

  /** The handshake message in the next record, which isn't encrypted. */
  async plain(): Promise<Uint8Array> {
    const { type, content } = await this.#record();
    if (type === HANDSHAKE && content[0] === SERVER_HELLO) return content;
    throw new RangeError(`a record of type ${type}`);
  }

  /** The next encrypted handshake message, with its head of 4 bytes. */
  async message(): Promise<Uint8Array> {
    while (this.#held.length < 4 || this.#held.length < this.#messageSize()) {
      this.#held = concat([this.#held, await this.#opened()]) as Bytes;
    }
    const size = this.#messageSize();
    const message = this.#held.subarray(0, size);
    this.#held = this.#held.slice(size);
    return message;
  }

  #messageSize = () => 4 + bigEndian(this.#held.subarray(1, 4));

  async #opened(): Promise<Uint8Array> {
    const { type, head, content } = await this.#record();
    if (type === CHANGE_CIPHER_SPEC) return new Uint8Array();
    if (type !== APPLICATION_DATA || this.#key === undefined) {
      throw new RangeError(`a record of type ${type}`);
    }
    const iv = this.#iv.slice();
    // Fewer than 256 records: only the last byte counts.
    iv[11] = (iv[11] ?? 0) ^ this.#count++;
    const opened = new Uint8Array(
      await crypto.subtle.decrypt(
        { name: "AES-GCM", iv, additionalData: head },
        this.#key,
        content,
      ),
    );
    const end = opened.findLastIndex((byte) => byte !== 0);
    if (opened[end] === HANDSHAKE) return opened.subarray(0, end);
    throw new RangeError(`encrypted bytes of type ${opened[end]}`);
  }

  async #record() {
    const head = await this.#source.take(5);
    const size = bigEndian(head?.subarray(3) ?? new Uint8Array());
    const content = head && await this.#source.take(size);
    if (!head || !content) throw new RangeError("the end of the connection");
    return { type: head[0] ?? 0, head, content };
  }
}

/** The server's X25519 key in its ServerHello. */
function keyShareIn(message: Uint8Array): Bytes {
  // Head 4, version 2, random 32, then the session's id behind its size.
  let at = 4 + 2 + 32;
  at += 1 + (message[at] ?? 0) + 2 + 1 + 2;
  while (at + 4 <= message.length) {
    const type = bigEndian(message.subarray(at, at + 2));
    const size = bigEndian(message.subarray(at + 2, at + 4));
    const value = message.slice(at + 4, at + 4 + size);
    if (type === KEY_SHARE && size === 36) return value.subarray(4) as Bytes;
    at += 4 + size;
  }
  throw new RangeError("a ServerHello without an X25519 key");
}

function certificatesIn(message: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  // Head 4, context behind its size, size of the list 3.
  for (let at = 4 + 1 + (message[4] ?? 0) + 3; at < message.length;) {
    const size = bigEndian(message.subarray(at, at + 3));
    found.push(message.slice(at + 3, at + 3 + size));
    at += 3 + size;
    at += 2 + bigEndian(message.subarray(at, at + 2));
  }
  return found;
}

const hex = (text: string) => Uint8Array.fromHex(text);

const bigEndian = (bytes: Uint8Array) =>
  bytes.reduce((value, byte) => value * 256 + byte, 0);

/** Bytes behind their size, a big-endian integer of so many bytes. */
function sized(sizeBytes: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(parts);
  const digits = content.length.toString(16).padStart(2 * sizeBytes, "0");
  return concat([hex(digits), content]);
}

const extension = (type: number, content: Uint8Array) =>
  concat([hex(type.toString(16).padStart(4, "0")), sized(2, content)]);

async function hmac(key: Bytes, message: Uint8Array): Promise<Bytes> {
  const imported = await crypto.subtle.importKey(
    "raw",
    key,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const signed = await crypto.subtle.sign("HMAC", imported, message as Bytes);
  return new Uint8Array(signed);
}

/** HKDF-Expand-Label, of 32 bytes at most. */
async function expand(
  secret: Bytes,
  label: string,
  context: Uint8Array,
  size: number,
): Promise<Bytes> {
  const info = concat([
    hex(size.toString(16).padStart(4, "0")),
    sized(1, new TextEncoder().encode(`tls13 ${label}`)),
    sized(1, context),
    Uint8Array.of(1),
  ]);
  return (await hmac(secret, info)).slice(0, size);
}
