import type { FuzzCase } from "./relay/plans.ts";

const MIB = 1024 * 1024;

/** What a run has done so far. */
export class Tally {
  /** Cases against the relay. */
  cases = 0;
  /** Connections to it, also those of good manners. */
  connections = 0;
  /** Inputs to decoders. */
  decoded = 0;
  /** The most memory that a relay held, in bytes. */
  mostRss = 0;
  /** Names of the decoders that took at least one input. */
  readonly readers = new Set<string>();
  #answers = 0;
  #bytes = 0;
  #resets = 0;
  readonly #codes = new Map<string, number>();
  readonly #labels = new Set<string>();
  readonly #sequences = new Set<string>();
  readonly #start = performance.now();

  /** Notes a case that went well, and the codes that were answered. */
  add({ plans, labels }: FuzzCase, codes: readonly number[]): void {
    this.cases++;
    for (const { stream, ending, cutAt } of plans) {
      this.#bytes += ending === "cut" ? cutAt : stream.length;
      if (["cut", "reset", "linger"].includes(ending)) this.#resets++;
    }
    for (const label of labels) this.#labels.add(label);
    for (const code of codes) {
      this.#answers++;
      this.#codes.set(`${code}`, (this.#codes.get(`${code}`) ?? 0) + 1);
    }
    this.#sequences.add(codes.join(" "));
  }

  /** Notes what came of the secure port of one relay. */
  addSecure(
    { labels, codes, connections, mostRss }: {
      labels: ReadonlySet<string>;
      codes: ReadonlyMap<string, number>;
      connections: number;
      mostRss: number;
    },
  ): void {
    labels.forEach((label) => this.#labels.add(label));
    for (const [code, count] of codes) {
      this.#answers += count;
      this.#codes.set(code, (this.#codes.get(code) ?? 0) + count);
    }
    this.connections += connections;
    this.mostRss = Math.max(this.mostRss, mostRss);
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** How often each code was answered, and each reason of a 4999 behind a point. */
  get codes(): ReadonlyMap<string, number> {
    return this.#codes;
  }

  /** One line that says how far it is. */
  progress(): string {
    return `${this.seconds.toFixed(0)} s: ${this.cases} cases, ` +
      `${this.#answers} answers, ${this.connections} connections, ` +
      `${this.decoded} inputs to decoders`;
  }

  /** All of it. */
  summary(failures: number): string {
    const codes = [...this.#codes].sort(([a], [b]) => Number(a) - Number(b))
      .map(([code, count]) => `${code} × ${count}`).join(", ");
    return [
      `cases          ${this.cases}`,
      `connections    ${this.connections}, ${this.#resets} of them reset`,
      `bytes sent     ${this.#bytes}`,
      `answers        ${this.#answers}: ${codes || "none"}`,
      `sequences      ${this.#sequences.size} different ones of answers`,
      `grammar        ${this.#labels.size} productions, changes and manners`,
      `relay's memory ${(this.mostRss / MIB).toFixed(0)} MiB at most`,
      `decoders       ${this.decoded} inputs to ${this.readers.size} readers`,
      `failures       ${failures}`,
      `seconds        ${this.seconds.toFixed(1)}`,
    ].join("\n");
  }
}
