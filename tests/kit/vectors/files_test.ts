import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import config from "../../../deno.json" with { type: "json" };
import {
  type ClauseId,
  clauses,
  unshownClauses,
} from "../../../kit/clauses.ts";
import { secureClauses } from "../../../kit/secure_clauses.ts";
import { vectorKinds } from "../../../lab/vectors/vector_files.ts";
import { fencedBlocks, readPage } from "../../../lab/harness/pages.ts";
import { FILES, testWith } from "../../support/test_with.ts";
import { readVectorFile, readVectors } from "../../support/wire/vectors.ts";

const allVectors = async () =>
  (await Promise.all(vectorKinds.map((kind) => readVectors(kind)))).flat();

const fileText = (kind: string) => readPage(`kit/vectors/${kind}.json`);

testWith(FILES, "the schema is one, and the files keep to it", async () => {
  const schema = JSON.parse(await fileText("schema"));
  const ajv = new Ajv2020({ strict: true, strictRequired: false });
  assert(ajv.validateSchema(schema), ajv.errorsText());
  const validate = ajv.compile(schema);
  ajv.addSchema(schema, "vectors");
  for (const kind of vectorKinds) {
    const file = await readVectorFile(kind);
    // By its own kind, since the errors of all kinds tell nothing.
    const own = ajv.getSchema(`vectors#/$defs/${kind}`);
    assert(own?.(file), `${kind}: ${ajv.errorsText(own?.errors)}`);
    assert(validate(file), kind);
  }
});

testWith(FILES, "the schema lets nothing else through", async () => {
  const ajv = new Ajv2020({ strict: true, strictRequired: false });
  const validate = ajv.compile(JSON.parse(await fileText("schema")));
  const [frame] = await readVectors("frames");
  const file = await readVectorFile("frames");
  const wrongs = [
    { verdict: "SND8" },
    { bytes: "0A" },
    { bytes: "0" },
    { name: "Register" },
    { about: "" },
    { dialect: "601" },
    { relay: undefined },
    { meaning: { ...frame?.meaning, payload: undefined } },
    { meaning: { ...frame?.meaning, header: { clientId: "00" } } },
    { more: 1 },
  ];
  for (const wrong of wrongs) {
    const cases = [JSON.parse(JSON.stringify({ ...frame, ...wrong }))];
    assert(!validate({ ...file, cases }), JSON.stringify(wrong));
  }
  assert(validate({ ...file, cases: [frame] }));
  assert(!validate({ ...file, cases: [] }));
  assert(!validate({ ...file, protocol: 3 }));
});

testWith(
  FILES,
  "names differ, and there are as many cases as names",
  async () => {
    const names = (await allVectors()).map(({ name }) => name);
    assertEquals(new Set(names).size, names.length);
    const count = (await Promise.all(vectorKinds.map(fileText)))
      .map((text) => text.match(/"verdict": /g)?.length ?? 0);
    assertEquals(count.reduce((sum, cases) => sum + cases), names.length);
    assert(names.length >= 250, `${names.length} cases`);
  },
);

testWith(
  FILES,
  "the files have their version and revision",
  async () => {
    for (const kind of vectorKinds) {
      const page = kind === "secure" ? "docs/secure.md" : "docs/protocol.md";
      const [, version, revision] = (await readPage(page))
        .match(/Version (\d+) of the protocol, revision (\d+)/) ?? [];
      const file = await readVectorFile(kind);
      assertEquals(
        [file.protocol, file.revision].map(String),
        [version, revision],
        kind,
      );
    }
  },
);

testWith(FILES, "the files are less than 1.2 MB together", async () => {
  const kinds = ["schema", ...vectorKinds];
  const texts = await Promise.all(kinds.map(fileText));
  const size = texts.reduce((sum, text) => sum + text.length, 0);
  assert(size < 1_200_000, `${size} characters`);
});

testWith(
  FILES,
  "each clause that bytes can break is broken by a case",
  async () => {
    const verdicts = (await allVectors()).map(({ verdict }) => verdict);
    const broken = new Set(verdicts.filter((verdict) => verdict !== "valid"));
    for (const clause of broken) {
      assert(clause in clauses || clause in secureClauses, clause);
    }
    const unshown = Object.values(unshownClauses).flat();
    assertEquals(new Set(unshown).size, unshown.length, "each has one reason");
    assertEquals(unshown.filter((clause) => broken.has(clause)), []);
    assertEquals(
      Object.keys(clauses).filter((clause) =>
        !broken.has(clause as ClauseId) && !unshown.includes(clause as ClauseId)
      ),
      [],
    );
    assert(
      verdicts.filter((verdict) => verdict === "valid").length > broken.size,
    );
  },
);

testWith(
  FILES,
  "cases name existing clauses",
  async () => {
    const all = { ...clauses, ...secureClauses };
    const groups = new Set(Object.keys(all).map((id) => id.slice(0, 4)));
    let cited = 0;
    for (const { name, about } of await allVectors()) {
      for (const [clause] of about.matchAll(/\b[A-Z]{3}-\d{1,2}\b/g)) {
        if (!groups.has(clause.slice(0, 4))) continue;
        assert(clause in all, `${name} cites ${clause}`);
        cited++;
      }
    }
    assert(cited > 0);
  },
);

testWith(
  FILES,
  "the page explains each field, and shows an existing case",
  async () => {
    const page = await readPage("docs/vectors.md");
    const schema = JSON.parse(await fileText("schema"));
    const names = fieldNames(schema);
    assert(names.size > 20);
    for (const name of names) assert(page.includes(`\`${name}\``), name);
    const [example] = fencedBlocks(page).filter(({ info }) => info === "json");
    const shown = JSON.parse(example?.text ?? "");
    const vectors = await readVectors("frames");
    assertEquals(vectors.find(({ name }) => name === shown.name), shown);
    for (const [, task = ""] of page.matchAll(/`deno task ([a-z:]+)`/g)) {
      assert(task in config.tasks, task);
    }
    for (const kind of vectorKinds) assert(page.includes(`\`${kind}.json\``));
  },
);

/** The names of all fields that a schema has. */
function fieldNames(schema: unknown): Set<string> {
  if (typeof schema !== "object" || schema === null) return new Set();
  return new Set(
    Object.entries(schema).flatMap(([key, value]) => [
      ...key === "properties" ? Object.keys(value) : [],
      ...fieldNames(value),
    ]),
  );
}
