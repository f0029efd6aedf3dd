import { list, record } from "../../../../../shared/wire/fields.ts";
import { f64, nothing } from "../fields.ts";
import type { StoreCommand } from "../store_command.ts";

/** When a client was last seen. */
export interface LastSeen {
  /** Position of the client in the list of all. */
  position: number;
  /** Milliseconds since 1970. */
  at: number;
}

/** Writes when clients were last seen. */
export const updateLastSeen: StoreCommand<readonly LastSeen[], void> = {
  effect: "changes",
  fields: list(record<LastSeen>({ position: f64, at: f64 })),
  result: nothing,
  prepare(database) {
    const update = database.prepare(
      "UPDATE activity SET LastSeen = ? WHERE Position = ?",
    );
    return {
      execute(clients) {
        for (const { position, at } of clients) {
          update.run(new Date(at).toISOString(), position);
        }
      },
    };
  },
};
