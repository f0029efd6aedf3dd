import type { Account } from "./limits/connection_limit.ts";
import { ConnectionMemory } from "./limits/connection_memory.ts";
import type { Holder, MemoryBudget } from "./limits/memory_budget.ts";
import type { Silent } from "./limits/silent_connections.ts";
import type { Protocol, Session } from "./protocol.ts";
import type { Request } from "./request.ts";
import type { RequestStream } from "./request_stream.ts";
import { ResponseQueue } from "./response_queue.ts";
import type { RequestWatch, Watcher } from "./watcher.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/**
 * Milliseconds that a client gets to be the first to end a connection where
 * messages were handed out: behind our own end a reset that follows the
 * client's isn't seen.
 */
const OWN_END_GRACE = 200;
const NOTHING = new Uint8Array(0);

/** What a connection has to be able to do; every `Deno.Conn` is. */
export type Transport =
  & Pick<Deno.Conn, "read" | "write" | "closeWrite" | "close">
  & {
    /** Resolves once it is closed, where what is under way may settle later. */
    readonly closed?: Promise<void>;
  };

/** What connections share. */
export interface ConnectionOptions<R extends Request<unknown>> {
  /** What the client speaks. */
  protocol: Protocol<R>;
  /** Memory for requests and responses under way. */
  budget: MemoryBudget;
  /** Counts the signs of life of all connections. */
  life: { signs: number };
  /** Milliseconds in which a reset may follow the end of the stream. */
  closeGrace: number;
  watcher: Watcher | undefined;
}

/**
 * Where a connection stands:
 * - `open`: requests are served as they come
 * - `draining`: what is under way is finished, and nothing else is begun
 * - `lingering`: the client has all that it asked for, and its end is due
 * - `ended`: our end is out, and the client's is due
 * - `closed`: nothing goes in or out
 */
type State = "open" | "draining" | "lingering" | "ended" | "closed";

/**
 * Serves one connection: requests in, responses out, in order (FRM-4 and
 * section 3 of docs/protocol.md). Nothing that a client sends ends anything but
 * its connection. There may be many: each byte counts.
 */
export class Connection<R extends Request<unknown>> implements Silent, Holder {
  /** Its address, as limits count it. */
  readonly account: Account;
  /** The last sign of life. */
  heard: number;
  #state: State = "open";
  readonly #transport: Transport;
  readonly #number: number;
  readonly #options: ConnectionOptions<R>;
  readonly #memory: ConnectionMemory;
  readonly #session: Session<R>;
  readonly #requests: RequestStream<R>;
  readonly #responses: ResponseQueue;

  /**
   * @param account its address
   * @param number tells it from all others to watchers
   */
  constructor(
    transport: Transport,
    account: Account,
    number: number,
    options: ConnectionOptions<R>,
  ) {
    this.#transport = transport;
    this.account = account;
    this.heard = ++options.life.signs;
    this.#number = number;
    this.#options = options;
    this.#memory = new ConnectionMemory(options.budget, this);
    const { protocol } = options;
    this.#session = protocol.session(this);
    this.#requests = protocol.requests(
      transport,
      this.#memory,
      this,
      this.#session,
    );
    this.#responses = new ResponseQueue(transport, this.#memory, this);
  }

  /** Bytes that have come from the client. */
  get received(): number {
    return this.#requests.arrived;
  }

  /** Bytes that have gone to the client. */
  get sent(): number {
    return this.#responses.sent;
  }

  /** Bytes that have moved in either direction. */
  get moved(): number {
    return this.received + this.sent;
  }

  /** Whether it waits for memory. */
  get waiting(): boolean {
    return this.#memory.waiting;
  }

  /** Whether the client is waited for, not the store. */
  get awaitsClient(): boolean {
    return this.#requests.awaitsClient || this.#responses.isWriting ||
      this.waiting;
  }

  /** Whether it may stay as long as it wants. */
  get isAuthenticated(): boolean {
    return this.#session.isAuthenticated;
  }

  /** Begins to observe a request with this code and so many bytes of payload. */
  observe(code: number, size: number): RequestWatch | undefined {
    const connection = this.#number;
    return this.#options.watcher?.requested({ code, size, connection });
  }

  /**
   * Confirms the responses that had gone out before a request whose header has
   * arrived (DLV-3). Reading goes on once the promise, if any, resolves.
   *
   * @param start offset of the header
   */
  headerArrived(start: number): Promise<void> | undefined {
    return this.#responses.confirmBefore(start);
  }

  /**
   * Waits, while a request is held, until another one begins to arrive or the
   * connection ends.
   *
   * @param signal ends the wait
   */
  async interrupted(signal: AbortSignal): Promise<void> {
    await this.#requests.interrupted(signal);
  }

  /** What has arrived by now: it can't acknowledge a response that goes out next. */
  arrivedByNow(): ReturnType<RequestStream<R>["arrivedByNow"]> {
    return this.#requests.arrivedByNow();
  }

  /**
   * Serves requests until the connection ends.
   *
   * @throws {Error} where the connection breaks: a reset or a time-out
   */
  async serve(): Promise<void> {
    const serving = this.#serveAll();
    try {
      const { closed } = this.#transport;
      await (closed === undefined ? serving : Promise.race([serving, closed]));
    } catch (error) {
      // Our own close interrupts a read; that is no failure.
      if (this.#state !== "closed") throw error;
    } finally {
      this.close();
      this.#memory.end();
    }
  }

  /**
   * Finishes what is under way, then closes; at once where nothing is, unless
   * the client has asked for nothing yet: it may have sent its first request.
   */
  drain(): void {
    if (this.#state !== "open") {
      if (this.#requests.awaitsClient) this.close();
      return;
    }
    this.#state = "draining";
    this.#requests.stop();
    this.#session.drain?.();
    if (!this.#requests.isIdle) return;
    // Where a response can't be sent, serve() has thrown it.
    this.#responses.drained().catch(() => {}).finally(() => this.close());
  }

  /** Closes where nothing has ever come in. */
  closeIfSilent(): void {
    if (this.received === 0) this.close();
  }

  /** Closes at once. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#transport.close();
    this.#memory.cancel();
  }

  /**
   * Closes where the client sends no first byte, or stops in the middle of a
   * request or of reading a response. To be called `LOOKS_PER_TIMEOUT` times
   * within the time-out.
   *
   * @returns whether it did
   */
  closeIfStuck(): boolean {
    const reading = this.#requests.look();
    // A wait for memory counts: what the client has meanwhile others lack.
    const writing = this.#responses.look(
      reading === "idle" && this.waiting,
    );
    const progress = [reading, writing];
    const isNew = this.received === 0;
    if (progress.includes("moving") && !isNew) {
      this.heard = ++this.#options.life.signs;
    }
    if (this.#state === "closed" || !progress.includes("stuck")) return false;
    this.close();
    return true;
  }

  async #serveAll(): Promise<void> {
    for await (const request of this.#requests) {
      if (this.#state === "closed") return;
      await this.#serve(request);
    }
    await this.#end();
  }

  async #serve(request: R): Promise<void> {
    if (request.kind !== undefined) this.heard = ++this.#options.life.signs;
    const { address } = this.account;
    const handle = await this.#session.begin(request, address, this.#memory);
    await this.#responses.add(request, handle);
  }

  async #end(): Promise<void> {
    await this.#responses.drained();
    if (this.#requests.endsFirst) await this.#endFirst();
    if (this.#state === "draining" || !this.#responses.hasUnacknowledged) {
      return;
    }
    await this.#responses.confirmAtEnd(this.#endsOrderly());
  }

  /**
   * Ends the connection behind a padded response, which some clients read up to
   * the end, or one that refuses all that follows. The client's end, which is
   * waited for, tells whether it has it.
   */
  async #endFirst(): Promise<void> {
    if (this.#requests.isPadded) await this.#responses.pad();
    if (this.#state === "draining") return await this.#transport.closeWrite();
    if (this.#state === "open") this.#state = "lingering";
    const isFirst = this.#responses.hasUnacknowledged &&
      await this.#requests.endsWithin(OWN_END_GRACE);
    if (isFirst) return;
    await this.#transport.closeWrite();
    if (this.#state === "lingering") this.#state = "ended";
    await this.#requests.readPast();
  }

  /** Whether no reset follows the client's end. It doesn't reject. */
  async #endsOrderly(): Promise<boolean> {
    // A client that closes with bytes unread or under way sends an end first
    // and a reset behind it, which only a write notices; one of no bytes, since
    // none are read any more.
    const { closeGrace } = this.#options;
    await new Promise((resolve) => setTimeout(resolve, closeGrace));
    if (this.#state === "closed") return false;
    try {
      await this.#transport.write(NOTHING);
      return true;
    } catch (error) {
      // Behind our own end this is what a write throws where no reset came.
      return this.#state === "ended" &&
        hasCode(error, "EPIPE");
    }
  }
}
