/**
 * Where received messages are written down before anything is done with them:
 * most servers delete a message before they send it, so what arrives is the
 * only copy (section 4, point 5).
 *
 * @module
 */

/** What the files are called, with a time that sorts them behind it. */
const PREFIX = "info.inbox.";

/** One answer with waiting messages, as it came. */
export interface Batch {
  /** The answer's payload. */
  payload: Uint8Array<ArrayBuffer>;
  /** Its file, or undefined where it couldn't be written. */
  path: string | undefined;
}

/** The batches in a client's folder that aren't worked through yet. */
export class Journal {
  readonly #dir: string;
  #count = 0;

  /** Keeps its files in this folder. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Writes a batch down, to the disk.
   *
   * @throws {Error} where that fails; the batch is then only in memory
   */
  async write(payload: Uint8Array<ArrayBuffer>): Promise<Batch> {
    const order = String(this.#count++).padStart(6, "0");
    const path =
      `${this.#dir}/${PREFIX}${Date.now()}.${order}.${crypto.randomUUID()}`;
    using file = await Deno.open(path, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    for (let written = 0; written < payload.length;) {
      written += await file.write(payload.subarray(written));
    }
    await file.sync();
    return { payload, path };
  }

  /** What an earlier run didn't get done with, oldest first. */
  async leftovers(): Promise<Batch[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.#dir)) {
      if (name.startsWith(PREFIX)) names.push(name);
    }
    return await Promise.all(
      names.sort().map(async (name) => {
        const path = `${this.#dir}/${name}`;
        return { path, payload: await Deno.readFile(path) };
      }),
    );
  }

  /** Forgets a batch that is worked through. */
  async done(batch: Batch): Promise<void> {
    if (batch.path !== undefined) await Deno.remove(batch.path);
  }
}
