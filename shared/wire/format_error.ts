/**
 * Bytes or a value that break the wire format. The message names the field, the
 * expected and the actual value.
 */
export class FormatError extends Error {
  override name = "FormatError";
  readonly #problem: string;
  #field = "";

  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.#problem = problem;
  }

  /** Path of the field from the outermost one that is named, such as `claim.devices[0]`. */
  get field(): string {
    return this.#field;
  }

  /** What is wrong, without the field. */
  get problem(): string {
    return this.#problem;
  }

  /**
   * Adds the name of the enclosing field, or the `[index]` of the item. Names are
   * joined only here, so that success costs nothing.
   */
  within(field: string): this {
    const joint = this.#field === "" || this.#field.startsWith("[") ? "" : ".";
    this.#field = `${field}${joint}${this.#field}`;
    this.message = `${this.#field}: ${this.#problem}`;
    return this;
  }
}

/** Adds a field's name to a {@linkcode FormatError}; returns other errors unchanged. */
export function within(field: string, error: unknown): unknown {
  return error instanceof FormatError ? error.within(field) : error;
}
