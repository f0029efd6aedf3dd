/**
 * Where received messages are written down before anything is done with them:
 * most servers delete a message before they send it, so what arrives is the
 * only copy (section 4, point 5).
 *
 * @module
 */

import { syncFolder, writeNewFile } from "./durable_files.ts";

/** Files of answers that wait to be worked through; their names sort by age. */
const WAITING = "info.inbox.";
/** Files of answers in which something couldn't be read. */
const UNREAD = "info.unread.";
const NAME = /^\d+\.\d{6}\.[0-9a-f-]{36}$/;

/** One answer with waiting messages, as it came. */
export interface Batch {
  /** The answer's payload. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Its file, or undefined where it couldn't be written. */
  readonly path: string | undefined;
}

/** The answers in a client's folder that aren't worked through yet. */
export class Journal {
  readonly #dir: string;
  readonly #unwritten = new Set<Batch>();
  #count = 0;

  /** Keeps its files in this folder. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Takes an answer: onto the disk, or into memory where that fails.
   *
   * @param failed is told why it couldn't be written
   */
  async add(
    payload: Uint8Array<ArrayBuffer>,
    failed: (reason: unknown) => void,
  ): Promise<Batch> {
    const order = String(this.#count++).padStart(6, "0");
    const path =
      `${this.#dir}/${WAITING}${Date.now()}.${order}.${crypto.randomUUID()}`;
    try {
      await writeNewFile(path, payload);
      await syncFolder(this.#dir).catch(failed);
      return { payload, path };
    } catch (error) {
      failed(error);
      const batch = { payload, path: undefined };
      this.#unwritten.add(batch);
      return batch;
    }
  }

  /**
   * What isn't worked through, of this run or an earlier one, the oldest first.
   *
   * @param failed is told of a file that can't be read; it stays
   */
  async *leftovers(
    failed: (path: string, reason: unknown) => void,
  ): AsyncGenerator<Batch> {
    const names: string[] = [];
    try {
      for await (const { name, isFile } of Deno.readDir(this.#dir)) {
        const ours = name.startsWith(WAITING) &&
          NAME.test(name.slice(WAITING.length));
        if (isFile && ours) names.push(name);
      }
    } catch (reason) {
      failed(this.#dir, reason);
    }
    for (const name of names.sort()) {
      const path = `${this.#dir}/${name}`;
      const payload = await Deno.readFile(path).catch((reason) =>
        failed(path, reason)
      );
      if (payload !== undefined) yield { path, payload };
    }
    yield* [...this.#unwritten];
  }

  /** Forgets an answer that is worked through. */
  async done(batch: Batch): Promise<void> {
    this.#unwritten.delete(batch);
    if (batch.path === undefined) return;
    try {
      await Deno.remove(batch.path);
    } catch (error) {
      // Another client in this folder may have worked it through as well.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /**
   * Puts an answer aside in which something couldn't be read.
   *
   * @returns where it is kept, or undefined where it is only in memory
   */
  async putAside(batch: Batch): Promise<string | undefined> {
    this.#unwritten.delete(batch);
    if (batch.path === undefined) return undefined;
    const aside = batch.path.replace(`/${WAITING}`, `/${UNREAD}`);
    try {
      await Deno.rename(batch.path, aside);
      return aside;
    } catch (error) {
      // As above.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return undefined;
    }
  }
}
