/**
 * Plays one connection of a case: sends its bytes at their pace, reads what its
 * ending has it read, and hands back what came.
 *
 * @module
 */

import { paddingBehind } from "../../../shared/wire/dialects.ts";
import { RESPONSE_HEADER_SIZE } from "../../../shared/wire/protocol.ts";
import { expect } from "../failure.ts";
import { frame, type Framing } from "./framing.ts";
import { BLOCKS } from "./layout.ts";
import type { WholeResponse } from "../../../shared/wire/response_framer.ts";
import { Link } from "./link.ts";
import type { Plan } from "./plans.ts";
import { Random } from "../../harness/random.ts";
import type { Outcome } from "./outcome.ts";

/** What a connection is played against. */
export interface Stage {
  port: number;
  /** Bytes of the largest payload that the relay takes. */
  maxMessage: number;
  /** Takes a connection that stays open. */
  linger: (link: Link) => void;
  /** Has another client served meanwhile. */
  serveOthers: () => Promise<void>;
}

/** Bytes of the largest piece of a short stream. */
const MOST_PIECE = 1400;

/** @throws {FuzzFailure} where answers don't come, or the connection ends otherwise than it must */
export async function play(plan: Plan, stage: Stage): Promise<Outcome> {
  const { pacing, ending } = plan;
  const { foreignAt } = frame(plan.stream, stage.maxMessage);
  const known = plan.stream.subarray(0, foreignAt);
  const stream = ending === "cut" ? known.subarray(0, plan.cutAt) : known;
  const framing = frame(stream, stage.maxMessage);
  const outcome: Outcome = {
    framing,
    pacing,
    ending,
    sent: stream.length,
    answers: [],
    readAll: true,
  };
  const link = await Link.connect(stage.port);
  try {
    await act({ ...plan, stream }, framing, link, outcome, stage);
  } catch (error) {
    link.close();
    throw error;
  }
  return outcome;
}

async function act(
  plan: Plan,
  framing: Framing,
  link: Link,
  outcome: Outcome,
  stage: Stage,
): Promise<void> {
  const { answers } = outcome;
  const readAll = async () => {
    while (answers.length < framing.steps.length) {
      if (!(await readOne(link, answers))) break;
    }
  };
  const expected = () => framing.padded ? paddingOf(answers) : 0;
  switch (plan.ending) {
    case "cut":
    case "unread":
      await write(plan, link);
      outcome.readAll = false;
      if (plan.ending === "cut") await link.reset();
      else link.close();
      return;
    case "late": {
      const written = write(plan, link);
      await stage.serveOthers();
      await Promise.all([written, readAll()]);
      return await end(link, expected());
    }
    case "half-close": {
      const written = write(plan, link).then(() => link.end());
      await Promise.all([written, readAll()]);
      return await over(link, expected());
    }
    default: {
      if (plan.pacing === "strict") {
        await converse(plan, framing, link, answers);
      } else await Promise.all([write(plan, link), readAll()]);
      if (plan.ending === "reset") return await link.reset();
      if (plan.ending === "linger") return stage.linger(link);
      return await end(link, expected());
    }
  }
}

/** Zeros behind the last of these answers, in bytes. */
function paddingOf(answers: readonly WholeResponse[]): number {
  const { length } = answers.at(-1)?.payload ?? [];
  return paddingBehind(RESPONSE_HEADER_SIZE + length, BLOCKS);
}

async function end(link: Link, padding: number): Promise<void> {
  link.end();
  await over(link, padding);
}

/** The relay must end too then, in good order, with so many zeros more. */
async function over(link: Link, padding: number): Promise<void> {
  const { how, left } = await link.over();
  expect(how === "end", "the relay's end of the stream", "a reset");
  expect(
    left.length === padding && left.every((byte) => byte === 0),
    `${padding} zeros after the answers`,
    `${left.length} bytes`,
  );
  link.close();
}

async function readOne(link: Link, answers: WholeResponse[]): Promise<boolean> {
  const answer = await link.response();
  if (answer === undefined) return false;
  answers.push(answer);
  return true;
}

/** Sends each request once the answer before it was read. */
async function converse(
  { stream }: Plan,
  { steps }: Framing,
  link: Link,
  answers: WholeResponse[],
): Promise<void> {
  let sent = 0;
  for (const step of steps) {
    const end = Math.min(Math.max(step.end, step.dueAt), stream.length);
    await link.write(stream.subarray(sent, end));
    sent = end;
    if (!(await readOne(link, answers))) return;
  }
  await link.write(stream.subarray(sent));
}

async function write(
  { stream, pacing, seed }: Plan,
  link: Link,
): Promise<void> {
  switch (pacing) {
    case "bytes":
      for (let at = 0; at < stream.length; at++) {
        await link.write(stream.subarray(at, at + 1));
      }
      return;
    case "pieces": {
      const random = new Random(seed);
      for (let at = 0; at < stream.length;) {
        // A large stream in small pieces would take the time of many cases.
        const most = Math.max(MOST_PIECE, stream.length / 20);
        const size = random.between(1, most);
        await link.write(stream.subarray(at, at + size));
        at += size;
      }
      return;
    }
    default:
      return await link.write(stream);
  }
}
