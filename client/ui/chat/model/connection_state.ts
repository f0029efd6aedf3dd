/** What is known of the relay; times on the clock of `performance.now()`. */
export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "connected" }
  | { kind: "retrying"; until: number }
  | { kind: "refused"; until: number };

/** The state in words, at a time. */
export function describeConnection(
  state: ConnectionState,
  now: number,
): string {
  switch (state.kind) {
    case "connecting":
      return "connecting";
    case "connected":
      return "connected";
    case "retrying":
      return `retrying in ${seconds(state.until, now)} s`;
    case "refused":
      return `refused, retrying in ${seconds(state.until, now)} s`;
  }
}

function seconds(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}
