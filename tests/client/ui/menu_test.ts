import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ConsoleClient } from "../../support/clients/console.ts";
import {
  namesIn,
  temporaryFolder,
  testRelay,
} from "../../../lab/harness/resources.ts";
import { lacking, TERMINALS, testWith } from "../../support/test_with.ts";
import { assertMode } from "../../support/file_mode.ts";

const MENU = `MessageU client at your service.

110) Register
120) Request for clients list
130) Request for public key
140) Request for waiting messages
150) Send a text message
151) Send a request for symmetric key
152) Send your symmetric key
153) Send a file
 0) Exit client
? `;

/** A received message as the protocol prints it. */
const message = (from: string, content: string) =>
  `From: ${from}\nContent:\n${content}\n-----<EOM>-----\n`;

testWith(
  TERMINALS,
  "two people at two terminals exchange keys, texts and a file",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const server = `127.0.0.1:${relay.address.port}`;
    const start = (name: string) =>
      ConsoleClient.start(
        "--dir",
        `${folder.path}/${name}`,
        "--server",
        server,
      );
    await using anna = await start("anna");
    await using ben = await start("ben");
    assertEquals(anna.output, MENU);

    assertStringIncludes(
      await anna.choose("120"),
      "You are not registered yet\n(Register first: 110)\n",
    );
    assertStringIncludes(
      await anna.choose("110", "anna"),
      "Registered as anna",
    );
    assertStringIncludes(
      await ben.choose("110", "anna"),
      "server responded with an error\n(The name may be taken: register another one. ",
    );
    assertStringIncludes(await ben.choose("110", "ben"), "Registered as ben");
    assertStringIncludes(await ben.choose("110"), "You are registered already");
    assertStringIncludes(await anna.choose("120"), "120\nben\n");

    // Nobody has to have listed the others before writing to them.
    assertStringIncludes(await ben.choose("151", "anna"), "Sent");
    assertStringIncludes(
      await anna.choose("150", "nobody"),
      'There is no other client called "nobody"\n(120 lists their names)\n',
    );
    assertStringIncludes(
      await anna.choose("140"),
      message("ben", "Request for symmetric key"),
    );
    assertStringIncludes(
      await anna.choose("130", "ben"),
      "Got the public key of ben",
    );
    assertStringIncludes(await anna.choose("152", "ben"), "Sent");
    assertStringIncludes(await anna.choose("150", "ben", "שלום 🎉"), "Sent");
    const received = await ben.choose("140");
    assertStringIncludes(
      received,
      `${message("anna", "symmetric key received")}\n${
        message("anna", "שלום 🎉")
      }`,
    );
    assertStringIncludes(await ben.choose("150", "anna", "hi, anna"), "Sent");
    assertStringIncludes(await anna.choose("140"), message("ben", "hi, anna"));
    assertStringIncludes(await anna.choose("140"), "No waiting messages");

    const path = `${folder.path}/a file.bin`;
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i * 7);
    await Deno.writeFile(path, bytes);
    // As terminals write a file that is dropped on them.
    const sent = await ben.choose("153", "anna", `'${path}' `);
    assertStringIncludes(sent, "#] 100 % of 2.9 MiB, ");
    assertStringIncludes(sent, "Sent");
    const shown = await anna.choose("140");
    const saved = /Content:\n(.+)\n-----<EOM>-----/.exec(shown)?.[1] ?? "";
    try {
      assertEquals((await Deno.readFile(saved)).toHex(), bytes.toHex());
      await assertMode(saved, 0o600);
    } finally {
      await Deno.remove(saved);
    }
    assertStringIncludes(
      await ben.choose("153", "anna", `${folder.path}/nothing`),
      `file not found\n(There is no ${folder.path}/nothing)\n`,
    );

    anna.type("0");
    assertEquals(await anna.exitCode(), 0);
    ben.end();
    assertEquals(await ben.exitCode(), 0);

    // The identity stays, and its file is its owner's alone.
    const file = `${folder.path}/anna/info.me`;
    await assertMode(file, 0o600);
    const [name, id, key, end] = (await Deno.readTextFile(file)).split("\n");
    assertEquals([name, end], ["anna", ""]);
    assert(/^[0-9a-f]{32}$/.test(id ?? ""));
    assert(/^[A-Za-z0-9+/]+=*$/.test(key ?? ""));
    await using again = await start("anna");
    assert(again.output.startsWith("You are anna\n"));
    assertStringIncludes(await again.choose("120"), "ben");
  },
  lacking("pseudo-terminals"),
);

testWith(
  TERMINALS,
  "errors never end the menu, and the end of input does",
  async () => {
    await using folder = await temporaryFolder();
    // A port that was free a moment ago: nobody listens there.
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    await Deno.writeTextFile(
      `${folder.path}/server.info`,
      `127.0.0.1:${port}\n`,
    );
    await using client = await ConsoleClient.start("--dir", folder.path);
    assertEquals(client.output, MENU);
    assertStringIncludes(
      await client.choose("110", "anna"),
      `No connection to 127.0.0.1:${port}: `,
    );
    assertStringIncludes(
      await client.choose("110", "דנה"),
      "Bad name: a name holds printable ASCII characters only",
    );
    assertStringIncludes(
      await client.choose("110", "n".repeat(255)),
      "Bad name: a name has at most 254 characters, got 255",
    );
    assertStringIncludes(
      await client.choose("110", ""),
      "Bad name: a name has at least 1 character",
    );
    assertStringIncludes(
      await client.choose("999"),
      'There is no "999" in the menu',
    );
    assertEquals(
      await client.choose(""),
      "\n\nMessageU client at your service.\n",
    );
    // None of it left a file, a half-made key least of all.
    assertEquals(await namesIn(folder.path), ["server.info"]);

    await Deno.writeTextFile(`${folder.path}/info.me`, "anna\nnonsense\n");
    for (const code of ["110", "120", "130"]) {
      const answers = code === "130" ? ["ben"] : [];
      assertStringIncludes(
        await client.choose(code, ...answers),
        `${folder.path}/info.me can't be used: line 2: expected the client id as 32 hex digits`,
      );
    }
    assertEquals(
      await Deno.readTextFile(`${folder.path}/info.me`),
      "anna\nnonsense\n",
    );

    await Deno.writeTextFile(`${folder.path}/info.server`, "nowhere\n");
    await Deno.remove(`${folder.path}/info.me`);
    assertStringIncludes(
      await client.choose("110", "anna"),
      `${folder.path}/info.server can't be used: line 1: expected ADDRESS:PORT`,
    );
    // In the middle of a question too.
    client.type("110");
    await client.see("Your name: ");
    client.end();
    assertEquals(await client.exitCode(), 0);
  },
  lacking("pseudo-terminals"),
);
