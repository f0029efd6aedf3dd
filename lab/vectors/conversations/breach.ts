/**
 * What stands in a conversation in which one side breaks a clause, and the lies
 * that relays tell in it.
 *
 * @module
 */

import type { ClauseId } from "../../../kit/clauses.ts";
import { FAILURE, type Response } from "../../../shared/wire/requests.ts";
import type { Person } from "../people.ts";
import type { AskOptions, Talk } from "./talk.ts";

/** A conversation, and the clause that the relay or a client breaks in it. */
export interface Breach {
  readonly clause: ClauseId;
  readonly name: string;
  readonly about: string;
  /** Who takes part. Default: Clara and Ben. */
  readonly people?: readonly Person[];
  /** Who is registered when it begins. Default: all of them. */
  readonly registered?: readonly Person[];
  /** What is said. */
  readonly talk: (talk: Talk) => void;
}

/** Makes an answer out of what is right. */
export type Lie = NonNullable<AskOptions["lie"]>;

type Payload<C extends Response["code"]> = Extract<
  Response,
  { code: C }
>["payload"];

/** Puts another payload into an answer, which has the code that is expected. */
export function saying<C extends Response["code"]>(
  code: C,
  change: (right: Payload<C>) => Payload<C>,
): Lie {
  return (right) => {
    if (right.code !== code) {
      throw new RangeError(`Expected ${code}, got ${right.code}`);
    }
    return { code, payload: change(right.payload as Payload<C>) } as Response;
  };
}

/** Answers whatever is right with something else. */
export function answering(response: Response): Lie {
  return () => response;
}

/** Refuses. */
export const refusing: Lie = answering(FAILURE);
