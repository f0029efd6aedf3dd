import type { DeviceId } from "../../shared/secure/secure_protocol.ts";

/** Wakes those who wait for mail of a device. */
export class MailWaiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Number of devices for which mail is waited. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves once the device is woken, or the signal is aborted. */
  wait(device: DeviceId, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const key = device.toHex();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    const end = () => {
      signal.removeEventListener("abort", end);
      waiting.delete(end);
      if (waiting.size === 0) this.#waiting.delete(key);
      resolve();
    };
    waiting.add(end);
    signal.addEventListener("abort", end);
    return promise;
  }

  /** Mail of a device may have come in. */
  wake(device: DeviceId): void {
    if (this.#waiting.size === 0) return;
    for (const end of [...this.#waiting.get(device.toHex()) ?? []]) end();
  }
}
