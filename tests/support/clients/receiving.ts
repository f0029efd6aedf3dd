/** Receives in tests, with functions that get the events. */

import type {
  Message,
  MessageToShow,
  ReceiveEvent,
  ReceiveOptions,
  Session,
  UserError,
} from "../../../client/mod.ts";

/** What gets the events. */
export interface Handlers extends ReceiveOptions {
  /** Gets each message; one is left to be shown again where it returns false. */
  message?: (message: Message) => unknown;
  problem?: (error: UserError) => unknown;
  notice?: (text: string) => unknown;
}

/** Receives and shows; returns how many messages were shown. */
export async function pull(
  session: Session,
  handlers: Handlers = {},
): Promise<number> {
  return (await run(session.pull(handlers), handlers)).shown;
}

/** Receives; returns how many messages are new. */
export async function receive(
  session: Session,
  handlers: Handlers = {},
): Promise<number> {
  return (await run(session.receive(handlers), handlers)).stored;
}

/** Shows what wasn't shown yet; returns how many messages were shown. */
export async function showNew(
  session: Session,
  message: (message: Message) => unknown,
): Promise<number> {
  return (await run(session.unshown(), { message })).shown;
}

async function run(
  events: AsyncIterable<ReceiveEvent | MessageToShow>,
  { message, problem, notice }: Handlers,
): Promise<{ shown: number; stored: number }> {
  let [shown, stored] = [0, 0];
  for await (const event of events) {
    if (event.kind === "problem") problem?.(event.error);
    if (event.kind === "notice") notice?.(event.text);
    if (event.kind === "stored") stored += event.count;
    if (event.kind !== "message" || message === undefined) continue;
    if (message(event.message) === false) continue;
    event.markShown();
    shown++;
  }
  return { shown, stored };
}
