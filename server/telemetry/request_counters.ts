import { dialects, requestCode } from "../../shared/wire/dialects.ts";
import { requestKinds } from "../../shared/wire/requests.ts";
import {
  secureRequestCode,
  secureRequestKinds,
} from "../../shared/secure/secure_requests.ts";
import { Histogram } from "./histogram.ts";
import { type RequestRefusal, requestRefusals } from "../relay/refusal.ts";
import type {
  Outcome,
  RequestWatch,
  SeenRequest,
  Watcher,
} from "../relay/watcher.ts";

/** Milliseconds. */
const DURATIONS = [
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1000,
  2500,
  10_000,
] as const;

/** The requests of one code. */
export interface CodeCounters {
  /** The code, or `other` for all that mean nothing. */
  readonly code: string;
  /** What the code asks for, or `unknown`. */
  readonly request: string;
  /** Number of requests by their outcome, with all refusals as one. */
  readonly ended: Record<Exclude<Outcome, RequestRefusal> | "refused", number>;
  /** Milliseconds until the response was there, of those that were answered. */
  readonly milliseconds: Histogram;
}

function countersOf(code: string, request: string): CodeCounters {
  const ended = { answered: 0, refused: 0, failed: 0, unknown: 0 };
  return { code, request, ended, milliseconds: new Histogram(DURATIONS) };
}

/** Counts requests, in plain numbers: a busy relay handles one in microseconds. */
export class RequestCounters implements Watcher {
  readonly #byCode = new Map<number, CodeCounters>();
  readonly #other = countersOf("other", "unknown");
  readonly #refusals = Object.fromEntries(
    requestRefusals.map((refusal) => [refusal, 0]),
  ) as Record<RequestRefusal, number>;

  constructor() {
    for (const dialect of dialects) {
      for (const kind of requestKinds) {
        const code = requestCode(kind, dialect);
        this.#byCode.set(code, countersOf(`${code}`, kind));
      }
    }
    for (const kind of secureRequestKinds) {
      const code = secureRequestCode(kind);
      this.#byCode.set(code, countersOf(`${code}`, kind));
    }
  }

  /** Requests that were refused, by reason. */
  get refusals(): Readonly<Record<RequestRefusal, number>> {
    return this.#refusals;
  }

  /** The counters of each code, those of all unknown ones last. */
  get codes(): readonly CodeCounters[] {
    return [...this.#byCode.values(), this.#other];
  }

  /** Counts a request once it has ended. */
  requested({ code }: SeenRequest): RequestWatch {
    const began = performance.now();
    const counters = this.#byCode.get(code) ?? this.#other;
    return { ended: (outcome) => this.#ended(counters, outcome, began) };
  }

  #ended(counters: CodeCounters, outcome: Outcome, began: number): void {
    const { ended, milliseconds } = counters;
    if (outcome in this.#refusals) {
      ended.refused++;
      this.#refusals[outcome as RequestRefusal]++;
    } else ended[outcome as Exclude<Outcome, RequestRefusal>]++;
    if (outcome === "answered") milliseconds.record(performance.now() - began);
  }
}
