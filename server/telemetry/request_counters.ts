import { dialects, requestCode } from "../../shared/wire/dialects.ts";
import { requestKinds } from "../../shared/wire/requests.ts";
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
export class CodeCounters {
  /** The code, or `other` for all that mean nothing. */
  readonly code: string;
  /** What the code asks for, or `unknown`. */
  readonly request: string;
  /** Requests that got what they ask for. */
  answered = 0;
  /** Requests that were refused. */
  refused = 0;
  /** Requests that the relay failed to handle. */
  failed = 0;
  /** Requests without a response, since the store can't tell what it kept. */
  unknown = 0;
  /** Milliseconds until the response was there, of those that got what they ask for. */
  readonly milliseconds: Histogram = new Histogram(DURATIONS);

  constructor(code: string, request: string) {
    this.code = code;
    this.request = request;
  }
}

/** Counts requests, in plain numbers: a busy relay handles one in microseconds. */
export class RequestCounters implements Watcher {
  readonly #byCode = new Map<number, CodeCounters>();
  readonly #other = new CodeCounters("other", "unknown");
  readonly #refusals = Object.fromEntries(
    requestRefusals.map((refusal) => [refusal, 0]),
  ) as Record<RequestRefusal, number>;

  constructor() {
    for (const dialect of dialects) {
      for (const kind of requestKinds) {
        const code = requestCode(kind, dialect);
        this.#byCode.set(code, new CodeCounters(`${code}`, kind));
      }
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
    switch (outcome) {
      case "answered":
        counters.answered++;
        counters.milliseconds.record(performance.now() - began);
        break;
      case "failed":
      case "unknown":
        counters[outcome]++;
        break;
      default:
        counters.refused++;
        this.#refusals[outcome]++;
    }
  }
}
