import {
  secureRequestCodecs,
  type SecureRequestKind,
  secureRequestKind,
} from "../../shared/secure/secure_requests.ts";
import { requestHeader } from "../../shared/wire/frames.ts";
import { REQUEST_HEADER_SIZE } from "../../shared/wire/protocol.ts";
import type { ConnectionMemory } from "../relay/limits/connection_memory.ts";
import type { Owner } from "../relay/protocol.ts";
import type { RequestRefusal } from "../relay/refusal.ts";
import { Request } from "../relay/request.ts";
import { END, RequestStream } from "../relay/request_stream.ts";

/** Time-outs that a client may be silent between requests: 5 minutes. */
const IDLE_TIMEOUTS = 10;

/**
 * Bytes that a request under way counts for beside its payload. More than a
 * legacy one, since each costs the event loop and the store more time: 500 at
 * once are a moment for which all others wait.
 */
const REQUEST_OVERHEAD = 64 * 1024;

/** A request of the secure protocol. */
export type SecureRequest = Request<SecureRequestKind>;

type Next = IteratorResult<SecureRequest, undefined>;

/** The requests of one connection in the secure protocol (section 4 of docs/secure.md). */
export class SecureRequests extends RequestStream<SecureRequest> {
  readonly #connection: Pick<Owner, "observe">;
  readonly #session: { readonly largest: number };
  #isTooLarge = false;

  /**
   * @param memory the memory of the connection
   * @param session tells the bytes of the largest payload that is accepted
   */
  constructor(
    transport: Pick<Deno.Conn, "read">,
    memory: ConnectionMemory,
    connection: Pick<Owner, "observe">,
    session: { readonly largest: number },
  ) {
    super(transport, memory);
    this.#connection = connection;
    this.#session = session;
  }

  /** A payload that is too large isn't read (STA-3). */
  override get endsFirst(): boolean {
    return this.#isTooLarge;
  }

  /** Nothing is padded. */
  override get isPadded(): boolean {
    return false;
  }

  /** Reads the next request. @throws {Error} where the connection breaks */
  override async next(): Promise<Next> {
    if (this.stopped || this.#isTooLarge) return END;
    if (!this.hasBegun) {
      // The time without a request begins anew (CHN-5).
      this.stall.restart(this.arrived);
      if (!(await this.begins())) return END;
    }
    const request = await this.#read();
    return request === undefined ? this.end() : { done: false, value: request };
  }

  protected override get patience(): number {
    if (this.awaits === "rest") return 1;
    return this.awaits === "request" ? IDLE_TIMEOUTS : 0;
  }

  protected override get hasBegun(): boolean {
    return this.source.buffered > 0;
  }

  /** Reads a request; undefined where the stream ends before it does (STA-7). */
  async #read(): Promise<SecureRequest | undefined> {
    const { source } = this;
    this.awaits = "rest";
    this.stall.restart(source.consumed);
    // What has arrived needs no promise, as for most requests.
    if (
      source.buffered < REQUEST_HEADER_SIZE &&
      !(await source.has(REQUEST_HEADER_SIZE))
    ) return undefined;
    const bytes = source.takeArrived(REQUEST_HEADER_SIZE);
    const { clientId, code, payloadSize } = requestHeader.decode(bytes, true);
    const kind = secureRequestKind(code);
    const refusal = this.#refusalOf(kind, payloadSize);
    if (kind === undefined || refusal !== undefined) {
      this.#connection.observe(code, payloadSize)?.ended(
        refusal ?? "unknown_code",
      );
      this.#isTooLarge = refusal === "too_large";
      const isAll = this.#isTooLarge || await source.skip(payloadSize);
      this.awaits = "nothing";
      return isAll ? new Request(clientId, { refusal }) : undefined;
    }
    if (source.buffered < payloadSize && !(await source.has(payloadSize))) {
      return undefined;
    }
    this.awaits = "nothing";
    const watch = this.#connection.observe(code, payloadSize);
    const taken = this.takePayload(payloadSize, REQUEST_OVERHEAD);
    const { payload, release } = taken instanceof Promise ? await taken : taken;
    const sharesCommit = kind === "send" || kind === "sendLegacy";
    const parts = { kind, sharesCommit, watch, payload, release };
    return new Request(clientId, parts);
  }

  /** Why a request is refused by its header alone. */
  #refusalOf(
    kind: SecureRequestKind | undefined,
    size: number,
  ): RequestRefusal | undefined {
    if (size > this.#session.largest) return "too_large";
    if (kind === undefined) return "unknown_code";
    const { fixedSize = size } = secureRequestCodecs[kind];
    return size === fixedSize ? undefined : "wrong_size";
  }
}
