import type { SecureVector } from "../vector.ts";
import { channelCases } from "./channel_cases.ts";
import { frameCases } from "./frame_cases.ts";
import { packageCases } from "./package_cases.ts";
import { recordCases } from "./record_cases.ts";
import { secureVector } from "./secure_case.ts";
import { signedCases } from "./signed_cases.ts";

/** All cases of the secure protocol. */
export async function secureCases(): Promise<SecureVector[]> {
  return [
    ...await channelCases(),
    ...await recordCases(),
    ...await packageCases(),
    ...await signedCases(),
    ...frameCases(),
  ].map(secureVector);
}
