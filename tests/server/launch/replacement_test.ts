/** A launcher's relay, replaced by one that ends too early. */

import { assertEquals } from "@std/assert";
import { RelayGroup } from "../../../server/launch/relay_group.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";

/** Programs in the place of relays, in the order of their starts. */
const PROGRAM_TEXTS = [
  // The old relay drains until its successor has ended: the pause only lets the
  // launcher see that end first, and the order changes nothing.
  `console.log("listening on 127.0.0.1:1");
   for await (const _ of Deno.stdin.readable);
   while (true) {
     try { Deno.statSync(Deno.args[0]); break; } catch {
       await new Promise((resolve) => setTimeout(resolve, 10));
     }
   }
   await new Promise((resolve) => setTimeout(resolve, 300));`,
  `console.log("listening on 127.0.0.1:1");
   Deno.writeTextFileSync(Deno.args[0], "");
   Deno.exit(7);`,
  `console.log("listening on 127.0.0.1:1");
   for await (const _ of Deno.stdin.readable);`,
];

testWith(
  PROGRAMS,
  "a new relay that ends before the old one does is started anew",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      let starts = 0;
      const restarted = Promise.withResolvers<void>();
      const group = new RelayGroup({
        args: () => [],
        command: async () => {
          const file = `${folder}/${starts}.js`;
          const text = PROGRAM_TEXTS[starts] ?? "";
          await Deno.writeTextFile(file, text);
          if (++starts === PROGRAM_TEXTS.length) restarted.resolve();
          return ["run", "-A", "--no-config", file, `${folder}/ended`];
        },
        findsSecurePort: false,
        serves: () => group.replace(),
        say: () => {},
      });
      const code = group.run(1);
      await Promise.race([restarted.promise, code]);
      group.stop();
      assertEquals(await code, 0);
      assertEquals(starts, 3);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
