import { assert, assertEquals } from "@std/assert";
import { changed } from "../../lab/fuzz/decoders/inputs.ts";
import { secureTargets } from "../../lab/fuzz/decoders/secure_targets.ts";
import { fuzz } from "../../lab/fuzz/fuzz.ts";
import {
  readPackageAgain,
  readRecordAgain,
} from "../../lab/fuzz/secure/reading.ts";
import { Random } from "../../lab/harness/random.ts";
import {
  drawIdentity,
  drawPackages,
} from "../../lab/harness/secure/identity.ts";
import { readRecord } from "../../shared/secure/account_record.ts";
import { secureRequestKinds } from "../../shared/secure/secure_requests.ts";
import { longTest, PROGRAMS, skippedUnlessSlow } from "../support/test_with.ts";

const seed = Date.now() % 2 ** 32;

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

longTest(
  PROGRAMS,
  `a relay's secure port withstands what the fuzzer makes up (seed ${seed})`,
  async () => {
    const { tally, failure } = await fuzz({ seed, seconds: 600, secure: true });
    assertEquals(failure?.message, undefined, failure?.message);
    // What wasn't reached wasn't shown to hold.
    for (const code of ["4000", "4006", "4007", "4008", "4013", "4999.1"]) {
      assert(tally.codes.has(code), `${code}: ${tally.summary(0)}`);
    }
  },
  skippedUnlessSlow,
);

Deno.test("the second reading of records and packages agrees with the first", async () => {
  const identity = await drawIdentity("anna");
  const { record, device, signing } = identity;
  const read = readRecordAgain(record.bytes);
  assertEquals(read?.version, record.version);
  assertEquals(read?.account, record.account.toHex());
  assertEquals(read?.name, "anna");
  const [made = new Uint8Array()] = await drawPackages(identity, 0);
  const key = signing.publicKey;
  assertEquals(readPackageAgain(made, device.toHex(), key)?.number, 1);
  const random = new Random(2);
  for (let change = 0; change < 100; change++) {
    const other = changed(record.bytes, random);
    const isRecord = await readRecord(other).then(() => true, () => false);
    assertEquals(readRecordAgain(other) !== undefined, isRecord);
  }
});
