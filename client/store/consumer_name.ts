/** What a consumer's name is made of, for those who are told that theirs is none. */
export const CONSUMER_NAME =
  "1 to 64 letters, digits, dots, dashes and underscores";

/** Whether a text can be a consumer's name, and part of a file's name everywhere. */
export function isConsumerName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text);
}
