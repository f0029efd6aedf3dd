/** The ways to tell the user of what arrives elsewhere. */
export const NOTIFY_MODES = ["bell", "osc9", "off"] as const;

/** One of them. */
export type NotifyMode = typeof NOTIFY_MODES[number];

/** Whether a text names one. */
export function isNotifyMode(text: string): text is NotifyMode {
  return (NOTIFY_MODES as readonly string[]).includes(text);
}
