import { ok } from "../../../shared/cli/finding.ts";
import type { StoreKind } from "../store_kind.ts";
import { MemoryStore } from "./memory.ts";

/** Stores in the relay's own memory, for tests and trials; the rest of an address is empty. */
export const memory: StoreKind = {
  schemes: ["memory"],
  help: "memory: for trials, which keeps nothing once the relay stops",
  name({ rest }) {
    if (rest !== "") throw new TypeError("Expected nothing behind memory:");
    return "memory";
  },
  open: () => Promise.resolve(new MemoryStore()),
  permissions: () => Promise.resolve({}),
  sharedByRelays: false,
  doctor(_address, _limits, tell) {
    tell("store", ok("in memory: everything is lost when the relay stops"));
    return Promise.resolve({ running: false });
  },
  contract: {
    outlivesClose: false,
    newIn: () => "",
    lastSeen(store, name) {
      return store instanceof MemoryStore ? store.lastSeen(name) : "";
    },
  },
};
