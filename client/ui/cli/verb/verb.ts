/**
 * What a verb is: its parameters as plain data, which the command line's
 * library reads where there is something to parse, and its task.
 *
 * @module
 */

import type {
  CommandContext,
  FlagParametersForType,
  TypedPositionalParameter,
} from "@stricli/core";
import type { GlobalFlags } from "./global_flags.ts";
import type { Work } from "./work.ts";

/** What a verb does; resolves to its exit code, 0 where it is none. */
export type Task<F, A extends readonly unknown[]> = (
  work: Work,
  flags: GlobalFlags & F,
  ...args: A
) => Promise<number | void>;

/** What the parser hands to functions that propose completions. */
export interface ParserContext extends CommandContext {
  /** The names of the contacts that the folder knows. */
  readonly contactNames: () => Promise<readonly string[]>;
}

/** A verb as its module declares it; `F` are its own flags, `A` its arguments. */
export interface VerbDeclaration<F, A extends readonly unknown[]> {
  /** What it does, in a line. */
  readonly brief: string;
  /** More about it, for its own help. */
  readonly about?: string;
  /** Its own flags. */
  readonly flags: FlagParametersForType<F, ParserContext>;
  /** Its arguments. */
  readonly args: {
    readonly [K in keyof A]: TypedPositionalParameter<A[K], ParserContext>;
  };
  /** Whether it may start programs of the user's. */
  readonly startsPrograms?: (flags: F) => boolean;
  /** Whether it reads the environment. */
  readonly readsEnvironment?: boolean;
  /** Whether it does without a relay. */
  readonly isOffline?: boolean;
  /** Whether it goes on until a signal. */
  readonly goesOn?: (flags: F) => boolean;
  /** What it does. */
  readonly task: Task<F, A>;
}

/** A verb, whatever its parameters are. */
export type Verb = VerbDeclaration<
  Readonly<Record<never, never>>,
  readonly never[]
>;

/** Declares a verb; the parser sees to it that its task gets what it expects. */
export function defineVerb<F = unknown, A extends readonly unknown[] = []>(
  declaration: VerbDeclaration<F, A>,
): Verb {
  return declaration as unknown as Verb;
}

/** Loads a verb. */
export type VerbLoader = () => Promise<{ verb: Verb }>;

/** How each verb is loaded, by its name. */
export type VerbTable = Readonly<Record<string, VerbLoader>>;

/** How the verb of this name is loaded; undefined where there is none. */
export function loaderOf(
  verbs: VerbTable,
  name: string,
): VerbLoader | undefined {
  return Object.hasOwn(verbs, name) ? verbs[name] : undefined;
}
