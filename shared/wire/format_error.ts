/**
 * Bytes or a value that break the wire format. The message names the field,
 * what was expected and what was there.
 */
export class FormatError extends Error {
  override name = "FormatError";
  readonly #problem: string;
  #field = "";

  /** Says what is wrong; {@linkcode within} adds where. */
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.#problem = problem;
  }

  /**
   * Adds the name of the field around, or the `[index]` of the item. Names are
   * put together only here, so that what goes well costs nothing.
   */
  within(field: string): this {
    const joint = this.#field === "" || this.#field.startsWith("[") ? "" : ".";
    this.#field = `${field}${joint}${this.#field}`;
    this.message = `${this.#field}: ${this.#problem}`;
    return this;
  }
}

/** Adds to a {@linkcode FormatError} where it happened; other errors stay as they are. */
export function within(field: string, error: unknown): unknown {
  return error instanceof FormatError ? error.within(field) : error;
}
