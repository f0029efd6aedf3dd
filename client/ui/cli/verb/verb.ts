/**
 * What a verb is: its parameters as plain data, which the command line's
 * library reads where there is something to parse, and its task.
 *
 * @module
 */

import type { CommandContext } from "@stricli/core";
import type { Flags, FlagValues } from "../../../../shared/cli/flags.ts";
import type { DataKind } from "./data.ts";
import type { GlobalFlags } from "./global_flags.ts";
import type { GivenFlags, Work } from "./work.ts";

/** What the parser hands to functions that propose completions. */
export interface ParserContext extends CommandContext {
  /** The names of the contacts that the folder knows. */
  readonly contactNames: () => Promise<readonly string[]>;
}

/** An argument of a verb. */
export interface Argument<T> {
  readonly brief: string;
  readonly placeholder: string;
  /** Throws an `Error` that says what was expected and what was given. */
  readonly parse: (text: string) => T;
  readonly optional?: true;
  readonly proposeCompletions?: (
    this: ParserContext,
    partial: string,
  ) => readonly string[] | Promise<readonly string[]>;
}

/** The parsed values of arguments; undefined where an optional one is missing. */
type ArgumentValues<A extends readonly Argument<unknown>[]> = {
  [K in keyof A]:
    | ReturnType<A[K]["parse"]>
    | (A[K] extends { readonly optional: true } ? undefined : never);
};

/** A verb as its module declares it; `F` are its own flags, `A` its arguments. */
export interface VerbDeclaration<F, A extends readonly Argument<unknown>[]> {
  /** What it does, in a line. */
  readonly brief: string;
  /** More about it, for its own help. */
  readonly about?: string;
  /** The kinds of JSON objects that it prints. */
  readonly prints?: readonly DataKind[];
  /** Its own flags. */
  readonly flags?: F;
  /** Its arguments. */
  readonly args?: A;
  /** Whether it may start programs of the user's. */
  readonly startsPrograms?: (flags: FlagValues<F>) => boolean;
  /** Whether it reads the environment. */
  readonly readsEnvironment?: boolean;
  /** Whether it does without a relay. */
  readonly isOffline?: boolean;
  /** Whether it goes on until a signal. */
  readonly goesOn?: (flags: FlagValues<F>) => boolean;
  /** What it does; resolves to its exit code, 0 where it is none. */
  readonly task: (
    work: Work,
    flags: GlobalFlags & FlagValues<F>,
    ...args: ArgumentValues<A>
  ) => Promise<number | void>;
}

/** A verb, whatever its parameters are. */
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

/** Declares a verb; the parser sees to it that its task gets what it expects. */
export function defineVerb<
  const F extends Flags = Record<never, never>,
  const A extends readonly Argument<unknown>[] = [],
>(declaration: VerbDeclaration<F, A>): Verb {
  return declaration as unknown as Verb;
}
