import {
  describeFailure,
  KeyChangedError,
  type UserError,
} from "../../../errors.ts";
import { complain, exitCodes } from "./failure.ts";
import type { Output } from "./output.ts";

/** What couldn't be saved or read while a verb receives, each told once. */
export class Complaints {
  readonly #output: Output;
  readonly #told = new Set<string>();
  #exitCode: number = exitCodes.done;

  /** Tells of it here. */
  constructor(output: Output) {
    this.#output = output;
  }

  /** 0, or 1 where something couldn't be saved or read. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** Tells of a failure. A changed key is told too, but what came is there. */
  tell(error: UserError): void {
    if (!(error instanceof KeyChangedError)) this.#exitCode = exitCodes.failure;
    const text = describeFailure(error);
    if (this.#told.has(text)) return;
    this.#told.add(text);
    complain(this.#output, error);
  }
}
