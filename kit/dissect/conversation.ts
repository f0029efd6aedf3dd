/**
 * Both directions of a connection together: frames as they complete, and each
 * answer held against its request.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type { ClauseId } from "../clauses.ts";
import { dialectOf, responseCodeIn } from "../../shared/wire/dialects.ts";
import { responseCode } from "../../shared/wire/requests.ts";
import {
  type Anatomy,
  type Direction,
  dissect,
  type Problem,
} from "./anatomy.ts";
import { type Cut, FrameCutter } from "./frame_cutter.ts";
import { problem } from "./judge.ts";

/** What happened in one direction of a connection. */
export type Finding =
  & {
    /** In which. */
    readonly direction: Direction;
    /** Bytes of that direction before it. */
    readonly offset: number;
    /** What is wrong with it. */
    readonly problems: readonly Problem[];
  }
  & (
    | {
      /** A frame, or what there is of one. */
      readonly kind: "frame";
      /** Its fields. */
      readonly anatomy: Anatomy;
      /** Its bytes in all. */
      readonly size: number;
      /** How many of them aren't in the anatomy. */
      readonly unseen: number;
    }
    | Pick<Cut & { kind: "padding" }, "kind" | "size">
    | Pick<Cut & { kind: "lost" }, "kind" | "bytes">
    | Pick<Cut & { kind: "foreign" }, "kind" | "size">
    | {
      /** The direction ended. */
      readonly kind: "end";
      /** Whether the connection was reset. */
      readonly isReset: boolean;
      /** Answers that were due then. */
      readonly unanswered: number;
    }
  );

/** Clauses by which a relay has to answer a request that breaks them with 9000. */
const refused: ReadonlySet<ClauseId> = new Set<ClauseId>([
  "FRM-1",
  "NAM-2",
  "NAM-3",
  "REQ-5",
  "REQ-6",
  "SND-5",
  "SND-8",
]);

/** What is remembered of a request until its answer comes. */
interface Asked {
  readonly kind: Anatomy["kind"];
  readonly code: number;
  /** Whose key, or to whom. */
  readonly target: Uint8Array | undefined;
  /** The clause by which it has to be refused. */
  readonly refusedBy: ClauseId | undefined;
}

/** Requests without an answer that are remembered at most. */
const MOST_ASKED = 10_000;

/** One connection. */
export class Conversation {
  readonly #cutters: Readonly<Record<Direction, FrameCutter>> = {
    request: new FrameCutter("request"),
    answer: new FrameCutter("answer"),
  };
  /** Requests whose answers are due. */
  readonly #asked: Asked[] = [];
  /** Whether both directions were seen whole so far. */
  #isWhole = true;
  /** Whether one of the directions has ended. */
  #hasEnded = false;

  /** Takes the next bytes of a direction; returns what they complete. */
  push(direction: Direction, bytes: Uint8Array): Finding[] {
    return this.#findings(direction, this.#cutters[direction].push(bytes));
  }

  /**
   * Takes the end of a direction.
   *
   * @param isReset whether the one who ended it reset the connection
   */
  end(direction: Direction, isReset = false): Finding[] {
    const findings = this.#findings(direction, this.#cutters[direction].end());
    const unanswered = this.#isWhole ? this.#asked.length : 0;
    const isTold = this.#hasEnded || unanswered === 0;
    const problems = isTold ? [] : [
      direction === "request"
        ? problem("CON-9", "the client ended before the answer")
        : problem("FRM-4", "the relay ended before the answer"),
    ];
    this.#hasEnded = true;
    const offset = this.#cutters[direction].offset;
    return [
      ...findings,
      { kind: "end", direction, offset, isReset, unanswered, problems },
    ];
  }

  #findings(direction: Direction, cuts: readonly Cut[]): Finding[] {
    return cuts.map((cut) => {
      if (cut.kind !== "frame") {
        if (cut.kind === "lost") this.#isWhole = false;
        return { ...cut, direction, problems: [] };
      }
      const { bytes, unseen, offset } = cut;
      const anatomy = dissect(bytes, direction, undefined, unseen);
      const problems = [...anatomy.problems, ...this.#pair(anatomy)];
      const size = bytes.length + unseen;
      return {
        kind: "frame",
        direction,
        offset,
        problems,
        anatomy,
        size,
        unseen,
      };
    });
  }

  #pair(anatomy: Anatomy): Problem[] {
    if (!this.#isWhole) return [];
    if (anatomy.direction === "request") {
      const isEarly = this.#asked.push(askedIn(anatomy)) > 1;
      if (this.#asked.length > MOST_ASKED) this.#isWhole = false;
      return isEarly
        ? [problem("FRM-7", "the answer before it is still due")]
        : [];
    }
    const asked = this.#asked.shift();
    return asked === undefined
      ? [problem("FRM-4", "no request is due an answer")]
      : answerProblems(asked, anatomy);
  }
}

function askedIn(request: Anatomy): Asked {
  const { kind, code = 0, problems } = request;
  return {
    kind,
    code,
    target: part(request, "payload.target")?.slice(),
    refusedBy: problems.find(({ clause }) => refused.has(clause))?.clause,
  };
}

/** What an answer breaks that its request shows. */
function answerProblems(asked: Asked, answer: Anatomy): Problem[] {
  if (answer.kind === undefined || answer.kind === "failure") return [];
  if (asked.refusedBy !== undefined) {
    return [problem(asked.refusedBy, `expected 9000, got ${answer.code}`)];
  }
  if (asked.kind === undefined || asked.kind === "failure") return [];
  const code = responseCodeIn(dialectOf(asked.code), responseCode[asked.kind]);
  if (answer.code !== code) {
    const text =
      `expected ${code} or 9000 for ${asked.code}, got ${answer.code}`;
    return [problem("ANS-3", text)];
  }
  const owner = part(answer, "payload.clientId") ??
    part(answer, "payload.target");
  const { target } = asked;
  if (target === undefined || owner === undefined || equals(target, owner)) {
    return [];
  }
  const clause = asked.kind === "publicKey" ? "KEY-1" : "SND-2";
  return [problem(clause, "another client's id than was asked for")];
}

function part(anatomy: Anatomy, path: string): Uint8Array | undefined {
  return anatomy.parts.find((part) => part.path === path)?.bytes;
}
