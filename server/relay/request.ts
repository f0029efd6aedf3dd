import type { Dialect } from "../../shared/wire/dialects.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import type { RequestStart } from "../../shared/wire/request_framer.ts";
import type { RequestKind } from "../../shared/wire/requests.ts";
import type { Release } from "./limits/connection_memory.ts";
import type { RequestRefusal } from "./refusal.ts";
import type { RequestWatch } from "./watcher.ts";

const NOTHING = new Uint8Array(0);

/** A request as it comes off a connection: whole, or refused as it is framed. */
export class Request {
  /** What it asks for; undefined where it is refused. */
  readonly kind: RequestKind | undefined;
  /** Why it is refused. */
  readonly refusal: RequestRefusal | undefined;
  /** The dialect of its code, and so of its response. */
  readonly dialect: Dialect;
  /** Observes it; undefined where there is no observer. */
  readonly watch: RequestWatch | undefined;
  /** Whether zeros fill its block, so that its response is padded too (DIA-5). */
  readonly padded: boolean;
  #clientId: ClientId;
  #payload: Uint8Array;
  #release: Release | undefined;

  constructor(
    { dialect, header }: RequestStart,
    { kind, refusal, watch, padded = false, payload = NOTHING, release }:
      Partial<
        Pick<
          Request,
          "kind" | "refusal" | "watch" | "padded" | "payload" | "release"
        >
      >,
  ) {
    this.dialect = dialect;
    this.#clientId = header.clientId;
    this.kind = kind;
    this.refusal = refusal;
    this.watch = watch;
    this.padded = padded;
    this.#payload = payload;
    this.#release = release;
  }

  /** The id in its header; gone once it is released. */
  get clientId(): ClientId {
    return this.#clientId;
  }

  /** Its payload; empty where it is refused, and once it is released. */
  get payload(): Uint8Array {
    return this.#payload;
  }

  /** Lets its bytes go: a silent connection may remember its last request for long. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
    this.#payload = this.#clientId = NOTHING as Uint8Array as ClientId;
  }
}
