import { assertEquals } from "@std/assert";
import { RelayLink, Session } from "../../../client/mod.ts";
import { exportToStream } from "../../../client/transfer/export_archive.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { platforms, thisPlatform } from "../../../shared/platform/platform.ts";
import { LOOPBACK_AND_FILES, testWith } from "../../support/test_with.ts";

testWith(
  LOOPBACK_AND_FILES,
  "a piped archive has a name only where an open file needs one",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const dir = `${folder.path}/anna`;
    const link = new RelayLink(() => Promise.resolve(relay.address));
    using session = new Session(dir, link);
    await session.register("anna");
    const isArchive = (name: string) => name.startsWith("info.export.");
    for (const platform of new Set([thisPlatform, platforms.windows])) {
      let size = 0;
      await exportToStream(dir, session.store, async (bytes) => {
        const named = (await namesIn(dir)).filter(isArchive);
        assertEquals(named.length, platform.removesOpenFiles ? 0 : 1);
        size += bytes.length;
      }, { passphrase: undefined, platform });
      assertEquals(size > 0, true);
      assertEquals((await namesIn(dir)).filter(isArchive), []);
    }
  },
);
