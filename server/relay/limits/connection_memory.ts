import type { BufferMemory } from "../../../shared/wire/byte_source.ts";
import type { ResponseMemory } from "../../store/store.ts";
import {
  ConnectionEndedError,
  Hold,
  type Holder,
  type MemoryBudget,
} from "./memory_budget.ts";

/** Bytes that a legacy request under way counts for beside its payload: it costs the store's time, too. */
export const REQUEST_OVERHEAD: number = 16 * 1024;

/** Gives memory back. */
export type Release = () => void;

/** The memory of a connection as its requests' handlers see it. */
export type RequestMemory =
  & ResponseMemory
  & Pick<ConnectionMemory, "endResponse">;

/**
 * The memory of one connection: the buffer in which requests arrive, beyond
 * what every connection has, the payloads that are being handled, and the
 * response that goes out.
 */
export class ConnectionMemory implements BufferMemory, ResponseMemory {
  readonly #budget: MemoryBudget;
  readonly #holder: Holder;
  #buffer: Hold | undefined;
  #response: Hold | undefined;
  /** Gives back what a payload has that was the buffer itself. */
  #given: Release | undefined;
  #waits = 0;
  /** Whether nothing is to be had any more. */
  #ended = false;

  /** @param holder the connection */
  constructor(budget: MemoryBudget, holder: Holder) {
    this.#budget = budget;
    this.#holder = holder;
  }

  /** Whether memory is waited for. */
  get waiting(): boolean {
    return this.#waits > 0;
  }

  /** Room for a buffer of the usual size, where it is there already or to be had at once. */
  tryGrow(size: number): boolean {
    if (this.#buffer !== undefined) return true;
    const hold = new Hold(this.#holder);
    if (this.#ended || !this.#budget.tryGrow(hold, size, false)) return false;
    this.#buffer = hold;
    return true;
  }

  /** Room for a buffer of any size, in place of the one that is there. */
  async grow(size: number): Promise<void> {
    const hold = this.#buffer ?? new Hold(this.#holder);
    await this.#wait(hold, size, false);
    this.#buffer = hold;
  }

  /** The buffer has its idle size again. */
  shrink(): void {
    if (this.#buffer !== undefined) this.#budget.close(this.#buffer, false);
    this.#buffer = undefined;
  }

  /** The buffer was handed out; another one of idle size is in its place. */
  give(): void {
    const hold = this.#buffer;
    this.#buffer = undefined;
    this.#given = () => {
      if (hold !== undefined) this.#budget.close(hold, false);
    };
  }

  /** What gives the buffer's memory back where it was handed out, itself being the payload. */
  takeGiven(): Release {
    const given = this.#given ?? (() => {});
    this.#given = undefined;
    return given;
  }

  /**
   * Room for a payload that is taken out of the buffer.
   *
   * @param overhead bytes that its request counts for beside it
   * @returns what gives it back once the request is handled; a promise of it
   * where there is no room at once
   */
  payload(size: number, overhead: number): Release | Promise<Release> {
    const { payloads } = this.#budget;
    const counted = size + overhead;
    const release = () => payloads.release(counted);
    return payloads.reserve(this.#holder.account, counted)?.then(() =>
      release
    ) ??
      release;
  }

  /** Room for the next piece of a response, in place of the one before, where it is to be had at once. */
  tryReserve(size: number): boolean {
    this.endResponse();
    const hold = new Hold(this.#holder);
    if (this.#ended || !this.#budget.tryGrow(hold, size, true)) return false;
    this.#response = hold;
    return true;
  }

  /**
   * Waits for room for the next piece of a response.
   *
   * @throws {ConnectionEndedError} where the connection ends meanwhile
   */
  async reserve(size: number): Promise<void> {
    if (this.tryReserve(size)) return;
    const hold = new Hold(this.#holder);
    await this.#wait(hold, size, true);
    this.#response = hold;
  }

  /** The piece turned out to be shorter. */
  keepResponse(size: number): void {
    if (this.#response === undefined || size >= this.#response.size) return;
    this.#budget.shrink(this.#response, size);
  }

  /** The piece has gone out. */
  endResponse(): void {
    if (this.#response !== undefined) this.#budget.close(this.#response, true);
    this.#response = undefined;
  }

  /** The connection is closed: what waits is rejected. */
  cancel(): void {
    this.#ended = true;
    if (this.#waits > 0) this.#budget.cancel(this.#holder);
  }

  /** Nothing uses it any more. */
  end(): void {
    this.cancel();
    this.shrink();
    this.endResponse();
  }

  /** @throws {ConnectionEndedError} where the connection has ended */
  async #wait(hold: Hold, size: number, paced: boolean): Promise<void> {
    if (this.#ended) throw new ConnectionEndedError("The connection has ended");
    this.#waits++;
    try {
      await this.#budget.grow(hold, size, paced);
    } finally {
      this.#waits--;
    }
    if (!this.#ended) return;
    this.#budget.close(hold, paced);
    throw new ConnectionEndedError("The connection has ended");
  }
}
