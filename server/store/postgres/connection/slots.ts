import { StoreError } from "../../store.ts";

/** Lets so many work at once; the others wait, the first that came first. */
export class Slots {
  readonly #count: number;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  /**
   * Takes one.
   *
   * @param timeout milliseconds to wait for it
   * @throws {StoreError} where none is free by then
   */
  async take(timeout: number): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const taken = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(taken), 1);
        reject(
          new StoreError(
            `All ${this.#count} connections to the database have been busy for ${
              timeout / 1000
            } s`,
          ),
        );
      }, timeout);
      this.#waiting.push(taken);
    });
  }

  /** Gives one back. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
