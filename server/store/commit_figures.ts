import { Histogram } from "../telemetry/histogram.ts";

const WRITES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;
const MILLISECONDS = [
  0.25,
  0.5,
  1,
  2,
  4,
  8,
  16,
  32,
  64,
  128,
  256,
  512,
  1024,
  4096,
] as const;
const WRITES_CELLS = Histogram.cells(WRITES);
const CELLS = WRITES_CELLS + Histogram.cells(MILLISECONDS);

/** What a store's commits have been like since its start. */
export class CommitFigures {
  /** Bytes of memory that it takes. */
  static readonly SIZE: number = CELLS * Float64Array.BYTES_PER_ELEMENT;

  /** Writes of each commit. */
  readonly writes: Histogram;
  /** Milliseconds of each commit, from its first write to its being on the disk. */
  readonly milliseconds: Histogram;

  /** @param memory all zeros at first; shared where another thread commits */
  constructor(memory: ArrayBufferLike = new ArrayBuffer(CommitFigures.SIZE)) {
    const cells = new Float64Array(memory);
    this.writes = new Histogram(WRITES, cells.subarray(0, WRITES_CELLS));
    this.milliseconds = new Histogram(
      MILLISECONDS,
      cells.subarray(WRITES_CELLS, CELLS),
    );
  }

  /** Counts a commit. */
  record(writes: number, milliseconds: number): void {
    this.writes.record(writes);
    this.milliseconds.record(milliseconds);
  }
}
