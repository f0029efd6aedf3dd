/** Archives under a passphrase: their form, and all that is refused. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { createDecipheriv, hkdfSync } from "node:crypto";
import {
  encryptArchive,
  EncryptedArchive,
  WrongPassphraseError,
} from "../../../client/transfer/archive_encryption.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { assertMode } from "../../support/file_mode.ts";
import {
  FILES,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";
import { VerbUser } from "../../support/clients/verbs.ts";

const HEADER = 56;
const CHUNK = 64 * 1024 + 16;
const PASSPHRASE = "correct horse, battery stap\u00e9";

/** Encrypts a content into a file. */
async function seal(path: string, content: Uint8Array): Promise<void> {
  await Deno.writeFile(path, content);
  using plain = await Deno.open(path);
  const pieces = await Array.fromAsync(encryptArchive(plain, PASSPHRASE));
  await Deno.writeFile(path, new Uint8Array(await new Blob(pieces).bytes()));
}

async function open(path: string): Promise<EncryptedArchive> {
  const archive = await EncryptedArchive.open(path);
  assert(archive !== undefined);
  return archive;
}

const contentOf = async (archive: EncryptedArchive) =>
  await new Blob(await Array.fromAsync(archive.pieces())).bytes();
const sample = (size: number) =>
  Uint8Array.from({ length: size }, (_, at) => at * at >> 3);

testWith({}, "the runtime's Argon2id is that of RFC 9106, 5.3", async () => {
  const fill = (length: number, byte: number) =>
    new Uint8Array(length).fill(byte);
  const secret = await crypto.subtle.importKey(
    "raw-secret" as "raw",
    fill(32, 1),
    "Argon2id",
    false,
    ["deriveBits"],
  );
  const parameters = {
    name: "Argon2id",
    nonce: fill(16, 2),
    secretValue: fill(8, 3),
    associatedData: fill(12, 4),
    memory: 32,
    passes: 3,
    parallelism: 4,
  };
  const tag = await crypto.subtle.deriveBits(parameters, secret, 256);
  assertEquals(
    new Uint8Array(tag).toHex(),
    "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659",
  );
});

testWith(FILES, "archives of all sizes come back, at each limit", async () => {
  await using folder = await temporaryFolder();
  for (const size of [0, CHUNK - 16, CHUNK - 15]) {
    const path = `${folder.path}/${size}`;
    await seal(path, sample(size));
    const archive = await open(path);
    const chunks = Math.max(1, Math.ceil(size / (CHUNK - 16)));
    assertEquals(archive.size, HEADER + size + 16 * chunks);
    // The same letter, written in another way.
    await archive.unlock(PASSPHRASE.normalize("NFD"));
    assertEquals(await contentOf(archive), sample(size));
  }
});

testWith(FILES, "docs/archives.md tells how an archive is read", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/archive`;
  await seal(path, sample(150_000));
  const file = await Deno.readFile(path);
  const header = file.subarray(0, HEADER);
  assertEquals(
    new TextDecoder().decode(header.subarray(0, 16)),
    "MessageU archive",
  );
  assertEquals([...header.subarray(16, 24)], [1, 4, 3, 0, 0, 0, 1, 0]);
  const secret = await crypto.subtle.importKey(
    "raw-secret" as "raw",
    new TextEncoder().encode(PASSPHRASE.normalize("NFC")),
    "Argon2id",
    false,
    ["deriveBits"],
  );
  const argon2 = {
    name: "Argon2id",
    nonce: header.slice(24, 40),
    memory: 65_536,
    passes: 3,
    parallelism: 4,
  };
  const base = await crypto.subtle.deriveBits(argon2, secret, 256);
  const derive = (use: string, size: number) =>
    new Uint8Array(
      hkdfSync(
        "sha256",
        new Uint8Array(base),
        "",
        `MessageU archive ${use}`,
        size,
      ),
    );
  assertEquals(derive("check", 16), header.slice(40));
  const key = derive("key", 32);
  const plain: Uint8Array[] = [];
  for (let at = HEADER, index = 0; at < file.length; at += CHUNK, index++) {
    const chunk = file.subarray(at, at + CHUNK);
    const nonce = new Uint8Array(12);
    nonce[10] = index;
    nonce[11] = at + CHUNK >= file.length ? 1 : 0;
    const cipher = createDecipheriv("aes-256-gcm", key, nonce);
    cipher.setAAD(header);
    cipher.setAuthTag(chunk.subarray(-16));
    plain.push(cipher.update(chunk.subarray(0, -16)), cipher.final());
  }
  const bytes = await new Blob(plain.map((each) => new Uint8Array(each)))
    .bytes();
  assertEquals(bytes, sample(150_000));
});

testWith(
  FILES,
  "a changed archive is refused, whatever is changed",
  async (t) => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/archive`;
    await seal(path, sample(150_000));
    const whole = await Deno.readFile(path);
    const archive = await open(path);
    await archive.unlock(PASSPHRASE);
    const chunk = (n: number) =>
      whole.subarray(HEADER + n * CHUNK, HEADER + (n + 1) * CHUNK);
    const head = whole.subarray(0, HEADER);
    const flipped = (at: number) =>
      whole.map((byte, i) => i === at ? byte ^ 1 : byte);
    const bodies: Record<string, readonly Uint8Array[]> = {
      "a byte of the first chunk": [flipped(HEADER)],
      "a byte of the last tag": [flipped(whole.length - 1)],
      "no last chunk": [head, chunk(0), chunk(1)],
      "no first chunk": [head, chunk(1), chunk(2)],
      "swapped chunks": [head, chunk(1), chunk(0), chunk(2)],
      "a repeated chunk": [head, chunk(0), chunk(0), chunk(1), chunk(2)],
      "a byte more": [whole, new Uint8Array(1)],
      "a chunk more": [whole, chunk(2)],
      "a cut chunk": [whole.subarray(0, -1)],
      "no chunk": [head],
    };
    for (const [name, parts] of Object.entries(bodies)) {
      await t.step(name, async () => {
        const copies = parts.map((part) => new Uint8Array(part));
        await Deno.writeFile(path, await new Blob(copies).bytes());
        await assertRejects(() => contentOf(archive), Error, "it is damaged");
      });
    }
    const headers:
      readonly (readonly [name: string, at: number, value: number[]])[] = [
        ["another salt", 24, [whole[24] === 0 ? 1 : 0]],
        ["another check", 40, [whole[40] === 0 ? 1 : 0]],
      ];
    for (const [name, at, value] of headers) {
      await t.step(name, async () => {
        const changed = whole.slice();
        changed.set(value, at);
        await Deno.writeFile(path, changed);
        const other = await open(path);
        await assertRejects(
          () => other.unlock(PASSPHRASE),
          WrongPassphraseError,
        );
      });
    }
    const refused:
      readonly (readonly [at: number, value: number[], told: string])[] = [
        [16, [2], "version 2, this program reads 1"],
        [17, [0], "0 lanes"],
        [17, [255], "255 lanes"],
        [18, [0, 0], "0 passes"],
        [18, [11, 0], "11 passes"],
        [20, [0xff, 0xff, 0xff, 0xff], "4294967295 KiB"],
        [20, [31, 0, 0, 0], "31 KiB"],
      ];
    for (const [at, value, told] of refused) {
      await t.step(`refused before any work: ${told}`, async () => {
        const changed = whole.slice();
        changed.set(value, at);
        await Deno.writeFile(path, changed);
        await assertRejects(() => EncryptedArchive.open(path), Error, told);
      });
    }
    await t.step("an end within the header", async () => {
      await Deno.writeFile(path, whole.subarray(0, HEADER - 1));
      await assertRejects(() => EncryptedArchive.open(path), Error, "header");
    });
    await t.step("another file is no encrypted archive", async () => {
      await Deno.writeFile(path, flipped(0));
      assertEquals(await EncryptedArchive.open(path), undefined);
    });
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "an identity moves in an archive with a passphrase, and in no other way",
  async (t) => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const user = (name: string) =>
      new VerbUser(`${folder.path}/${name}`, relay.address);
    const [anna, ben] = [user("anna"), user("ben")];
    await anna.do("register", "anna");
    await ben.do("register", "ben");
    await anna.do("send", "ben", "a secret text");
    const archive = `${folder.path}/archive`;

    await t.step("without a terminal it needs a flag", async () => {
      const { code, stderr } = await anna.run("", "export", archive);
      assertEquals(code, 2);
      assertStringIncludes(stderr, "--passphrase-fd N, or --unencrypted");
      for (const empty of ["", "\n"]) {
        const args = ["export", archive, "--passphrase-fd", "0"];
        const { code, stderr } = await anna.run(
          empty,
          args[0] ?? "",
          ...args.slice(1),
        );
        assertEquals(code, 1);
        assertStringIncludes(stderr, "The passphrase is empty");
      }
      assert(!(await namesIn(folder.path)).includes("archive"));
    });

    await t.step("export encrypts, and leaves nothing readable", async () => {
      const made = await anna.run(
        `${PASSPHRASE}\n`,
        "export",
        archive,
        "--passphrase-fd",
        "0",
      );
      assertEquals(made.code, 0, made.stderr);
      const bytes = new TextDecoder("latin1").decode(
        await Deno.readFile(archive),
      );
      for (const secret of ["SQLite format 3", "a secret text", "anna"]) {
        assert(!bytes.includes(secret), secret);
      }
      const names = [
        ...await namesIn(folder.path),
        ...await namesIn(`${folder.path}/anna`),
      ];
      assertEquals(names.filter((name) => name.endsWith(".part")), []);
      assert(names.includes("info.exported"));
      await assertMode(archive, 0o600);
    });

    const take = (input: string, ...flags: string[]) =>
      user("moved").run(input, "import", archive, ...flags);
    await t.step("a wrong passphrase, or none, imports nothing", async () => {
      const wrong = await take("another one", "--passphrase-fd", "0");
      assertEquals(wrong.code, 1);
      assertStringIncludes(wrong.stderr, "The passphrase is wrong");
      const none = await take("");
      assertEquals(none.code, 2);
      assertStringIncludes(none.stderr, "the archive is encrypted");
      assert(!(await namesIn(folder.path)).includes("moved"));
    });

    await t.step("a damaged one imports nothing", async () => {
      const bytes = await Deno.readFile(archive);
      await Deno.writeFile(`${folder.path}/cut`, bytes.subarray(0, -100));
      const cut = await user("moved").run(
        PASSPHRASE,
        "import",
        `${folder.path}/cut`,
        "--passphrase-fd",
        "0",
      );
      assertEquals(cut.code, 1);
      assertStringIncludes(cut.stderr, "can't be imported: it is damaged");
      assert(!(await namesIn(folder.path)).includes("moved"));
    });

    await t.step("the right one imports all", async () => {
      const { code, stderr } = await take(PASSPHRASE, "--passphrase-fd", "0");
      assertEquals(code, 0, stderr);
      const { stdout } = await user("moved").do("history");
      assertStringIncludes(stdout, "a secret text");
      const names = await namesIn(`${folder.path}/moved`);
      assertEquals(names.filter((name) => name.endsWith(".part")), []);
    });

    await t.step(
      "a readable archive isn't taken for an encrypted one",
      async () => {
        const plain = `${folder.path}/plain`;
        await anna.do("export", plain, "--unencrypted");
        const given = ["--passphrase-fd", "0"];
        const { code, stderr } = await user("again").run(
          PASSPHRASE,
          "import",
          plain,
          ...given,
        );
        assertEquals(code, 1);
        assertStringIncludes(
          stderr,
          "isn't encrypted, and a passphrase is given",
        );
        await user("again").do("import", plain);
        const both = await anna.run(
          "",
          "export",
          `${plain}2`,
          "--unencrypted",
          ...given,
        );
        assertEquals(both.code, 2);
      },
    );
  },
);
