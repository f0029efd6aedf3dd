import type { MessageNumber } from "../../../store/message.ts";
import type { FoundMessage } from "../../../store/messages.ts";
import type { Matches } from "../../../store/pattern_matcher.ts";

/** Results of a search. */
export interface Hits {
  readonly pattern: string;
  /** Oldest first. */
  readonly messages: readonly FoundMessage[];
  /** Their matches. */
  readonly matches: ReadonlyMap<MessageNumber, Matches>;
  /** Index of the selected message. */
  readonly at: number;
  /** Whether the list is shown; otherwise the conversation of the selected message. */
  readonly isListed: boolean;
}

/** The results in a list, with the latest one selected. */
export function listed(
  pattern: string,
  messages: readonly FoundMessage[],
): Hits {
  return {
    pattern,
    messages,
    matches: new Map(messages.map(({ id, matches }) => [id, matches])),
    at: messages.length - 1,
    isListed: true,
  };
}

/** Selects a later message, or an earlier one (negative), around both ends. */
export function stepped(hits: Hits, step: number): Hits {
  const count = hits.messages.length;
  return { ...hits, at: ((hits.at + step) % count + count) % count };
}
