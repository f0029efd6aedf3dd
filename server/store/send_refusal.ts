/** Why a message isn't taken: nobody has the recipient's id, its inbox has used up its ids, or past the quota. */
export const sendRefusals = [
  "unknown_target",
  "ids_used_up",
  "inbox_full",
] as const;

/** Why a message isn't taken. */
export type SendRefusal = typeof sendRefusals[number];

/** A refusal in the place of a message's id: a number below 0. */
export function refusalNumber(refusal: SendRefusal): number {
  return -1 - sendRefusals.indexOf(refusal);
}

/** The refusal that a number stands for, or undefined where it is an id. */
export function sendRefusal(number: number): SendRefusal | undefined {
  return sendRefusals[-1 - number];
}
