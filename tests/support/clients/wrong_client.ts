/**
 * A small client with the protocol's menu, which makes the mistakes that it is
 * given. It runs in the process of the tests.
 *
 * @module
 */

import { concat } from "@std/bytes";
import type {
  RunningClient,
  StartClient,
} from "../../../kit/conformance/client/driven_client.ts";
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
import { parseInfoMe } from "../../../shared/identity/parse_identity.ts";
import {
  formatInfoMe,
  parseAddress,
} from "../../../shared/folder/info_files.ts";
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
import { inTime } from "../../../shared/cli/time.ts";
import { lines } from "../../../shared/cli/lines.ts";
import { decodeListedName } from "../../../shared/wire/field_types.ts";
import { printableLine } from "../../../shared/cli/printable.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import type { Mistake } from "./mistakes.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** The key pair of all clients: a new one takes 100 ms. */
let pair: Promise<CryptoKeyPair> | undefined;

/** A client of the list. */
interface Contact {
  id: ClientId;
  name: string;
  publicKey?: CryptoKey;
  keys: CryptoKey[];
}

class Refused extends Error {
  override message = "server responded with an error";
}

/** Ends the client with a code. */
class Ended extends Error {
  constructor(readonly code: number) {
    super();
  }
}

/** Starts clients that make these mistakes. */
export function wrongClient(...made: Mistake[]): StartClient {
  return (folder, server, print) =>
    new WrongClient(new Set(made), folder.path, parseAddress(server), print);
}

class WrongClient implements RunningClient {
  readonly #mistakes: ReadonlySet<Mistake>;
  readonly #dir: string;
  readonly #server: { hostname: string; port: number };
  readonly #write: (text: string) => void;
  readonly #typed = new TransformStream<Uint8Array<ArrayBuffer>>(
    {},
    new CountQueuingStrategy({ highWaterMark: Infinity }),
    new CountQueuingStrategy({ highWaterMark: Infinity }),
  );
  readonly #keyboard = this.#typed.writable.getWriter();
  readonly #input = lines(this.#typed.readable);
  readonly #killed = Promise.withResolvers<never>();
  readonly #conns = new Set<Deno.TcpConn>();
  readonly #contacts: Contact[] = [];
  readonly #ending: Promise<Deno.CommandStatus>;
  #me: { id: ClientId; privateKey: CryptoKey } | undefined;
  #isKilled = false;
  #status: Deno.CommandStatus | undefined;

  constructor(
    mistakes: ReadonlySet<Mistake>,
    dir: string,
    server: { hostname: string; port: number },
    write: (text: string) => void,
  ) {
    this.#mistakes = mistakes;
    this.#dir = dir;
    this.#server = server;
    this.#write = write;
    // It may hang nowhere.
    this.#killed.promise.catch(() => {});
    this.#ending = this.#run();
  }

  get status(): Deno.CommandStatus | undefined {
    return this.#status;
  }

  async type(text: string): Promise<void> {
    if (this.#status === undefined) await this.#keyboard.write(utf8(text));
  }

  async endInput(): Promise<void> {
    await this.#keyboard.close().catch(() => {});
  }

  async ended(ms: number): Promise<Deno.CommandStatus | undefined> {
    return await inTime(this.#ending, ms, undefined);
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#killed.reject(new Ended(137));
    for (const conn of this.#conns) conn.close();
    await this.endInput();
    await this.#ending;
  }

  async #run(): Promise<Deno.CommandStatus> {
    const code = await this.#play().then(() => 0, (error) => {
      if (error instanceof Ended) return error.code;
      this.#print(`${error}`);
      return 1;
    });
    this.#status = { success: code === 0, code, signal: null };
    this.#write("");
    return this.#status;
  }

  async #play(): Promise<void> {
    this.#me = await this.#identity();
    for (;;) {
      const { value: choice, done } = await this.#input.next();
      if (done || this.#isKilled) break;
      if (choice === "0") {
        if (this.#makes("stays")) await this.#hang();
        break;
      }
      try {
        await this.#menu[choice]?.();
      } catch (error) {
        if (error instanceof Ended) throw error;
        this.#print(
          error instanceof Refused && this.#makes("silent")
            ? "hm"
            : (error as Error).message,
        );
      }
    }
  }

  #makes(mistake: Mistake): boolean {
    return this.#mistakes.has(mistake);
  }

  #print(text: string): void {
    this.#write(`${text}\n`);
  }

  async #next(): Promise<string> {
    return (await this.#input.next()).value ?? "";
  }

  async #hang(): Promise<never> {
    return await this.#killed.promise;
  }

  /** Who registered here before. */
  async #identity(): Promise<
    { id: ClientId; privateKey: CryptoKey } | undefined
  > {
    const text = await Deno.readTextFile(`${this.#dir}/info.me`).catch(() =>
      undefined
    );
    if (text === undefined) return undefined;
    const { clientId, privateKey } = await parseInfoMe(text);
    return { id: clientId, privateKey: await importPrivateKey(privateKey) };
  }

  /** A whole request, with what is wrong in its header. */
  #frame(code: number, payload: Uint8Array): Uint8Array {
    const withoutId = this.#makes("zero-id") && code === 602;
    const header = requestHeader.encode({
      clientId: withoutId ? ZERO_ID : this.#me?.id ?? ZERO_ID,
      version: this.#makes("version-1") ? 1 : 2,
      code,
      payloadSize: this.#makes("unsized-in-blocks") && code === 602
        ? 0
        : this.#makes("counts-content") && code === 603
        ? payload.length - 21
        : payload.length + (this.#makes("counts-header") ? 23 : 0),
    });
    const view = new DataView(header.buffer);
    if (this.#makes("big-endian")) {
      view.setUint16(17, code);
      view.setUint32(19, payload.length);
    }
    // A compiler aligns the fields of such a struct.
    const aligned = this.#makes("aligned-header")
      ? concat([header.subarray(0, 17), new Uint8Array(1), header.subarray(17)])
      : header;
    const bytes = concat([aligned, payload]);
    if (!this.#makes("unsized-in-blocks")) return bytes;
    return concat([
      bytes,
      new Uint8Array(paddingBehind(bytes.length, { blockSize: BLOCK_SIZE })),
    ]);
  }

  async #send(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
    const first = this.#makes("two-writes") ? 23 : bytes.length;
    await writeAll(conn, bytes.subarray(0, first));
    if (first < bytes.length) {
      // A server has read the header by then.
      await pause(30);
      await writeAll(conn, bytes.subarray(first));
    }
    if (this.#makes("half-close")) await conn.closeWrite();
  }

  /** Asks, and reads the answer's payload. */
  async #ask(code: number, payload: Uint8Array): Promise<Uint8Array> {
    using conn = await Deno.connect(this.#server);
    this.#conns.add(conn);
    using _known = { [Symbol.dispose]: () => this.#conns.delete(conn) };
    conn.setNoDelay();
    await this.#send(conn, this.#frame(code, payload));
    if (this.#makes("pipelines") && code === 601) {
      await this.#send(conn, this.#frame(604, utf8("")));
    }
    if (this.#makes("one-read")) return await this.#oneRead(conn);
    const source = new ByteSource((into) => conn.read(into));
    const head = await source.take(RESPONSE_HEADER_SIZE);
    if (head === null) throw new Error("no answer");
    const header = responseHeader.decode(head);
    const wrongVersion = this.#makes("version-2-only") && header.version !== 2;
    if (header.code === 9000 || wrongVersion) {
      if (this.#makes("dies")) throw new Ended(3);
      if (this.#makes("hangs")) await this.#hang();
      throw new Refused();
    }
    if (header.code !== 2100 + code - 600) throw new Error("another answer");
    const answer = await source.take(header.payloadSize);
    if (answer !== null) return answer;
    // What came of an inbox isn't at the server any more.
    if (code !== 604 || this.#makes("drops-broken")) {
      throw new Error("half an answer");
    }
    return source.takeArrived(source.buffered);
  }

  async #oneRead(conn: Deno.TcpConn): Promise<Uint8Array> {
    const buffer = new Uint8Array(64 * 1024);
    const count = await conn.read(buffer) ?? 0;
    if (count < RESPONSE_HEADER_SIZE) throw new Error("half an answer");
    const { code } = responseHeader.decode(buffer.slice(0, 7));
    if (code === 9000) throw new Refused();
    return buffer.slice(RESPONSE_HEADER_SIZE, count);
  }

  /** The pair's public key as it is sent. */
  async #register(name: string): Promise<void> {
    if (this.#me !== undefined && !this.#makes("registers-over")) {
      throw new Error("You are registered already");
    }
    const { publicKey, privateKey } = this.#makes("long-key")
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
      : await (pair ??= generateKeyPair());
    const key = this.#makes("long-key")
      ? new Uint8Array(await crypto.subtle.exportKey("spki", publicKey))
      : await exportPublicKey(publicKey);
    const field = new Uint8Array(255).fill(
      this.#makes("unpadded-name") ? 0xcd : 0,
    );
    field.set(utf8(`${name}\0`));
    const id = await this.#ask(600, concat([field, key])) as ClientId;
    this.#me = { id, privateKey };
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", privateKey);
    const kept = this.#makes("other-id") ? ZERO_ID : id;
    await Deno.writeTextFile(
      `${this.#dir}/info.me`,
      formatInfoMe({ name, clientId: kept, privateKey: new Uint8Array(pkcs8) }),
    );
  }

  async #list(): Promise<void> {
    const payload = await this.#ask(601, utf8(""));
    for (let at = 0; at < payload.length; at += 271) {
      const id = payload.slice(at, at + 16) as Uint8Array as ClientId;
      const name = decodeListedName(payload.subarray(at + 16, at + 271));
      this.#print(this.#makes("raw-output") ? name : printableLine(name));
      if (this.#contacts.some((one) => one.name === name)) continue;
      this.#contacts.push({ id, name, keys: [] });
    }
  }

  #named(name: string): Contact {
    const contact = this.#contacts.find((one) => one.name === name);
    if (contact === undefined) throw new Error("nobody has that name");
    return contact;
  }

  async #fetchKey(name: string): Promise<void> {
    const contact = this.#named(name);
    const answer = await this.#ask(
      602,
      requestCodecs.publicKey.encode({ target: contact.id }),
    );
    const isAlone = answer.length === 160 && !this.#makes("needs-id");
    contact.publicKey = await importPublicKey(
      isAlone ? answer : answer.subarray(16),
    );
  }

  async #sendTo(
    contact: Contact,
    type: MessageType,
    content: Uint8Array,
  ): Promise<void> {
    const payload = requestCodecs.sendMessage.encode({
      target: contact.id,
      type,
      content,
    });
    if (this.#makes("content-size")) payload[17] = (payload[17] ?? 0) ^ 1;
    const answer = await this.#ask(603, payload);
    if (this.#makes("needs-20") && answer.length !== 20) throw new Refused();
  }

  async #encrypted(
    contact: Contact,
    plaintext: Uint8Array,
  ): Promise<Uint8Array> {
    const key = contact.keys.at(this.#makes("first-key") ? 0 : -1);
    if (key === undefined) throw new Error("no symmetric key");
    const iv = new Uint8Array(16).fill(this.#makes("other-iv") ? 7 : 0);
    const cipher = createCipheriv(
      "aes-128-cbc",
      await exportSymmetricKey(key),
      iv,
    );
    if (!this.#makes("zero-padding")) {
      return concat([cipher.update(plaintext), cipher.final()]);
    }
    const padded = new Uint8Array(Math.ceil(plaintext.length / 16) * 16);
    padded.set(plaintext);
    cipher.setAutoPadding(false);
    return concat([cipher.update(padded), cipher.final()]);
  }

  async #sendKey(name: string): Promise<void> {
    const contact = this.#named(name);
    if (contact.publicKey === undefined) throw new Error("no public key");
    const key = await generateSymmetricKey();
    contact.keys.push(key);
    await this.#sendTo(
      contact,
      MessageType.Key,
      this.#makes("raw-key")
        ? await exportSymmetricKey(key)
        : await encryptKey(contact.publicKey, key),
    );
  }

  async #pull(): Promise<void> {
    const payload = await this.#ask(604, utf8(""));
    for (const message of readInbox(payload)) {
      try {
        await this.#show(message);
      } catch (error) {
        if (this.#makes("stops-at-unreadable")) throw error;
        this.#print("can't decrypt message");
      }
    }
  }

  async #show(
    { sender, type, content }: {
      sender: Uint8Array;
      type: number;
      content: Uint8Array;
    },
  ): Promise<void> {
    const contact = this.#contacts.find(({ id }) =>
      id.every((byte, index) => byte === sender[index])
    );
    if (contact === undefined || this.#me === undefined) {
      throw new Error("who?");
    }
    if (type === MessageType.KeyRequest) {
      this.#print("a request for a key");
      return this.#makes("keys-when-asked")
        ? await this.#sendKey(contact.name)
        : undefined;
    }
    if (type === MessageType.Key) {
      contact.keys.push(await decryptKey(this.#me.privateKey, content));
      return;
    }
    if (type !== MessageType.Text && type !== MessageType.File) {
      throw new Error("no such type");
    }
    for (const key of contact.keys.toReversed()) {
      const opened = await legacyDecrypt(key, content).catch(() => undefined);
      if (opened === undefined) continue;
      if (type === MessageType.File) {
        return await Deno.writeFile(`${this.#dir}/received.bin`, opened);
      }
      const text = new TextDecoder().decode(opened);
      this.#print(this.#makes("raw-output") ? text : printableLine(text));
      return;
    }
    throw new Error("no key opens it");
  }

  /** What each choice of the menu does. */
  readonly #menu: Readonly<Record<string, () => Promise<void>>> = {
    "110": async () => {
      if (this.#me === undefined || this.#makes("registers-over")) {
        await this.#register(await this.#next());
      } else this.#print("You are registered already");
    },
    "120": () => this.#list(),
    "130": async () => await this.#fetchKey(await this.#next()),
    "140": () => this.#pull(),
    "150": async () => {
      const name = await this.#next();
      const text = await this.#next();
      const bytes = this.#makes("latin-1")
        ? Uint8Array.from(text, (letter) => letter.charCodeAt(0))
        : utf8(text);
      const contact = this.#named(name);
      await this.#sendTo(
        contact,
        MessageType.Text,
        await this.#encrypted(contact, bytes),
      );
    },
    "151": async () =>
      await this.#sendTo(
        this.#named(await this.#next()),
        MessageType.KeyRequest,
        new Uint8Array(this.#makes("full-request") ? 128 : 0),
      ),
    "152": async () => {
      const name = await this.#next();
      if (this.#makes("keys-when-asked")) {
        this.#print("Keys are sent to those who ask");
      } else await this.#sendKey(name);
    },
    "153": async () => {
      const contact = this.#named(await this.#next());
      const path = await this.#next();
      const bytes = await Deno.readFile(path);
      await this.#sendTo(
        contact,
        MessageType.File,
        await this.#encrypted(
          contact,
          this.#makes("named-file")
            ? concat([utf8("sample.bin\0"), bytes])
            : bytes,
        ),
      );
    },
  };
}
