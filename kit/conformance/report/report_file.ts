import { dirname } from "node:path";
import {
  move,
  openRegular,
  readFull,
  syncContent,
  syncFolder,
  writeAll,
} from "../../../shared/folder/durable_files.ts";
import { reasonOf } from "../../../shared/cli/reason.ts";
import { UsageError } from "../../../shared/cli/program.ts";
import type { AnyClauseId } from "../../any_clause.ts";
import { clauseTexts } from "../../clause_texts.ts";
import { GENERATOR, htmlPage, type Run } from "./html/page.ts";
import { hasCode } from "../../../shared/platform/system_error.ts";

/** Number of bytes in which a page names its maker. */
const HEAD_SIZE = 512;

/**
 * A page that appears under its path once it is complete, in place of an earlier
 * report. It replaces no other file.
 */
export class ReportFile implements AsyncDisposable {
  readonly #path: string;
  readonly #draft: string;
  readonly #texts: ReadonlyMap<AnyClauseId, string>;
  #file: Deno.FsFile | undefined;

  private constructor(
    path: string,
    draft: string,
    texts: ReadonlyMap<AnyClauseId, string>,
    file: Deno.FsFile,
  ) {
    this.#path = path;
    this.#draft = draft;
    this.#texts = texts;
    this.#file = file;
  }

  /**
   * Makes sure that the page can be written, before the run.
   *
   * @throws {UsageError} if another file is there, or none can be
   */
  static async create(path: string): Promise<ReportFile> {
    try {
      await requireReport(path);
      const texts = await clauseTexts();
      const draft = `${path}.${crypto.randomUUID()}.part`;
      const file = await Deno.open(draft, { write: true, createNew: true });
      return new ReportFile(path, draft, texts, file);
    } catch (cause) {
      throw new UsageError(`--html ${path}: ${reasonOf(cause)}`, { cause });
    }
  }

  /** Writes the page of a run and syncs it. @throws {Error} if that fails */
  async write(run: Run): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new Error("Expected an open file");
    try {
      const page = htmlPage(run, this.#texts);
      await writeAll(file, new TextEncoder().encode(page));
      await syncContent(file);
      await move(this.#draft, this.#path);
    } catch (cause) {
      throw new Error(`Can't write ${this.#path}: ${reasonOf(cause)}`, {
        cause,
      });
    }
    this.#close();
    await syncFolder(dirname(this.#path));
  }

  /** Removes what is incomplete. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#file === undefined) return;
    this.#close();
    await Deno.remove(this.#draft);
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** @throws {Error} if a file is there that is no report */
async function requireReport(path: string): Promise<void> {
  let start: string;
  try {
    using file = await openRegular(path);
    const head = new Uint8Array(HEAD_SIZE);
    const size = await readFull(file, head);
    start = new TextDecoder().decode(head.subarray(0, size));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  if (start.includes(`<meta name="generator" content="${GENERATOR} `)) return;
  throw new Error("it isn't an earlier report, and stays: give another name");
}
