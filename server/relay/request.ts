import type { Dialect } from "../../shared/wire/dialects.ts";
import type { RequestStart } from "../../shared/wire/request_framer.ts";
import type { RequestKind } from "../../shared/wire/requests.ts";
import type { Release } from "./limits/connection_memory.ts";
import type { RequestRefusal } from "./refusal.ts";
import type { RequestWatch } from "./watcher.ts";

const NOTHING = new Uint8Array(0);

/** What a request may lack. */
export type RequestParts<K> = Partial<
  Pick<
    Request<K>,
    | "kind"
    | "refusal"
    | "watch"
    | "padded"
    | "sharesCommit"
    | "payload"
    | "release"
  >
>;

/** A request as it comes off a connection: whole, or refused as it is framed. */
export class Request<K> {
  /** What it asks for; undefined where it is refused. */
  readonly kind: K | undefined;
  /** Why it is refused. */
  readonly refusal: RequestRefusal | undefined;
  /** Observes it; undefined where there is no observer. */
  readonly watch: RequestWatch | undefined;
  /** Whether zeros fill its block, so that its response is padded too (DIA-5). */
  readonly padded: boolean;
  /** Whether it is handled at once, to share a commit with those behind it. */
  readonly sharesCommit: boolean;
  #requesterId: Uint8Array;
  #payload: Uint8Array;
  #release: Release | undefined;

  /** @param requesterId the id in its header */
  constructor(
    requesterId: Uint8Array,
    {
      kind,
      refusal,
      watch,
      padded = false,
      sharesCommit = false,
      payload = NOTHING,
      release,
    }: RequestParts<K>,
  ) {
    this.#requesterId = requesterId;
    this.kind = kind;
    this.refusal = refusal;
    this.watch = watch;
    this.padded = padded;
    this.sharesCommit = sharesCommit;
    this.#payload = payload;
    this.#release = release;
  }

  /** The id in its header; gone once it is released. */
  get requesterId(): Uint8Array {
    return this.#requesterId;
  }

  /** Its payload; empty where it is refused, and once it is released. */
  get payload(): Uint8Array {
    return this.#payload;
  }

  /** Lets its bytes go: a silent connection may remember its last request for long. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
    this.#payload = this.#requesterId = NOTHING;
  }
}

/** A request of the legacy protocol. */
export class LegacyRequest extends Request<RequestKind> {
  /** The dialect of its code, and so of its response. */
  readonly dialect: Dialect;

  constructor(
    { dialect, header }: RequestStart,
    parts: RequestParts<RequestKind>,
  ) {
    const sharesCommit = parts.kind === "sendMessage";
    super(header.clientId, { ...parts, sharesCommit });
    this.dialect = dialect;
  }
}
