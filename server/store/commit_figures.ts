import { Histogram } from "../telemetry/histogram.ts";

const powersOf2 = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i));
const WRITES = powersOf2(0, 10);
const MILLISECONDS = [...powersOf2(-2, 10), 4096];
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
