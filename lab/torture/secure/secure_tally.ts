/** How much a round did, counted as the responses come. */
export class SecureTally {
  /** Accounts that were registered. */
  registrations = 0;
  /** Sendings that were acknowledged. */
  sends = 0;
  /** Of these, sendings that the relay had taken before a break. */
  repeats = 0;
  /** Messages that were handed out, the repeats included. */
  handedOut = 0;
  /** Single-use packages that were handed out. */
  claims = 0;
  /** Packages that were published. */
  published = 0;
  /** Connections that broke, or that the load abandoned. */
  breaks = 0;
  /** At the end: how often clients were killed, and how much they sent. */
  clientKills = 0;
  clientSends = 0;
}
