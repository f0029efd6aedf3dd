/** The process that puts load on relays: `open PLAN`, `run PLAN`, `close`. */

import { serveCommands } from "./commands.ts";
import { Load, type LoadPlan } from "./load.ts";
import type { RunPlan } from "./run.ts";

let load: Load | undefined;

await serveCommands({
  async open(plan) {
    load = new Load(plan as LoadPlan);
    await load.open();
  },
  run(plan) {
    if (load === undefined) throw new Error("Expected open before run");
    return load.run(plan as RunPlan);
  },
  close() {
    load?.close();
    load = undefined;
  },
});
