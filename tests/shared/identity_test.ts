import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { generateKeyPairSync } from "node:crypto";
import {
  exportPrivateKey,
  generateKeyPair,
} from "../../shared/crypto/crypto.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { IdentityError } from "../../shared/identity/identity_error.ts";
import { readIdentityLayout } from "../../shared/identity/identity_layout.ts";
import { parseIdentity } from "../../shared/identity/parse_identity.ts";
import { formatInfoMe, readOwnInfoMe } from "../../shared/folder/info_files.ts";
import {
  formsOf,
  join,
  keyAs,
  publicKeyAs,
  type Somebody,
  swapped,
  utf16,
  wrapped,
} from "../support/clients/identity_forms.ts";
import { mistakesWith } from "../support/clients/identity_mistakes.ts";
import cryptopp from "../../lab/recordings/cryptopp.json" with { type: "json" };

const ID = "f60e79fe3ac74b48ac4e6fdb923c68d6";
/** One that isn't a UUID where its bytes stand in another order. */
const UUID = "377923e35f5443f9a2029523ade2208f";
const anna: Somebody = {
  name: "anna",
  id: ID,
  pkcs8: Uint8Array.fromHex(cryptopp.rsa.private_der_hex),
};

/** What was read of somebody. */
async function read(file: Uint8Array): Promise<Somebody> {
  const { me } = await parseIdentity(file);
  return { name: me.name, id: me.clientId.toHex(), pkcs8: me.privateKey };
}

/** Keys of the exponents that programs use. */
async function keys(): Promise<Uint8Array[]> {
  const { privateKey } = await generateKeyPair();
  const large = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  return [
    anna.pkcs8,
    await exportPrivateKey(privateKey),
    new Uint8Array(large.export({ type: "pkcs8", format: "der" })),
  ];
}

Deno.test("an identity reads the same in each form of it", async () => {
  const forms = Object.entries(formsOf(anna));
  for (const [form, content] of forms) {
    assertEquals(await read(content), anna, form);
  }
  assert(forms.length > 50);
});

Deno.test("what can't be used is called what it is", async () => {
  const mistakes = Object.entries(mistakesWith(anna));
  for (const [what, { content, says, advises }] of mistakes) {
    const error = await assertRejects(
      () => parseIdentity(content),
      FormatError,
    );
    assert(error instanceof IdentityError, what);
    assert(error.message.includes(says), `${what}: ${error.message}`);
    assert(error.advice.includes(advises), `${what}: ${error.advice}`);
    assert(!/[A-Za-z0-9+/]{33}/.test(error.message), "no key is shown");
  }
  assert(mistakes.length > 45);
});

/** How the parts of a file may be written, each freely chosen. */
const layouts = fc.record({
  name: fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/),
    fc.stringMatching(/^[!-~][ -~]{0,50}$/),
    fc.constant("x".repeat(254)),
    fc.constantFrom("דנה", "name: x", "127.0.0.1:80", "MIIabc", ID),
  ),
  nameForm: fc.constantFrom<((name: string) => string)[]>(
    (name) => name,
    (name) => `${name}\0`,
    (name) => name.padEnd(255, "\0"),
    (name) => `${name}\0left over`,
  ),
  id: fc.uint8Array({ minLength: 16, maxLength: 16 })
    .filter((id) => id.some((byte) => byte !== 0)),
  idForm: fc.constantFrom<((id: string) => string)[]>(
    (id) => id,
    (id) => id.toUpperCase(),
    (id) => id.replaceAll(/../g, "$& "),
    (id) => `{${id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}}`,
    (id) => `0x${id}`,
    (id) => Uint8Array.fromHex(id).toBase64(),
  ),
  key: fc.nat({ max: 2 }),
  keyForm: fc.constantFrom<((pkcs8: Uint8Array) => string)[]>(
    (pkcs8) => pkcs8.toBase64(),
    (pkcs8) => pkcs8.toBase64({ alphabet: "base64url", omitPadding: true }),
    (pkcs8) => pkcs8.toHex(),
    (pkcs8) => keyAs(pkcs8, "pkcs1").der.toBase64(),
    (pkcs8) => keyAs(pkcs8, "pkcs1").pem,
    (pkcs8) => publicKeyAs(pkcs8, "spki").pem + keyAs(pkcs8, "pkcs8").pem,
    (pkcs8) => join(pkcs8, new Uint8Array(3)).toBase64(),
  ),
  columns: fc.constantFrom(undefined, 1, 32, 64, 72, 76),
  before: fc.constantFrom("", "\n", " \n\n"),
  between: fc.constantFrom("", "\n", "\t\n"),
  after: fc.constantFrom("", "\n", "\n\0", "\n\n \n"),
  end: fc.constantFrom("\n", "\r\n", "\r"),
  coding: fc.constantFrom<((text: string) => Uint8Array)[]>(
    (text) => join(text),
    (text) => join(`\ufeff${text}`),
    (text) => utf16(`\ufeff${text}`),
    (text) => utf16(`\ufeff${text}`, true),
  ),
});

type Layout = typeof layouts extends fc.Arbitrary<infer T> ? T : never;

function write(layout: Layout, pkcs8: Uint8Array): Uint8Array {
  const { before, between, after, columns } = layout;
  const key = layout.keyForm(pkcs8);
  const isPem = key.startsWith("-");
  const text = [
    `${before}${layout.nameForm(layout.name)}\n${between}`,
    `${layout.idForm(layout.id.toHex())}\n${between}`,
    `${isPem || columns === undefined ? key : wrapped(key, columns)}${after}`,
  ].join("");
  return layout.coding(text.replaceAll("\n", layout.end));
}

Deno.test("any layout of an identity reads to the same", async () => {
  const all = await keys();
  await fc.assert(
    fc.asyncProperty(layouts, async (layout) => {
      const pkcs8 = all[layout.key] ?? anna.pkcs8;
      assertEquals(await read(write(layout, pkcs8)), {
        name: layout.name,
        id: layout.id.toHex(),
        pkcs8,
      });
    }),
    { numRuns: 500 },
  );
});

Deno.test("an id of raw bytes reads to the same, whatever is in it", async () => {
  const ids = fc.uint8Array({ minLength: 16, maxLength: 16 })
    .filter((id) => id.some((byte) => byte > 0x7f));
  await fc.assert(
    fc.asyncProperty(
      ids,
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      async (id, end, isRaw) => {
        const key = isRaw ? anna.pkcs8 : anna.pkcs8.toBase64();
        const file = join(`anna${end}`, id, end, key, end);
        assertEquals(await read(file), { ...anna, id: id.toHex() });
      },
    ),
  );
});

Deno.test("an identity that is cut off is refused, or is the same", async () => {
  const all = await keys();
  await fc.assert(
    fc.asyncProperty(
      layouts,
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (layout, where) => {
        const pkcs8 = all[layout.key] ?? anna.pkcs8;
        const file = write(layout, pkcs8);
        await isTheSame(file.subarray(0, Math.floor(where * file.length)), {
          name: layout.name,
          id: layout.id.toHex(),
          pkcs8,
        });
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("each form cut off at each byte is refused, or is the same", async () => {
  let same = 0;
  for (const file of Object.values(formsOf(anna))) {
    // Most cuts are within the key, where one is as good as another.
    for (let at = 0; at < file.length; at += at < 400 ? 1 : 7) {
      if (await isTheSame(file.subarray(0, at), anna)) same++;
    }
    for (let at = file.length - 40; at < file.length; at++) {
      if (await isTheSame(file.subarray(0, at), anna)) same++;
    }
  }
  assert(same > 0);
});

/** Whether a file is the same identity; it must be refused else. */
async function isTheSame(
  file: Uint8Array,
  expected: Somebody,
): Promise<boolean> {
  try {
    assertEquals(await read(file), expected);
    return true;
  } catch (error) {
    if (error instanceof IdentityError) return false;
    throw error;
  }
}

Deno.test("a key with a damaged byte is refused, or is the same", async () => {
  let same = 0;
  for (let at = 0; at < anna.pkcs8.length; at++) {
    const pkcs8 = anna.pkcs8.slice();
    pkcs8[at] = (pkcs8[at] ?? 0) ^ (1 << at % 8);
    const file = join(`anna\n${ID}\n${pkcs8.toBase64()}\n`);
    if (await isTheSame(file, anna)) same++;
  }
  // That there are no parameters can be said in other ways.
  assert(same < 3, `${same} of them`);
});

Deno.test("what we write is read alike by both readers", async () => {
  const letters = fc.constantFrom(..."anna \n\0\r0af=:{-", "דנה", "\ufeff");
  const texts = fc.array(letters, { maxLength: 60 }).map((all) => all.join(""));
  const ids = fc.stringMatching(/^[0-9a-f]{32}$/);
  let own = 0;
  fc.assert(
    fc.property(texts, ids, texts, (name, id, rest) => {
      const text = `${name}\n${id}\n${rest}AAAA\n`;
      const me = readOwnInfoMe(text);
      if (me === undefined) return;
      own++;
      const { name: read, clientId } = readIdentityLayout(join(text));
      assertEquals({ name: read, clientId }, me);
    }),
    { numRuns: 2000 },
  );
  assert(own > 0);
  const { me } = await parseIdentity(formsOf(anna)["PKCS#1 in PEM"] ?? join());
  const { name, clientId } = me;
  assertEquals(readOwnInfoMe(formatInfoMe(me)), { name, clientId });
  const zeros = formatInfoMe({
    ...me,
    clientId: me.clientId.map(() => 0) as typeof clientId,
  });
  assertEquals(readOwnInfoMe(zeros), undefined);
  assertThrows(() => readIdentityLayout(join(zeros)), IdentityError, "zeros");
});

Deno.test("files of one mark again and again are refused at once", async () => {
  const beginnings = ["", `anna\n${ID}\n`, `anna\n${ID}\n-----BEGIN A-----\n`];
  const marks = [...":=,; \t\0-{0aM_", "0x", "-----BEGIN A-----", "\\n", ", "];
  const begin = performance.now();
  for (const beginning of beginnings) {
    for (const mark of marks) {
      const file = join(`${beginning}${mark.repeat(60_000 / mark.length)}!`);
      await assertRejects(() => parseIdentity(file), IdentityError);
    }
  }
  // A reader that looks at each mark from each other takes ten times as long.
  assert(performance.now() - begin < 10_000);
});

Deno.test("what may be otherwise than it seems is told", async () => {
  const [, , large] = await keys();
  const warnings = async (text: string | Uint8Array) =>
    (await parseIdentity(join(text))).warnings.join();
  const key = anna.pkcs8.toBase64();
  const cases: [string, string][] = [
    [`anna\n${ID}\n${key}`, ""],
    [`דנה\n${ID}\n${key}`, "beyond ASCII"],
    [`name: anna\n${ID}\n${key}`, "begins like a label"],
    [`anna\n${swapped(UUID)}\n${key}`, `with ${UUID} in its place`],
    [`anna\n${UUID}\n${key}`, ""],
    [`anna\nf60e79fe-3ac7-4b\n${key}`, "beginning of a UUID's text"],
    [
      `anna\n${ID}\n${large?.toBase64()}`,
      "the exponent 65537 and takes 162 bytes, of which 160 can be registered",
    ],
  ];
  for (const [text, expected] of cases) {
    const told = await warnings(text);
    assertEquals(told === "", expected === "", told);
    assert(told.includes(expected), told);
  }
});

Deno.test("what was found is told", async () => {
  const forms = formsOf(anna);
  const found = async (form: string) =>
    (await parseIdentity(forms[form] ?? join())).found.join(", ");
  const cases: Record<string, string> = {
    "our own":
      "the name on line 1, the id on line 2, the key on line 3 as PKCS#8 in Base64",
    "UTF-16 with CR LF":
      "text in UTF-16, lines that end in CR LF, the name on line 1, the id on line 2, the key on line 3 as PKCS#8 in Base64",
    "NULs behind the name":
      "the name on line 1 with NULs behind it, the id on line 2, the key on lines 3 to 14 as PKCS#8 in Base64",
    "an id in braces":
      "the name on line 1, the id on line 2 in upper case with dashes in brackets, the key on line 3 as PKCS#8 in Base64",
    "an id of raw bytes":
      "the name on line 1, the id on line 2 as 16 raw bytes, the key on line 3 as PKCS#8 in Base64",
    "name, key and id":
      "the name on line 1, the id on line 3 in Base64, the key on line 2 as PKCS#8 in hex digits",
    "PKCS#1 in PEM":
      "the name on line 1, the id on line 2, the key on lines 3 to 17 as PKCS#1 in PEM",
    "PKCS#1 in raw bytes":
      "the name on line 1, the id on line 2, the key on line 3 as PKCS#1 in raw bytes",
  };
  for (const [form, expected] of Object.entries(cases)) {
    assertEquals(await found(form), expected, form);
  }
});
