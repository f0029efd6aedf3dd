import { RateLimit } from "../relay/limits/rate_limit.ts";

const HOUR = 3_600_000;

/** How often a device, or an address, may ask for what costs others something (section 9 of docs/secure.md). */
export class SecureRates {
  /** Claims of one device (CLM-4). */
  readonly claims: RateLimit = new RateLimit(20);
  /** Claims of single-use packages of one account by another one (CLM-4). */
  readonly singleUse: RateLimit = new RateLimit(10, HOUR);
  /** Look-ups of one device: names could be tried. */
  readonly lookUps: RateLimit = new RateLimit(600);
  /** Look-ups of one address, which may have many accounts. */
  readonly lookUpsOfAddress: RateLimit = new RateLimit(6000);
  /** Devices in the records that one address sends: each has keys to check. */
  readonly recordDevices: RateLimit = new RateLimit(10_000);
  /** Envelopes beside the first of each sending of one address: each is a row more. */
  readonly furtherEnvelopes: RateLimit = new RateLimit(60_000);
  /** Publications of one device. */
  readonly publications: RateLimit = new RateLimit(60);
}
