import { assertEquals } from "@std/assert";
import { findExposure } from "../../shared/folder/exposure.ts";
import { platforms } from "../../shared/platform/platform.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { FILES, lacking, testWith } from "../support/test_with.ts";

testWith(FILES, "modes say who may use files", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const file = `${folder}/secret`;
  await Deno.writeTextFile(file, "", { mode: 0o600 });
  const look = () =>
    findExposure(
      {
        folder,
        masks: { [folder]: 0o022, [file]: 0o077 },
        env: () => undefined,
      },
      platforms.linux,
    );
  await Deno.chmod(folder, 0o755);
  assertEquals(look(), undefined);
  await Deno.chmod(file, 0o640);
  assertEquals(look()?.what, `${file} (640) can be accessed by other users`);
  await Deno.chmod(folder, 0o777);
  assertEquals(
    look()?.what,
    `${folder} (777), ${file} (640) can be accessed by other users`,
  );
}, lacking("file modes"));

Deno.test("without modes the user's profile is closed to others", () => {
  const look = (folder: string, home: string | undefined) => {
    const env = (name: string) => name === "USERPROFILE" ? home : undefined;
    return findExposure({ folder, masks: {}, env }, platforms.windows);
  };
  const home = String.raw`C:\Users\anna`;
  for (
    const folder of [
      home,
      String.raw`C:\Users\anna\relay`,
      String.raw`c:\users\ANNA\.messageu`,
      "C:/Users/anna/..relay",
    ]
  ) assertEquals(look(folder, home), undefined, folder);
  for (
    const folder of [
      String.raw`C:\Users\anna2`,
      String.raw`C:\Users`,
      String.raw`D:\Users\anna`,
      String.raw`\\server\share\relay`,
    ]
  ) {
    assertEquals(look(folder, home), {
      what:
        `${folder} is outside of your profile ${home}, so other users may be able to read it`,
      advice:
        `move it into the profile, or close it: icacls "${folder}" /inheritance:r /grant:r "YOUR-USER:(OI)(CI)F"`,
    });
  }
  assertEquals(
    look(home, undefined)?.what,
    `${home} is outside of a profile, so other users may be able to read it`,
  );
});
