/**
 * Frames both directions of a connection, and judges each response by its
 * request.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type { AnyClauseId } from "../any_clause.ts";
import { dialectOf, responseCodeIn } from "../../shared/wire/dialects.ts";
import { responseCode } from "../../shared/wire/requests.ts";
import {
  FIRST_SECURE_REQUEST,
  FIRST_SECURE_RESPONSE,
  REFUSAL_CODE,
} from "../../shared/secure/secure_protocol.ts";
import {
  type Direction,
  dissect,
  type Dissection,
  type Problem,
} from "./dissector.ts";
import { type Framed, StreamFramer } from "./stream_framer.ts";
import { problem } from "./judge.ts";
import { Names } from "./names.ts";
import {
  partOf,
  type Requester,
  requesterIn,
  requesterText,
} from "./requester.ts";

/** A finding in one direction of a connection. */
export type Finding =
  & {
    /** The direction. */
    readonly direction: Direction;
    /** Its offset in that direction, in bytes. */
    readonly offset: number;
    /** Its problems. */
    readonly problems: readonly Problem[];
  }
  & (
    | {
      /** A frame, perhaps incomplete. */
      readonly kind: "frame";
      /** Its dissection. */
      readonly dissection: Dissection;
      /** Its size in bytes. */
      readonly size: number;
      /** Number of bytes that the dissection lacks. */
      readonly unseen: number;
      /** The requester's name, or the start of its id, if known. */
      readonly requester?: string | undefined;
    }
    | Pick<Framed & { kind: "padding" }, "kind" | "size">
    | Pick<Framed & { kind: "lost" }, "kind" | "bytes">
    | Pick<Framed & { kind: "foreign" }, "kind" | "size">
    | {
      /** The direction ended. */
      readonly kind: "end";
      /** Whether the connection was reset. */
      readonly isReset: boolean;
      /** Number of responses that were due. */
      readonly unanswered: number;
    }
  );

/** Clauses whose breach a relay must answer with 9000. */
const refused: ReadonlySet<AnyClauseId> = new Set<AnyClauseId>([
  "FRM-1",
  "NAM-2",
  "NAM-3",
  "REQ-5",
  "REQ-6",
  "SND-5",
  "SND-8",
]);

/** A request without a response so far. */
interface Asked {
  readonly kind: Dissection["kind"];
  readonly secure: Dissection["secure"];
  readonly code: number;
  readonly requester: Requester;
  /** Its target. */
  readonly target: Uint8Array | undefined;
  /** The clause by which it must be refused. */
  readonly refusedBy: AnyClauseId | undefined;
}

/** Largest number of requests without a response. */
const MOST_ASKED = 10_000;

/** A connection. */
export class Conversation {
  readonly #framers: Readonly<Record<Direction, StreamFramer>> = {
    request: new StreamFramer("request"),
    answer: new StreamFramer("answer"),
  };
  /** Requests without a response, oldest first. */
  readonly #asked: Asked[] = [];
  /** Whether both directions are complete so far. */
  #isWhole = true;
  /** Whether one of the directions has ended. */
  #hasEnded = false;
  readonly #names: Names;

  /** @param names names of the relay's clients; the connection's are added */
  constructor(names: Names = new Names()) {
    this.#names = names;
  }

  /** Adds bytes of a direction; returns the findings that they complete. */
  push(direction: Direction, bytes: Uint8Array): Finding[] {
    return this.#findings(direction, this.#framers[direction].push(bytes));
  }

  /**
   * Ends a direction.
   *
   * @param isReset whether the connection was reset
   */
  end(direction: Direction, isReset = false): Finding[] {
    const findings = this.#findings(direction, this.#framers[direction].end());
    const unanswered = this.#isWhole ? this.#asked.length : 0;
    const isTold = this.#hasEnded || unanswered === 0;
    const problems = isTold ? [] : [
      direction === "request"
        ? problem("CON-9", "the client ended before the response")
        : problem("FRM-4", "the relay ended before the response"),
    ];
    this.#hasEnded = true;
    const offset = this.#framers[direction].offset;
    return [
      ...findings,
      { kind: "end", direction, offset, isReset, unanswered, problems },
    ];
  }

  #findings(direction: Direction, found: readonly Framed[]): Finding[] {
    return found.map((part) => {
      if (part.kind !== "frame") {
        if (part.kind === "lost") this.#isWhole = false;
        return { ...part, direction, problems: [] };
      }
      const { bytes, unseen, offset } = part;
      const asked = direction === "answer" && this.#isWhole
        ? this.#asked.shift()
        : undefined;
      const dissection = dissect(bytes, direction, {
        unseen,
        names: this.#names,
        registered: asked?.requester.name,
      });
      const isRequest = direction === "request";
      const request = isRequest ? askedIn(dissection) : asked;
      return {
        kind: "frame",
        direction,
        offset,
        problems: [...dissection.problems, ...this.#pair(dissection, request)],
        dissection,
        size: bytes.length + unseen,
        unseen,
        requester: request && requesterText(request.requester, this.#names),
      };
    });
  }

  #pair(dissection: Dissection, asked: Asked | undefined): Problem[] {
    if (!this.#isWhole) return [];
    if (asked === undefined) {
      return [problem("FRM-4", "no request is due a response")];
    }
    if (dissection.direction === "request") {
      const isEarly = this.#asked.push(asked) > 1;
      if (this.#asked.length > MOST_ASKED) this.#isWhole = false;
      return isEarly
        ? [problem("FRM-7", "the response before it is still due")]
        : [];
    }
    return responseProblems(asked, dissection);
  }
}

function askedIn(request: Dissection): Asked {
  const { kind, secure, code = 0, problems } = request;
  return {
    kind,
    secure,
    code,
    requester: requesterIn(request),
    target: partOf(request, "payload.target")?.slice(),
    refusedBy: problems.find(({ clause }) => refused.has(clause))?.clause,
  };
}

/** Clauses that a response breaks, given its request. */
function responseProblems(asked: Asked, response: Dissection): Problem[] {
  if (asked.secure !== undefined) return secureProblems(asked, response);
  if (response.kind === undefined || response.kind === "failure") return [];
  if (asked.refusedBy !== undefined) {
    return [problem(asked.refusedBy, `expected 9000, got ${response.code}`)];
  }
  if (asked.kind === undefined || asked.kind === "failure") return [];
  const code = responseCodeIn(dialectOf(asked.code), responseCode[asked.kind]);
  if (response.code !== code) {
    const text =
      `expected ${code} or 9000 for ${asked.code}, got ${response.code}`;
    return [problem("ANS-3", text)];
  }
  const owner = partOf(response, "payload.clientId") ??
    partOf(response, "payload.target");
  const { target } = asked;
  if (target === undefined || owner === undefined || equals(target, owner)) {
    return [];
  }
  const clause = asked.kind === "publicKey" ? "KEY-1" : "SND-2";
  return [problem(clause, "another client's id than was asked for")];
}

function secureProblems({ code }: Asked, response: Dissection): Problem[] {
  const due = code - FIRST_SECURE_REQUEST + FIRST_SECURE_RESPONSE;
  const { secure } = response;
  if (secure === "refusal" || response.code === due) return [];
  const text =
    `expected ${due} or ${REFUSAL_CODE} for ${code}, got ${response.code}`;
  return [problem("HDR-4", text)];
}
