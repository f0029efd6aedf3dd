/** What the doctor tells of the secure port. */

import { temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  checkKey,
  checkSecurePort,
} from "../../../server/doctor/secure_checks.ts";
import {
  makeRelayKey,
  relayKeyFiles,
} from "../../../server/secure/port/relay_key.ts";
import { thisPlatform } from "../../../shared/platform/platform.ts";
import { assertFinding } from "../../support/findings.ts";
import { FILES, LOOPBACK, testWith } from "../../support/test_with.ts";

const hostname = "0.0.0.0";

testWith(FILES, "the doctor looks at the relay's key", async () => {
  await using folder = await temporaryFolder();
  const { path: dir } = folder;
  const { current, next } = relayKeyFiles(dir);
  const name = { hostname: "relay.example.org" };
  const secure = { port: 1358, isDefault: true, name };
  const look = () => checkKey({ dir, hostname, secure });
  assertFinding(await look(), "ok", /none in .* yet: the relay makes it/);
  await makeRelayKey(current);
  assertFinding(
    await look(),
    "ok",
    /users enter mu:\/\/relay\.example\.org:1358\/[\w-]{43}$/,
  );
  assertFinding(
    await checkKey({ dir, hostname, secure: { ...secure, name: undefined } }),
    "warn",
    /users enter mu:\/\/HOST:1358\/.*in the place of HOST; with --name/,
  );
  assertFinding(
    await checkKey({ dir, hostname, secure: undefined }),
    "ok",
    /not used without a secure port/,
  );
  await makeRelayKey(next);
  assertFinding(await look(), "warn", /and the line of .*relay\.key\.next: /);
  if (thisPlatform.hasModes) {
    await Deno.chmod(current, 0o644);
    assertFinding(await look(), "bad", /open to other users \(mode 644\)/);
    await Deno.chmod(current, 0o600);
  }
  await Deno.writeTextFile(current, "nonsense");
  assertFinding(await look(), "bad", /is damaged: put your copy of it back/);
});

testWith(LOOPBACK, "the doctor looks at the secure port", () => {
  const hostname = "127.0.0.1";
  const taken = Deno.listen({ hostname, port: 0 });
  const { port } = taken.addr;
  const look = (isDefault: boolean, running = false) =>
    checkSecurePort(
      { hostname, secure: { port, isDefault, name: undefined } },
      running,
    );
  const inUse = /in use: stop the other .* another port with --secure-port/;
  assertFinding(look(false), "bad", inUse);
  assertFinding(look(true), "warn", inUse);
  assertFinding(look(false, true), "ok", /by the relay that runs/);
  taken.close();
  assertFinding(look(false), "ok", new RegExp(`${port} is free`));
  assertFinding(
    checkSecurePort({ hostname, secure: undefined }, false),
    "ok",
    /serves the legacy port alone/,
  );
});
