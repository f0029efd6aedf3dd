/**
 * What came of one connection of a case, and what it shows.
 *
 * @module
 */

import { decodeResponse } from "../../harness/responses.ts";
import {
  defaultDialect,
  responseMeant,
} from "../../../shared/wire/dialects.ts";
import { PROTOCOL_VERSION } from "../../../shared/wire/protocol.ts";
import type { Response } from "../../../shared/wire/requests.ts";
import type { WholeResponse } from "../../../shared/wire/response_framer.ts";
import { expect, FuzzFailure } from "../failure.ts";
import type { Framing } from "./framing.ts";
import type { Kept } from "./inbox_model.ts";
import type { Ending, Pacing } from "./plans.ts";
import { PULL } from "../../../kit/requests.ts";

/** What came of one connection of a case. */
export interface Outcome {
  framing: Framing;
  pacing: Pacing;
  ending: Ending;
  /** Bytes that were sent. */
  sent: number;
  answers: WholeResponse[];
  /** Whether all answers were read, so that none may be missing. */
  readAll: boolean;
}

/** What a pull's answer becomes by what the client did after it. */
export function noteTaken(
  { framing: { steps, trailing }, pacing, ending }: Outcome,
  at: number,
  handed: readonly Kept[],
): void {
  const last = at === steps.length - 1;
  const silent = last && !trailing;
  // With nothing sent after the answer it may all come again.
  if (silent && (ending === "reset" || ending === "linger")) return;
  const shown = silent ? ending === "orderly" : !last && pacing === "strict";
  for (const kept of handed) {
    if (kept.state === "taken") continue;
    kept.state = shown ? "taken" : "may be taken";
  }
}

/** Decodes the answers of a connection; @throws {FuzzFailure} where one is missing or malformed */
export function decodeAll(
  { framing, answers, readAll, sent }: Outcome,
  connection: number,
): Response[] {
  const due = framing.steps.filter(({ dueAt }) => dueAt <= sent).length;
  const codes = answers.map(({ code }) => code).join(" ");
  const where = `on connection ${connection}`;
  expect(
    readAll ? answers.length === due : answers.length <= due,
    `${due} answers ${where}`,
    `${answers.length}: ${codes}`,
  );
  return answers.map(({ version, code, payload }, i) => {
    const got = `answer ${i} ${where}: version ${version}, code ${code}`;
    const dialect = framing.steps[i]?.dialect ?? defaultDialect;
    const meant = responseMeant(dialect, code);
    if (meant === undefined) {
      throw new FuzzFailure(`a code of dialect ${dialect.name}`, got);
    }
    expect(version === PROTOCOL_VERSION, `version ${PROTOCOL_VERSION}`, got);
    try {
      return decodeResponse(meant, payload);
    } catch (cause) {
      throw new FuzzFailure("a payload in its form", got, { cause });
    }
  });
}

/** Inboxes in which two connections of a case get in each other's way. */
export function contestedInboxes(outcomes: readonly Outcome[]): Set<string> {
  const users = new Map<string, Set<number>>();
  const pulled = new Set<string>();
  outcomes.forEach(({ framing }, connection) => {
    for (const { asked, sender } of framing.steps) {
      if (asked?.kind === PULL) pulled.add(sender);
      const inbox = asked?.kind === "sendMessage" ? asked.target : sender;
      users.set(inbox, (users.get(inbox) ?? new Set()).add(connection));
    }
  });
  return new Set(
    [...pulled].filter((inbox) => (users.get(inbox)?.size ?? 0) > 1),
  );
}
