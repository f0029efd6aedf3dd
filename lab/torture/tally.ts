/** How much a round did, counted as the answers come. */
export class Tally {
  /** Registrations that were acknowledged. */
  registrations = 0;
  /** Messages that were acknowledged. */
  messages = 0;
  /** Messages that were handed out, the repeats included. */
  handedOut = 0;
  /** Messages whose taking was shown by a later request that was answered. */
  taken = 0;
  /** Requests that are written, in part or whole, and not answered yet. */
  inFlight = 0;
  /** Connections that were opened. */
  connections = 0;
  /** Connections that the load reset, or closed in the middle of something. */
  resets = 0;
  /** Connections that the relay ended over a message that was taken elsewhere. */
  cut = 0;
  /** What was checked after the kill: rows, and messages that must be there. */
  checks = 0;
}
