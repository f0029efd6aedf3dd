import { assert, assertEquals } from "@std/assert";
import { changed } from "../../lab/fuzz/decoders/inputs.ts";
import { secureTargets } from "../../lab/fuzz/decoders/secure_targets.ts";
import { Random } from "../../lab/harness/random.ts";
import { secureRequestKinds } from "../../shared/secure/secure_requests.ts";

Deno.test("what reads the secure protocol takes its samples and survives changed ones", async () => {
  const targets = await secureTargets();
  for (const { samples, run } of targets) {
    for (const sample of samples) await run(sample.slice());
  }
  const random = new Random(1);
  let refused = 0;
  for (let input = 0; input < 5000; input++) {
    const { samples, run, throws, name } = random.pick(targets);
    try {
      await run(changed(random.pick(samples), random));
    } catch (error) {
      assert(error instanceof throws, `${name}: ${error}`);
      refused++;
    }
  }
  assert(refused > 1000, `${refused}`);
  // Two payloads of each request, and five others.
  assertEquals(targets.length, 2 * secureRequestKinds.length + 5);
});
