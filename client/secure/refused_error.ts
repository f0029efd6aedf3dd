/**
 * The relay's refusals of secure requests (section 5 of docs/secure.md).
 *
 * @module
 */

import { RefusalReason } from "../../shared/secure/secure_protocol.ts";
import {
  type Refusal,
  type SecureRequestKind,
  secureRequests,
} from "../../shared/secure/secure_requests.ts";
import { UserError } from "../errors.ts";

/** What a reason means to a user in the response to one kind of request. */
interface Particular {
  readonly meaning?: string | undefined;
  readonly advice: string | undefined;
}

/** What each reason means to a user. */
const meanings: Readonly<Record<RefusalReason, string>> = {
  [RefusalReason.Form]: "it finds the request malformed",
  [RefusalReason.NotAuthenticated]: "it doesn't know this device",
  [RefusalReason.Unknown]: "it doesn't know the account",
  [RefusalReason.Taken]: "the name or id is taken",
  [RefusalReason.OtherDevices]: "the recipient's devices have changed",
  [RefusalReason.Full]: "the mailbox or the relay is full",
  [RefusalReason.TooLarge]: "the request is too large for it",
  [RefusalReason.TooOften]: "too many requests in a short time",
  [RefusalReason.OlderVersion]: "it has a newer record",
  [RefusalReason.Closed]: "that account was deleted",
  [RefusalReason.OutcomeUnknown]: "whether it took effect isn't known",
  [RefusalReason.CountUsed]:
    "the count is another message's: a copy of this folder sends, too",
};

/** What a user can do where waiting doesn't help. */
const advice: Readonly<Partial<Record<RefusalReason, string>>> = {
  [RefusalReason.Taken]: "Take another name",
  [RefusalReason.NotAuthenticated]:
    "This relay may be another one than you registered at, or have removed you",
  [RefusalReason.Full]: "Try again later",
};

/** Where a reason means something else, and what a user can do. */
const particulars: Readonly<
  Partial<Record<SecureRequestKind, Partial<Record<RefusalReason, Particular>>>>
> = {
  authenticate: {
    [RefusalReason.Unknown]: {
      meaning: meanings[RefusalReason.NotAuthenticated],
      advice: advice[RefusalReason.NotAuthenticated],
    },
  },
  challenge: {
    [RefusalReason.Unknown]: {
      advice: "Is this folder registered at this relay?",
    },
    [RefusalReason.Taken]: {
      meaning: "the account is a secure one already",
      advice: "Another folder may have lifted it: use that one",
    },
  },
  register: {
    [RefusalReason.Closed]: {
      meaning: "it takes no registrations",
      advice: "Ask the relay's operator",
    },
  },
  lookUp: {
    [RefusalReason.Unknown]: { advice: "Names count with their capitals" },
  },
};

/** The relay responded with 4999. */
export class RefusedError extends UserError {
  override name = "RefusedError";
  override readonly code = "refused";
  /** Why. */
  readonly reason: RefusalReason;
  /** Seconds after which another try makes sense; 0 where waiting doesn't help. */
  readonly retryAfter: number;
  /** What the reason adds: the newest record for `OtherDevices`. */
  readonly detail: Uint8Array;

  constructor(
    kind: SecureRequestKind,
    { reason, retryAfter, detail }: Refusal,
  ) {
    const particular = particulars[kind]?.[reason];
    const meaning = particular?.meaning ?? meanings[reason] ??
      `for the unknown reason ${reason}`;
    super(
      `The relay refused to ${actions[kind]}: ${meaning}`,
      retryAfter > 0
        ? `Try again in ${retryAfter} s`
        : particular?.advice ?? advice[reason],
    );
    this.reason = reason;
    this.retryAfter = retryAfter;
    this.detail = detail;
  }
}

/** Labels that aren't what the relay does. */
const actions: Readonly<Record<SecureRequestKind, string>> = {
  ...Object.fromEntries(
    Object.entries(secureRequests).map(([kind, { label }]) => [kind, label]),
  ) as Record<SecureRequestKind, string>,
  hello: "greet",
  challenge: "make a challenge",
};
