import { assertEquals } from "@std/assert";
import {
  type Pace,
  paces,
  PollTimer,
} from "../../../client/session/poll_pace.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The pause after a poll that was made so long after the last activity. */
function pauseAfter(silence: number, pace: Pace): number {
  let now = 0;
  const timer = new PollTimer(() => now);
  now = silence;
  timer.noteResponse(0);
  return timer.left(pace);
}

Deno.test("polls are frequent after an activity, and the focus keeps them so", () => {
  const { focused, unfocused, unattended } = paces;
  const silences = [0, MINUTE - 1, MINUTE, HOUR - 1, HOUR, 100 * HOUR];
  const pausesOf = (pace: Pace) =>
    silences.map((silence) => pauseAfter(silence, pace));
  assertEquals(pausesOf(focused), [150, 150, 1500, 1500, 10_000, 10_000]);
  assertEquals(pausesOf(unfocused), [150, 150, ...Array(4).fill(10_000)]);
  assertEquals(
    [0, 1999, 2000, 15_999, 16_000, HOUR].map((silence) =>
      pauseAfter(silence, unattended)
    ),
    [500, 500, 2000, 2000, 5000, 5000],
  );
});

Deno.test("no pace makes more requests than the pages say", () => {
  const fastest = (pace: Pace) =>
    MINUTE / Math.min(...pace.steps.map(({ pause }) => pause));
  assertEquals(fastest(paces.focused), 400);
  assertEquals(fastest(paces.unfocused), 400);
  assertEquals(fastest(paces.unattended), 120);
});

Deno.test("a message or a key shortens a pause that is under way", () => {
  let now = 0;
  const timer = new PollTimer(() => now);
  const left = () => timer.left(paces.unfocused);
  now = HOUR;
  timer.noteResponse(0);
  now += 1000;
  assertEquals(left(), 9000);
  timer.noteActivity();
  assertEquals(left(), 0);
  timer.noteResponse(0);
  assertEquals(left(), 150);
  now += HOUR;
  timer.noteResponse(1);
  assertEquals(left(), 150);
});

Deno.test("an unreachable relay is tried less and less, whatever is typed", () => {
  for (
    const [pace, longest] of [[paces.focused, 30], [
      paces.unattended,
      5,
    ]] as const
  ) {
    const timer = new PollTimer(() => 0);
    const pauses = [1, 2, 3, 4, 5, 6, 7].map(() => {
      timer.noteFailure();
      timer.noteActivity();
      return timer.left(pace) / 1000;
    });
    assertEquals(
      pauses,
      [1, 2, 4, 8, 16, 32, 64].map((pause) => Math.min(pause, longest)),
    );
    timer.noteResponse(0);
    assertEquals(timer.left(pace), pace.steps[0]?.pause);
  }
});
