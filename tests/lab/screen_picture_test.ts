import { assert, assertEquals } from "@std/assert";
import type { Terminal } from "@xterm/headless";
import { drawScreen, writeScreen } from "../../lab/screen_picture.ts";
import { testWith } from "../support/test_with.ts";

/** An emulated screen of 40 by 2 cells. */
async function screenWith(text: string): Promise<Terminal> {
  const { default: headless } = await import("@xterm/headless");
  const { default: unicode } = await import("@xterm/addon-unicode-graphemes");
  const screen = new headless.Terminal({
    cols: 40,
    rows: 2,
    allowProposedApi: true,
  });
  screen.loadAddon(new unicode.UnicodeGraphemesAddon());
  await new Promise<void>((resolve) => screen.write(text, resolve));
  return screen;
}

testWith(
  { read: true, env: true },
  "a picture has every character in its cells",
  async () => {
    const screen = await screenWith("  one two   漢👩‍👩‍👧🇯🇵| \x1b[4m<&>\x1b[0m");
    const drawn = drawScreen(screen, "Two & six", [
      { what: /two/g, by: "six" },
    ]);
    const at = (text: string) => {
      const tag = drawn.split("\n").find((line) => line.includes(`>${text}<`));
      assert(tag !== undefined, `${text} in ${drawn}`);
      return Number(/<text x="([\d.]+)"/.exec(tag)?.[1]);
    };
    // A cell is 8.4 wide; wide characters are centred in two.
    assertEquals(at("one six"), 16.8);
    assertEquals(at("漢"), 109.2);
    assertEquals(at("👩‍👩‍👧"), 126);
    assertEquals(at("🇯🇵"), 142.8);
    assertEquals(at("|"), 151.2);
    assert(drawn.includes('text-decoration="underline">&lt;&amp;&gt;<'));
    assert(drawn.includes(">Two &amp; six</text>"), "the title");
    assertEquals(
      drawn.match(/<rect x="([\d.]+)" y="0" width="8.4".* opacity/)?.[1],
      "193.2",
      "the cursor",
    );
    // A viewer would drop or stretch spaces at the ends of a text.
    assert(!/> |[^>\n] <\/text>/.test(drawn), drawn);
    assertEquals(
      writeScreen(screen, []),
      "  one two   漢👩‍👩‍👧🇯🇵| <&>\n\n",
    );
    screen.dispose();
  },
);

testWith(
  { read: true, env: true },
  "a mask counts what it replaces on a screen",
  async () => {
    const screen = await screenWith("7:31 a 7:32 b\r\n8:05 c");
    const masks = [{
      what: /\d:\d\d/g,
      by: (above: number) => `9:0${above}`,
    }];
    for (let again = 0; again < 2; again++) {
      assertEquals(writeScreen(screen, masks), "9:00 a 9:01 b\n9:02 c\n");
    }
    screen.dispose();
  },
);
