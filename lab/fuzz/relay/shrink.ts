import type { FuzzCase, Plan } from "./plans.ts";

/**
 * Makes a case that fails smaller, greedily: fewer connections, simpler
 * manners, fewer bytes.
 *
 * @param ms milliseconds after which it stops where it is
 * @returns the smallest case that still fails, or undefined where even the
 * whole one doesn't fail by itself
 */
export async function shrink(
  fuzzCase: FuzzCase,
  ms: number,
  fails: (candidate: FuzzCase) => Promise<boolean>,
): Promise<FuzzCase | undefined> {
  const end = performance.now() + ms;
  if (!(await fails(fuzzCase))) return undefined;
  let smallest = fuzzCase;
  for (let smaller = true; smaller;) {
    smaller = false;
    for (const plans of smallerPlans(smallest.plans)) {
      if (performance.now() > end) return smallest;
      const candidate = { ...smallest, plans };
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      smaller = true;
      break;
    }
  }
  return smallest;
}

function* smallerPlans(plans: readonly Plan[]): Generator<Plan[]> {
  const others = (i: number) => plans.filter((_, at) => at !== i);
  if (plans.length > 1) {
    // Alone first: most failures need one connection only.
    for (const plan of plans) yield [plan];
    for (let i = 0; i < plans.length; i++) yield others(i);
  }
  for (const [i, plan] of plans.entries()) {
    for (const smaller of smallerPlan(plan)) {
      yield plans.map((kept, at) => at === i ? smaller : kept);
    }
  }
}

function* smallerPlan(plan: Plan): Generator<Plan> {
  const { stream, pacing, ending } = plan;
  if (ending === "cut" && plan.cutAt < stream.length) {
    yield { ...plan, stream: stream.slice(0, plan.cutAt) };
  } else if (ending !== "orderly" && ending !== "cut") {
    yield { ...plan, ending: "orderly" };
  }
  if (pacing !== "whole") yield { ...plan, pacing: "whole" };
  for (let size = stream.length >> 1; size >= 1; size >>= 1) {
    // Single bytes only where few are left: each try takes a relay.
    if (size < 8 && stream.length > 200) break;
    for (let at = stream.length - size; at >= 0; at -= size) {
      const left = new Uint8Array(stream.length - size);
      left.set(stream.subarray(0, at));
      left.set(stream.subarray(at + size), at);
      yield { ...plan, stream: left, cutAt: Math.min(plan.cutAt, left.length) };
    }
  }
}
