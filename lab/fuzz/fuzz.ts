/**
 * One run: relays and decoders in turns, one at a time, so that what either
 * owes within a time isn't spoilt by the other.
 *
 * @module
 */

import { DecoderFuzz } from "./decoders/decoder_fuzz.ts";
import { FuzzFailure } from "./failure.ts";
import { RelayFuzz } from "./relay/relay_fuzz.ts";
import { SecureFuzz } from "./secure/secure_fuzz.ts";
import { Tally } from "./tally.ts";

/** Milliseconds of each turn. */
const RELAY_TURN = 2000;
const DECODER_TURN = 400;
/** Seconds between two lines of progress. */
const PROGRESS = 10;

/** What a run is to do. */
export interface FuzzOptions {
  /** Decides all cases. */
  seed: number;
  /** Seconds after which it ends. Default: no end. */
  seconds?: number;
  /** Cases against relays after which it ends. Default: no end. */
  cases?: number;
  /** Whether relays are asked on their secure ports. Default: false */
  secure?: boolean;
  /** The number of the first case, of relays and of decoders. */
  firstCase?: number;
  /** Is told how far it is. */
  progress?: (line: string) => void;
}

/** What came of a run. */
export interface FuzzResult {
  tally: Tally;
  /** The first failure, which ended it. */
  failure?: FuzzFailure;
}

/** Runs until the time is over, enough cases have run or something fails. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { seed, firstCase = 0, progress = () => {} } = options;
  const { seconds = Infinity, cases = Infinity, secure = false } = options;
  const tally = new Tally();
  try {
    await using relays = secure
      ? new SecureFuzz(seed, tally, firstCase)
      : new RelayFuzz(seed, tally, firstCase);
    await using decoders = new DecoderFuzz(seed, tally, firstCase);
    let next = PROGRESS;
    while (tally.seconds < seconds && tally.cases < cases) {
      await relays.run(Math.min(RELAY_TURN, 1000 * (seconds - tally.seconds)));
      await decoders.run(DECODER_TURN);
      if (tally.seconds < next) continue;
      progress(tally.progress());
      next += PROGRESS;
    }
    await relays.finish();
    return { tally };
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    return { tally, failure: error };
  }
}
