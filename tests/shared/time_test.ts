import { assertEquals } from "@std/assert";
import { parseMoment } from "../../shared/cli/time.ts";
import { Stage } from "../../lab/harness/stage.ts";
import { testRelay } from "../../lab/harness/resources.ts";
import { lacking, PROGRAMS, testWith } from "../support/test_with.ts";
import { VerbUser } from "../support/clients/verbs.ts";

const DAY = 86_400_000;

Deno.test("a moment is a day, or a time of it, in some zone", () => {
  const day = new Date(2026, 11, 1).getTime();
  const moments: Record<string, number | undefined> = {
    "2026-12-01": day,
    "2026-12-01T00:00": day,
    "2026-12-01 12:30": day + 12.5 * 3_600_000,
    "2026-12-01T00:00:05.5": day + 5500,
    "2026-12-01T12:00Z": Date.UTC(2026, 11, 1, 12),
    "2026-12-01T12:00:00-03:00": Date.UTC(2026, 11, 1, 15),
    "2024-02-29": new Date(2024, 1, 29).getTime(),
  };
  const none = [
    ...["2026-02-29", "2026-02-31", "2026-13-01", "2026-00-10", "2026-01-00"],
    ...["2026-12-01T25:00", "2026-12-01 noon", "2026-12-01x", "2026-1-1", ""],
  ];
  for (const text of none) moments[text] = undefined;
  for (const [text, moment] of Object.entries(moments)) {
    assertEquals(parseMoment(text), moment, text);
  }
});

testWith(PROGRAMS, "a day begins at the user's own midnight", async () => {
  await using relay = await testRelay();
  await using stage = await Stage.at(relay.address);
  const anna = await stage.someone("anna");
  await stage.register("ben");
  const { time } = await anna.outbox.sendText("ben", "hello");
  // At any time of day one of them is on another day than UTC.
  for (const [zone, hours] of [["Etc/GMT-14", 14], ["Etc/GMT+12", -12]]) {
    const user = new VerbUser(stage.dirOf("anna"), relay.address, {
      TZ: String(zone),
    });
    const shown = async (day: number) => {
      const at = new Date(time + Number(hours) * 3_600_000 + day * DAY);
      const date = at.toISOString().slice(0, 10);
      const { data } = await user.do("history", "--since", date, "--json");
      return data.some(({ text }) => text === "hello");
    };
    assertEquals([await shown(0), await shown(1)], [true, false], String(zone));
  }
}, lacking("time zones by TZ"));
