import type { NewMessage, Quota, SendResult, Store } from "../../server/mod.ts";
import { around } from "./around.ts";

/** A store with faults, which a subclass overrides. */
export class StoreAround extends around<Store>() {}

/**
 * Does something else where a message is to be kept.
 *
 * @param send gets the message, and what keeps one as it should be
 */
export function sendingBy(
  send: (
    message: NewMessage,
    keep: (message: NewMessage) => Promise<SendResult>,
  ) => Promise<SendResult>,
): (inner: Store) => Store {
  return (inner) =>
    new class extends StoreAround {
      override send(message: NewMessage, quota: Quota): Promise<SendResult> {
        return send(message, (kept) => super.send(kept, quota));
      }
    }(inner);
}
