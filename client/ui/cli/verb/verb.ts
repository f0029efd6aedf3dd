/**
 * Declares verbs: parameters as plain data, and a task.
 *
 * @module
 */

import type { CommandContext } from "@stricli/core";
import type { Flags, FlagValues } from "../../../../shared/cli/flags.ts";
import type { DataKind } from "./data.ts";
import type { GlobalFlags } from "./global_flags.ts";
import type { GivenFlags, Work } from "./work.ts";

/** Context of functions that propose completions. */
export interface ParserContext extends CommandContext {
  /** Lists the contacts in the folder. */
  readonly contactNames: () => Promise<readonly string[]>;
}

/** An argument of a verb. */
export interface Argument<T> {
  readonly brief: string;
  readonly placeholder: string;
  /** Parses a value; throws an `Error` with the expected and the given value. */
  readonly parse: (text: string) => T;
  readonly optional?: true;
  readonly proposeCompletions?: (
    this: ParserContext,
    partial: string,
  ) => readonly string[] | Promise<readonly string[]>;
}

/** The parsed values of arguments; undefined if an optional one is missing. */
type ArgumentValues<A extends readonly Argument<unknown>[]> = {
  [K in keyof A]:
    | ReturnType<A[K]["parse"]>
    | (A[K] extends { readonly optional: true } ? undefined : never);
};

/** Declaration of a verb; `F` are its own flags, `A` its arguments. */
export interface VerbDeclaration<F, A extends readonly Argument<unknown>[]> {
  /** What it does, in one line. */
  readonly brief: string;
  /** Text for its own help. Default: `brief` */
  readonly about?: string;
  /** The kinds of JSON objects that it prints. */
  readonly prints?: readonly DataKind[];
  readonly flags?: F;
  readonly args?: A;
  /** Whether it starts programs of the user. */
  readonly startsPrograms?: (flags: FlagValues<F>) => boolean;
  /** Whether it reads the environment. */
  readonly readsEnvironment?: boolean;
  /** Whether it works without a relay. */
  readonly isOffline?: boolean;
  /** Whether it runs until a signal. */
  readonly goesOn?: (flags: FlagValues<F>) => boolean;
  /** Does its work; resolves to the exit code, 0 by default. */
  readonly task: (
    work: Work,
    flags: GlobalFlags & FlagValues<F>,
    ...args: ArgumentValues<A>
  ) => Promise<number | void>;
}

/** A verb without the types of its parameters. */
export interface Verb extends
  Omit<
    VerbDeclaration<Flags, readonly Argument<unknown>[]>,
    "startsPrograms" | "goesOn" | "task"
  > {
  readonly startsPrograms?: (flags: GivenFlags) => boolean;
  readonly goesOn?: (flags: GivenFlags) => boolean;
  readonly task: (
    work: Work,
    flags: GivenFlags,
    ...args: readonly unknown[]
  ) => Promise<number | void>;
}

/** Declares a verb. The parser ensures that the task gets the declared types. */
export function defineVerb<
  const F extends Flags = Record<never, never>,
  const A extends readonly Argument<unknown>[] = [],
>(declaration: VerbDeclaration<F, A>): Verb {
  return declaration as unknown as Verb;
}
