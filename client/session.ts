/**
 * What a user can do: the one place that the menu and every other face of the
 * client call. None of them opens a socket or touches a key.
 *
 * @module
 */

import { encodeHex } from "@std/encoding";
import { DecryptError, importPublicKey } from "../shared/crypto.ts";
import { FormatError } from "../shared/format_error.ts";
import { nameProblem } from "../shared/names.ts";
import {
  type ClientId,
  MessageType,
  SEND_OVERHEAD,
} from "../shared/protocol.ts";
import { readInbox, type WaitingMessage } from "../shared/responses.ts";
import type { SealedType } from "./channel.ts";
import type { Progress } from "./connection.ts";
import { type Contact, Contacts } from "./contacts.ts";
import { UserError } from "./errors.ts";
import {
  createIdentity,
  type Identity,
  loadIdentity,
  refuseExisting,
} from "./identity.ts";
import { type Batch, Journal } from "./journal.ts";
import { saveReceivedFile } from "./received_files.ts";
import type { RelayLink } from "./relay_link.ts";
import { Repeats } from "./repeats.ts";

/** Answers without anything new after which a pull ends. */
const MOST_REPEATED_ANSWERS = 4;
/** Milliseconds before asking a relay again that repeats itself; then twice as many. */
const REPEAT_PAUSE = 50;

/** Bytes of the largest file: its ciphertext and what stands before it have 4 bytes of size. */
const MAX_FILE_SIZE = 0xffffffff - SEND_OVERHEAD - 16;

/** What a received message holds. */
export type ReceivedContent =
  | { kind: "keyRequest" }
  | { kind: "key" }
  | { kind: "text"; text: string }
  | { kind: "file"; path: string }
  | { kind: "unreadable" };

/** A received message, ready to be shown. */
export type ReceivedMessage = ReceivedContent & {
  /** The sender's name, or the id in hex digits where nobody knows a name. */
  from: string;
};

/** How a pull goes on and what it meets. */
export interface PullEvents {
  /** Gets each message once, in the order in which the relay keeps them. */
  message: (message: ReceivedMessage) => void;
  /** Gets what went wrong without ending the pull. */
  problem: (error: UserError) => void;
  /** Is told how much of an answer has come in. */
  progress?: Progress;
}

/** One batch of received messages while it is worked through. */
class Work {
  readonly events: PullEvents;
  /** Messages that couldn't be decrypted so far. */
  readonly later: WaitingMessage[] = [];
  /** How many messages were shown for the first time. */
  fresh = 0;
  namesFetched = false;
  /** Whether a file couldn't be saved. */
  unsaved = false;
  /** Whether a message couldn't be decrypted in the end. */
  unread = false;
  /** Why the rest of the batch couldn't be read. */
  damage: FormatError | undefined;

  constructor(events: PullEvents) {
    this.events = events;
  }
}

/** A user at work, in one folder. */
export class Session {
  readonly #dir: string;
  readonly #link: RelayLink;
  readonly #journal: Journal;
  readonly #contacts = new Contacts();
  readonly #repeats = new Repeats();
  #identity: Identity | undefined;

  /**
   * @param dir the folder with `info.me`
   * @param link the way to the relay
   */
  constructor(dir: string, link: RelayLink) {
    this.#dir = dir;
    this.#link = link;
    this.#journal = new Journal(dir);
  }

  /**
   * Who the user is.
   *
   * @returns undefined where nobody is registered in this folder
   * @throws {UserError} where `info.me` is damaged
   */
  async identity(): Promise<Identity | undefined> {
    return this.#identity ??= await loadIdentity(this.#dir);
  }

  /** @throws {UserError} where an identity exists, or is damaged */
  async refuseSecondIdentity(): Promise<void> {
    await this.identity();
    await refuseExisting(this.#dir);
  }

  /**
   * Registers the user and writes `info.me`.
   *
   * @throws {UserError} where the name is no name or taken, an identity
   * exists, or it can't be kept
   */
  async register(name: string): Promise<void> {
    const problem = nameProblem(name);
    if (problem !== undefined) {
      throw new UserError(
        `Bad name: ${problem}`,
        "Letters, digits, dots, dashes and underscores work everywhere",
      );
    }
    this.#identity = await createIdentity(
      this.#dir,
      name,
      (publicKey) => this.#link.register(name, publicKey),
    );
  }

  /** Fetches the list of the others; their names, as the relay lists them. */
  async clients(): Promise<string[]> {
    const { clientId } = await this.#me();
    const listed = await this.#link.clients(clientId);
    this.#contacts.update(listed);
    return listed.map(({ name }) => name);
  }

  /**
   * Fetches a contact's public key.
   *
   * @throws {UserError} where nobody has the name or the key can't be used
   */
  async fetchPublicKey(name: string): Promise<void> {
    await this.#publicKeyOf(await this.#contact(name));
  }

  /** Asks a contact for a symmetric key. */
  async requestKey(name: string): Promise<void> {
    const contact = await this.#contact(name);
    await this.#send(contact, MessageType.KeyRequest, new Uint8Array(0));
  }

  /** Makes a symmetric key and sends it to a contact. */
  async sendKey(name: string): Promise<void> {
    const contact = await this.#contact(name);
    const publicKey = contact.publicKey ?? await this.#publicKeyOf(contact);
    const { content, use } = await contact.channel.offerKey(publicKey);
    await this.#send(contact, MessageType.Key, content);
    use();
  }

  /**
   * Makes sure that a text or a file can be sent to a contact.
   *
   * @throws {UserError} where nobody has the name or there is no key yet
   */
  async requireKey(name: string): Promise<void> {
    await this.#sealableContact(name);
  }

  /**
   * Sends a text.
   *
   * @throws {UserError} where there is no symmetric key yet
   */
  async sendText(name: string, text: string): Promise<void> {
    const plaintext = new TextEncoder().encode(text);
    await this.#sendSealed(name, MessageType.Text, () => plaintext);
  }

  /**
   * Sends a file's bytes. Neither its name nor its type goes along.
   *
   * @throws {UserError} where the file can't be read or there is no key yet
   */
  async sendFile(
    name: string,
    path: string,
    progress?: Progress,
  ): Promise<void> {
    await this.#sendSealed(
      name,
      MessageType.File,
      () => readFile(path),
      progress,
    );
  }

  /**
   * Takes all waiting messages. Each answer is written down before it is
   * worked through; what was left over is worked through first.
   *
   * @throws {UserError} where the relay can't be asked
   */
  async pull(events: PullEvents): Promise<void> {
    const { clientId } = await this.#me();
    const leftovers = this.#journal.leftovers((path, reason) =>
      events.problem(new UserError(`Can't read ${path}: ${reason}`))
    );
    for await (const batch of leftovers) {
      // What couldn't be saved can't be now: more would only be kept as well.
      if (!(await this.#workThrough(batch, events)).complete) return;
    }
    // Slices: ask until nothing is left (section 4, point 5). A server that
    // doesn't delete would go on for ever, and one that deletes may not be
    // done with it when the next connection asks.
    for (let repeated = 0; repeated < MOST_REPEATED_ANSWERS;) {
      const { fresh, complete } = await this.#pullOnce(clientId, events);
      if (!complete || fresh === undefined) return;
      if (fresh > 0) {
        repeated = 0;
      } else {
        const pause = REPEAT_PAUSE * 2 ** repeated++;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /** @returns `fresh` undefined where nothing waits */
  async #pullOnce(
    clientId: ClientId,
    events: PullEvents,
  ): Promise<{ fresh: number | undefined; complete: boolean }> {
    let batch: Batch | undefined;
    let broken: unknown;
    const keep = async (payload: Uint8Array<ArrayBuffer>) => {
      if (payload.length === 0) return;
      batch = await this.#journal.add(payload, (reason) =>
        events.problem(
          new UserError(
            `Can't write received messages down: ${reason}`,
            `They are shown all the same; make room in ${this.#dir}`,
          ),
        ));
    };
    try {
      await this.#link.pull(clientId, keep, events.progress);
    } catch (error) {
      broken = error;
    }
    // Of an answer that broke off, what arrived is shown before the error.
    const outcome = batch === undefined
      ? { fresh: undefined, complete: true }
      : await this.#workThrough(batch, events);
    if (broken !== undefined) throw broken;
    return outcome;
  }

  async #me(): Promise<Identity> {
    const identity = await this.identity();
    if (identity !== undefined) return identity;
    throw new UserError(
      "You are not registered yet",
      "Register first, with 110",
    );
  }

  /** The list is fetched where the one that we hold lacks the name. */
  async #contact(name: string): Promise<Contact> {
    const held = this.#contacts.named(name);
    if (held !== undefined) return held;
    await this.clients();
    const found = this.#contacts.named(name);
    if (found !== undefined) return found;
    throw new UserError(
      `There is no other client called "${name}"`,
      "120 lists their names",
    );
  }

  async #sealableContact(name: string): Promise<Contact> {
    const contact = await this.#contact(name);
    if (contact.channel.canSeal) return contact;
    throw new UserError(
      `There is no symmetric key for "${name}" yet`,
      "Send one with 152, or ask for one with 151 and pull the answer with 140",
    );
  }

  async #publicKeyOf(contact: Contact): Promise<CryptoKey> {
    const me = await this.#me();
    const bytes = await this.#link.publicKey(me.clientId, contact.clientId);
    try {
      return contact.publicKey = await importPublicKey(bytes);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new UserError(
        `The public key of "${contact.name}" can't be used: ${cause.message}`,
        "It was registered like that; only a new registration helps",
        { cause },
      );
    }
  }

  async #sendSealed(
    name: string,
    type: SealedType,
    read: () => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>,
    progress?: Progress,
  ): Promise<void> {
    const contact = await this.#sealableContact(name);
    const content = await contact.channel.seal(type, await read());
    await this.#send(contact, type, content, progress);
  }

  async #send(
    contact: Contact,
    type: MessageType,
    content: Uint8Array,
    progress?: Progress,
  ): Promise<void> {
    const me = await this.#me();
    const message = { target: contact.clientId, type, content };
    await this.#link.send(me.clientId, message, progress);
  }

  /**
   * @returns how many messages were new, and whether the batch is done with
   */
  async #workThrough(
    batch: Batch,
    events: PullEvents,
  ): Promise<{ fresh: number; complete: boolean }> {
    const work = new Work(events);
    try {
      for (const message of readInbox(batch.payload)) {
        await this.#receive(message, work, () => work.later.push(message));
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      work.damage = error;
    }
    // A key may have come behind the messages that it opens.
    for (const message of work.later) {
      await this.#receive(message, work, async () => {
        await this.#show(message, { kind: "unreadable" }, work);
        work.unread = true;
      });
    }
    if (!work.unsaved) await this.#finish(batch, work);
    return { fresh: work.fresh, complete: !work.unsaved };
  }

  async #finish(batch: Batch, { unread, damage, events }: Work): Promise<void> {
    if (!unread && damage === undefined) return await this.#journal.done(batch);
    const path = await this.#journal.putAside(batch);
    events.problem(
      new UserError(
        damage === undefined
          ? "Not everything could be decrypted"
          : `The end of the answer is damaged: ${damage.message}`,
        path === undefined ? undefined : `As it came, it is kept in ${path}`,
      ),
    );
  }

  /**
   * Opens and shows a message, unless that was done before.
   *
   * @param unreadable is called where it can't be decrypted
   */
  async #receive(
    message: WaitingMessage,
    work: Work,
    unreadable: () => unknown,
  ): Promise<void> {
    const before = await this.#repeats.get(message);
    if (before === "shown") return;
    try {
      const content = await this.#open(message);
      if (content.kind !== "unreadable") {
        await this.#show(message, content, work);
      } else if (before === undefined) {
        await unreadable();
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      work.events.problem(error);
      work.unsaved = true;
    }
  }

  async #show(
    message: WaitingMessage,
    content: ReceivedContent,
    work: Work,
  ): Promise<void> {
    const contact = this.#contacts.withId(message.sender);
    if (contact.name === undefined && !work.namesFetched) {
      work.namesFetched = true;
      // A list that can't be had must not hide the message.
      await this.clients().catch(ignoreUserError);
    }
    const from = contact.name || encodeHex(message.sender);
    work.events.message({ from, ...content });
    work.fresh++;
    await this.#repeats.set(
      message,
      content.kind === "unreadable" ? "unreadable" : "shown",
    );
  }

  /** @throws {UserError} where a file can't be saved; all else is a content */
  async #open(message: WaitingMessage): Promise<ReceivedContent> {
    const { channel } = this.#contacts.withId(message.sender);
    try {
      switch (message.type) {
        case MessageType.KeyRequest:
          return { kind: "keyRequest" };
        case MessageType.Key: {
          const me = await this.#me();
          await channel.acceptKey(me.privateKey, message.content);
          return { kind: "key" };
        }
        case MessageType.Text: {
          const text = await channel.open(message.type, message.content);
          return { kind: "text", text: decodeText(text) };
        }
        case MessageType.File: {
          const bytes = await channel.open(message.type, message.content);
          return { kind: "file", path: await saveReceivedFile(bytes) };
        }
        default:
          return { kind: "unreadable" };
      }
    } catch (error) {
      if (error instanceof DecryptError) return { kind: "unreadable" };
      throw error;
    }
  }
}

function ignoreUserError(error: unknown): void {
  if (!(error instanceof UserError)) throw error;
}

/** Some clients send the NUL that ends their strings (section 4, point 7). */
function decodeText(bytes: Uint8Array): string {
  const end = bytes.at(-1) === 0 ? -1 : bytes.length;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // A pipe or a device might never end.
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new UserError(`${path} is not a regular file`);
    if (size > MAX_FILE_SIZE) {
      throw new UserError(
        `${path} has ${size} bytes; a message holds ${MAX_FILE_SIZE} at most`,
      );
    }
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    if (
      cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory
    ) {
      throw new UserError("file not found", undefined, { cause });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`Can't read the file: ${reason}`, undefined, { cause });
  }
}
