/**
 * The encryption of archives by a passphrase (docs/archives.md). A header of 56
 * bytes holds the parameters of Argon2id, from whose output HKDF derives the key
 * and a check of the passphrase. The chunks behind it are sealed by AES-256-GCM;
 * the nonce of each has its number and whether it is the last one, so that none
 * can be changed, reordered, dropped or added.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { openRegular, readFull } from "../../shared/folder/durable_files.ts";
import { UserError } from "../errors.ts";

/** The start of an encrypted archive. */
const MAGIC = new TextEncoder().encode("MessageU archive");
const VERSION = 1;
/** Positions in the header; numbers are little-endian. */
const VERSION_AT = 16;
const PARALLELISM_AT = 17;
const PASSES_AT = 18;
const MEMORY_AT = 20;
const SALT_AT = 24;
const CHECK_AT = 40;
const HEADER_SIZE = 56;
const CHECK_SIZE = HEADER_SIZE - CHECK_AT;
/** Bytes of plaintext in each chunk but the last. */
const CHUNK_SIZE = 64 * 1024;
const TAG_SIZE = 16;
const NONCE_SIZE = 12;

/** Cost of Argon2id; memory in KiB. */
interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** The second choice of RFC 9106, section 4, which small machines can afford. */
const COST: Cost = { memory: 64 * 1024, passes: 3, parallelism: 4 };
/** What a header may ask for: a hostile one costs 256 MiB and some seconds. */
const MOST: Cost = { memory: 256 * 1024, passes: 10, parallelism: 16 };

/** The file that is read. */
type Source = Pick<Deno.FsFile, "read">;
type Bytes = Uint8Array<ArrayBuffer>;

/** The passphrase isn't the one that the archive was encrypted with. */
export class WrongPassphraseError extends UserError {
  override name = "WrongPassphraseError";
}

/** Encrypts an archive, with a new key; yields the file's bytes. */
export async function* encryptArchive(
  plain: Source,
  passphrase: string,
): AsyncGenerator<Bytes, void, void> {
  const salt = crypto.getRandomValues(new Uint8Array(CHECK_AT - SALT_AT));
  const header = new Uint8Array(HEADER_SIZE);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint8(VERSION_AT, VERSION);
  view.setUint8(PARALLELISM_AT, COST.parallelism);
  view.setUint16(PASSES_AT, COST.passes, true);
  view.setUint32(MEMORY_AT, COST.memory, true);
  header.set(salt, SALT_AT);
  const { key, check } = await deriveKeys(passphrase, salt, COST);
  header.set(check, CHECK_AT);
  yield header;
  for await (const { chunk, ...place } of chunks(plain, CHUNK_SIZE)) {
    const parameters = gcm(header, place);
    yield new Uint8Array(await crypto.subtle.encrypt(parameters, key, chunk));
  }
}

/** The file of an encrypted archive. */
export class EncryptedArchive {
  /** The file's size in bytes. */
  readonly size: number;
  readonly #path: string;
  readonly #header: Bytes;
  #key: CryptoKey | undefined;

  private constructor(path: string, size: number, header: Bytes) {
    this.#path = path;
    this.size = size;
    this.#header = header;
  }

  /**
   * Reads the header of a file.
   *
   * @returns undefined where the file isn't an encrypted archive
   * @throws {Error} where it can't be read, or asks for too much
   */
  static async open(path: string): Promise<EncryptedArchive | undefined> {
    using file = await openRegular(path);
    const header = new Uint8Array(HEADER_SIZE);
    const size = await readFull(file, header);
    if (!equals(header.subarray(0, MAGIC.length), MAGIC)) return undefined;
    if (size < HEADER_SIZE) throw new Error("it ends within its header");
    const version = header[VERSION_AT];
    if (version !== VERSION) {
      throw new Error(
        `its encryption is of version ${version}, this program reads ${VERSION}`,
      );
    }
    refuseCost(costOf(header));
    return new EncryptedArchive(path, (await file.stat()).size, header);
  }

  /**
   * Derives the key, which {@linkcode pieces} needs.
   *
   * @throws {WrongPassphraseError} where the passphrase is another one
   */
  async unlock(passphrase: string): Promise<void> {
    const header = this.#header;
    const salt = header.slice(SALT_AT, CHECK_AT);
    const { key, check } = await deriveKeys(passphrase, salt, costOf(header));
    if (!equals(check, header.subarray(CHECK_AT))) {
      throw new WrongPassphraseError(
        "The passphrase is wrong, and nothing was imported",
        "Type it as it was when the archive was made: nothing else opens it",
      );
    }
    this.#key = key;
  }

  /** Decrypts the content once. @throws {Error} as {@linkcode pieces} does */
  async verify(): Promise<void> {
    for await (const _ of this.pieces());
  }

  /**
   * The decrypted content. Each piece is authentic, and the content is whole once
   * all of them were yielded.
   *
   * @throws {Error} where the file is damaged or cut off, or locked
   */
  async *pieces(): AsyncGenerator<Bytes, void, void> {
    const key = this.#key;
    if (key === undefined) throw new Error("it is locked");
    using file = await openRegular(this.#path);
    await file.seek(HEADER_SIZE, Deno.SeekMode.Start);
    for await (
      const { chunk, ...place } of chunks(file, CHUNK_SIZE + TAG_SIZE)
    ) {
      const parameters = gcm(this.#header, place);
      const plain = await crypto.subtle.decrypt(parameters, key, chunk)
        .catch((cause) => {
          throw new Error(
            "it is damaged: a part of it was changed, or its end is missing",
            { cause },
          );
        });
      yield new Uint8Array(plain);
    }
  }
}

function costOf(header: Bytes): Cost {
  const view = new DataView(header.buffer);
  return {
    parallelism: view.getUint8(PARALLELISM_AT),
    passes: view.getUint16(PASSES_AT, true),
    memory: view.getUint32(MEMORY_AT, true),
  };
}

/** Bounds what a key may cost. @throws {Error} where it would cost more */
function refuseCost({ memory, passes, parallelism }: Cost): void {
  const isAllowed = parallelism >= 1 && parallelism <= MOST.parallelism &&
    passes >= 1 && passes <= MOST.passes &&
    memory >= 8 * parallelism && memory <= MOST.memory;
  if (isAllowed) return;
  throw new Error(
    `its key would take ${memory} KiB, ${passes} passes and ${parallelism} lanes; this program spends ${MOST.memory}, ${MOST.passes} and ${MOST.parallelism} at most`,
  );
}

/** A chunk's place, which its nonce has. */
interface Place {
  readonly index: number;
  readonly isLast: boolean;
}

/** The chunks of a file; an empty file has one, which is empty. */
async function* chunks(
  file: Source,
  size: number,
): AsyncGenerator<Place & { chunk: Bytes }, void, void> {
  const read = async () => {
    const chunk = new Uint8Array(size);
    return chunk.subarray(0, await readFull(file, chunk));
  };
  let chunk = await read();
  for (let index = 0;; index++) {
    const next = await read();
    const isLast = next.length === 0;
    yield { index, isLast, chunk };
    if (isLast) return;
    chunk = next;
  }
}

/** The parameters of AES-GCM for a chunk: its key is used for one archive only. */
function gcm(header: Bytes, { index, isLast }: Place): AesGcmParams {
  const iv = new Uint8Array(NONCE_SIZE);
  const view = new DataView(iv.buffer);
  view.setBigUint64(3, BigInt(index));
  view.setUint8(11, isLast ? 1 : 0);
  return { name: "AES-GCM", iv, additionalData: header };
}

/** Derives the key of the chunks, and the check of the passphrase, which is public. */
async function deriveKeys(
  passphrase: string,
  salt: Bytes,
  cost: Cost,
): Promise<{ key: CryptoKey; check: Bytes }> {
  const { subtle } = crypto;
  const secret = await subtle.importKey(
    // A format that the runtime's types don't know yet.
    "raw-secret" as "raw",
    // Keyboards write a letter with an accent in two ways.
    new TextEncoder().encode(passphrase.normalize("NFC")),
    "Argon2id",
    false,
    ["deriveBits"],
  );
  const argon2 = { name: "Argon2id", nonce: salt, ...cost };
  const bits = await subtle.deriveBits(argon2, secret, 256);
  const base = await subtle.importKey("raw", bits, "HKDF", false, [
    "deriveBits",
    "deriveKey",
  ]);
  const hkdf = (use: string) => ({
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(0),
    info: new TextEncoder().encode(`MessageU archive ${use}`),
  });
  const key = await subtle.deriveKey(
    hkdf("key"),
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
  const check = await subtle.deriveBits(hkdf("check"), base, 8 * CHECK_SIZE);
  return { key, check: new Uint8Array(check) };
}
