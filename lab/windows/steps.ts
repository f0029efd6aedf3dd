/** All that is tried, in order. */

import { checkNativeRelay, checkRelay } from "./conformance_steps.ts";
import {
  chatAtConsole,
  menuAtConsole,
  relayAtConsole,
} from "./console_steps.ts";
import type { Step } from "./step.ts";
import { testSteps } from "./test_steps.ts";

/** The steps. */
export const steps: readonly Step[] = [
  {
    name: "install",
    minutes: 3,
    run: async (wine) => {
      await wine.deno("install", "--frozen").succeed();
      return { summary: "the packages of deno.lock" };
    },
  },
  {
    name: "demo",
    minutes: 2,
    run: async (wine) => {
      const told = await wine.deno("task", "demo").succeed();
      return { summary: `${told.trim().split("\n").length} lines` };
    },
  },
  ...testSteps,
  { name: "conformance", minutes: 3, run: checkRelay },
  { name: "kit", minutes: 3, run: checkNativeRelay },
  { name: "menu", minutes: 3, run: menuAtConsole },
  { name: "chat", minutes: 3, run: chatAtConsole },
  { name: "ctrl-c", minutes: 2, run: relayAtConsole },
];
