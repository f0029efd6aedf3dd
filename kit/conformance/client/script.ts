/**
 * The steps in their order, and their text.
 *
 * @module
 */

import { chosenChecks } from "../chosen_checks.ts";
import type { CheckInfo } from "../report/outcome.ts";
import { wrap } from "../report/text.ts";
import type { Choice, Step } from "./step.ts";
import { badResponses, registrationRefused } from "./steps/bad_responses.ts";
import { badInboxes } from "./steps/bad_inboxes.ts";
import { readOlder, receiveFile, receiveTexts } from "./steps/receiving.ts";
import {
  askKeys,
  askList,
  register,
  registerAgain,
} from "./steps/registration.ts";
import {
  requestKey,
  SAMPLE_PATH,
  sendFile,
  sendKey,
  sendText,
  sendUtf8,
  useLastKey,
  useOwnKey,
} from "./steps/sending.ts";
import { requestChecks } from "./request_checks.ts";

const goodSteps: readonly Step[] = [
  register,
  registerAgain,
  askList,
  askKeys,
  requestKey,
  receiveTexts,
  sendText,
  sendUtf8,
  useLastKey,
  readOlder,
  sendKey,
  useOwnKey,
  sendFile,
  receiveFile,
];

/** The check of the client's end, after all steps. */
export const endCheck: CheckInfo & { readonly drivenOnly: true } = {
  name: "ends",
  subject: "end",
  clause: "ERR-3",
  about: "0 ends the client after all steps",
  drivenOnly: true,
};

/** Steps and the chosen checks. */
export interface Script {
  /** The steps, in order. */
  readonly steps: readonly Step[];
  /** Names of the chosen checks. */
  readonly chosen: ReadonlySet<string>;
}

/** All steps, or those without bad responses. */
export function stepsOf(badly: boolean): readonly Step[] {
  return badly
    ? [registrationRefused, ...goodSteps, ...badResponses, ...badInboxes]
    : goodSteps;
}

/** All checks of these steps and of their requests. */
export function checksOf(steps: readonly Step[]): readonly CheckInfo[] {
  return [
    ...steps.flatMap(({ subject, checks }) =>
      checks.map((check) => ({ subject, ...check }))
    ),
    ...requestChecks,
    endCheck,
  ];
}

/**
 * Chooses checks, and drops steps without a chosen one. Before the last chosen
 * one, registration, the list and the steps that exchange keys stay: it needs
 * them.
 *
 * @param patterns names, clauses or subjects. Default: all checks
 * @throws {UsageError} if a pattern fits no check
 */
export function choose(
  steps: readonly Step[],
  patterns?: readonly string[],
): Script {
  const chosen = new Set(
    chosenChecks(checksOf(steps), patterns).map(({ name }) => name),
  );
  const isChosen = ({ name }: { readonly name: string }) => chosen.has(name);
  const needed = new Set([
    register,
    askList,
    askKeys,
    receiveTexts,
    sendKey,
  ]);
  const last = [...requestChecks, endCheck].some(isChosen)
    ? steps.length
    : steps.findLastIndex(({ checks }) => checks.some(isChosen));
  return {
    chosen,
    steps: steps.filter((step, index) =>
      step.checks.some(isChosen) || index < last && needed.has(step)
    ),
  };
}

/** The lines to type for a choice, with the file's path filled in. */
export function linesOf(choice: Choice, sample: string): string[] {
  return choice.map((line) => line === SAMPLE_PATH ? sample : line);
}

/** Formats a step for a person. */
export function stepText(
  step: Step,
  number: number,
  count: number,
  sample: string,
): string {
  const head = `${`${number}`.padStart(2)}/${count}  `;
  const indent = " ".repeat(head.length);
  const typed = step.choices.map((choice) =>
    linesOf(choice, sample).join(" ⏎ ")
  );
  const paragraphs = [
    ...wrap(step.title, 80 - head.length),
    ...typed.map((line) => `  type  ${line}`),
    ...step.sees === undefined
      ? []
      : wrap(`You should see: ${step.sees}`, 80 - head.length),
  ];
  return paragraphs.map((line, index) => (index === 0 ? head : indent) + line)
    .join("\n");
}
