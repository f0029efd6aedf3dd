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

/** Figures of a store's commits since its start. */
export class CommitFigures {
  /** Size in bytes of its memory. */
  static readonly SIZE: number = CELLS * Float64Array.BYTES_PER_ELEMENT;

  /** Number of writes in a commit. */
  readonly writes: Histogram;
  /** Duration of a commit in milliseconds, from its first write until it is durable. */
  readonly milliseconds: Histogram;

  /** @param memory initially zeros; shared if another thread commits */
  constructor(memory: ArrayBufferLike = new ArrayBuffer(CommitFigures.SIZE)) {
    const cells = new Float64Array(memory);
    this.writes = new Histogram(WRITES, cells.subarray(0, WRITES_CELLS));
    this.milliseconds = new Histogram(
      MILLISECONDS,
      cells.subarray(WRITES_CELLS, CELLS),
    );
  }

  /** Records a commit. */
  record(writes: number, milliseconds: number): void {
    this.writes.record(writes);
    this.milliseconds.record(milliseconds);
  }
}
