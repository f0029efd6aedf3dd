/** All faults of the wrong relay's secure port. */

import {
  CURVE_KEY_SIZE,
  type DeviceId,
  drawUid,
  NONCE_SIZE,
  REFUSAL_CODE,
  RefusalReason,
  SendingState,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import {
  type SecureRequestKind,
  secureResponseCode,
  secureResponseCodecs,
  type SecureResponsePayloads,
} from "../../../shared/secure/secure_requests.ts";
import type {
  ClaimedPackages,
  NewSending,
} from "../../../server/store/secure_store.ts";
import type { Quota, ResponseMemory } from "../../../server/store/store.ts";
import type { AccountId } from "../../../shared/secure/secure_protocol.ts";
import { type SecureFault, SecureStoreAround } from "./secure_fault.ts";
import type { SecureAnswer } from "./secure_line.ts";

/** Offsets in a 4000. */
const RELAY_KEY_AT = 5;
const NONCE_AT = RELAY_KEY_AT + CURVE_KEY_SIZE;
/** Offset of the wait in a 3008. */
const WAIT_AT = 8;

/** Whether an answer is a refusal for a reason. */
const isRefusal = ({ code, payload }: SecureAnswer, reason: RefusalReason) =>
  code === REFUSAL_CODE && payload[0] === reason;

/** Makes a response that succeeds of a refusal. */
function accept<K extends SecureRequestKind>(
  answer: SecureAnswer,
  kind: K,
  payload: SecureResponsePayloads[K],
): void {
  answer.code = secureResponseCode(kind);
  answer.payload = secureResponseCodecs[kind].encode(payload);
}

const { Form, NotAuthenticated } = RefusalReason;

export const secureFaults = {
  "login-replayed": {
    about: "A signature that authenticated a device once does so again",
    clauses: ["STA-6"],
    fails: ["login-replayed"],
    frames: (() => {
      const seen = new Set<string>();
      return () => ({
        answer(answer, { kind, payload }) {
          if (kind !== "authenticate") return;
          const text = payload.toHex();
          if (answer.code !== REFUSAL_CODE) seen.add(text);
          if (!isRefusal(answer, NotAuthenticated) || !seen.has(text)) return;
          accept(answer, "authenticate", {
            ...{ highestCount: 0, recordVersion: 1 },
            ...{ singleUseLeft: 0, waiting: 0 },
          });
        },
      });
    })(),
  },
  "nonce-twice": {
    about: "A second 3000 in a row gets the nonce of the first",
    clauses: ["HEL-3"],
    fails: ["hello-nonces-differ"],
    frames: () => {
      let nonce: Uint8Array | undefined;
      return {
        answer({ code, payload }, { kind }) {
          if (kind !== "hello" || code === REFUSAL_CODE) nonce = undefined;
          else if (nonce !== undefined) payload.set(nonce, NONCE_AT);
          else nonce = payload.slice(NONCE_AT, NONCE_AT + NONCE_SIZE);
        },
      };
    },
  },
  "other-relay-key": {
    about: "A 4000 tells another key than the certificate's",
    clauses: ["CRT-1"],
    fails: ["hello-relay-key"],
    frames: () => ({
      answer({ code, payload }, { kind }) {
        if (kind !== "hello" || code === REFUSAL_CODE) return;
        payload[RELAY_KEY_AT] = (payload[RELAY_KEY_AT] ?? 0) ^ 1;
      },
    }),
  },
  "served-before-login": {
    about: "A 3013 is answered before a log-in",
    clauses: ["STA-1"],
    fails: [
      "nothing-before-hello",
      "little-before-login",
      "secure-register-isnt-login",
      "header-of-another-device",
      "device-that-left",
      "record-isnt-login",
      "record-without-device",
      "secure-payload-too-long",
      "refusal-without-wait",
      "refusal-without-detail",
    ],
    frames: () => ({
      answer(answer, { kind }) {
        if (kind === "ping") accept(answer, "ping", {});
      },
    }),
  },
  "version-2": {
    about: "Responses have version 2",
    clauses: ["HDR-3"],
    fails: ["secure-response-version"],
    frames: () => ({
      answer: (answer) => void (answer.version = 2),
    }),
  },
  "unchecked-packages": {
    about: "A package that is refused is said to be kept",
    clauses: ["PBL-1"],
    fails: ["publish-of-another-device", "publish-badly-signed"],
    frames: () => ({
      answer(answer, { kind }) {
        if (kind !== "publish" || !isRefusal(answer, Form)) return;
        accept(answer, "publish", { singleUseLeft: 0 });
      },
    }),
  },
  "holds-no-wait": {
    about: "A 3008 is answered at once, whatever it waits",
    clauses: ["BOX-3"],
    fails: ["fetch-waits"],
    frames: () => ({
      request({ kind, payload }) {
        if (kind === "fetch") payload.fill(0, WAIT_AT, WAIT_AT + 2);
      },
    }),
  },
  "single-use-twice": {
    about:
      "The first single-use package of a device is handed out again and again",
    clauses: ["CLM-2"],
    fails: [
      "publish-handed-out-again",
      "claim-once",
      "claim-last-resort",
      "claims-limited",
    ],
    store: (inner) =>
      new class extends SecureStoreAround {
        readonly #first = new Map<string, Uint8Array>();

        override async claim(
          account: AccountId,
          devices: readonly DeviceId[],
          withSingle: boolean,
        ): Promise<readonly ClaimedPackages[] | undefined> {
          const claimed = await super.claim(account, devices, withSingle);
          return claimed?.map(({ device, weekly, single }) => {
            const key = device.toHex();
            const first = this.#first.get(key) ?? single;
            if (first !== undefined) this.#first.set(key, first);
            return { device, weekly, single: first };
          });
        }
      }(inner),
  },
  "acknowledges-implicitly": {
    about: "What was handed out is deleted",
    clauses: ["MBX-1", "BOX-1"],
    fails: [
      "outcome-after-fetch",
      "fetch-again",
      "fetch-acknowledges",
      "fetch-acknowledges-again",
      "fetch-at-least-one",
      "fetch-above-last-seq",
      "fetch-on-two-connections",
    ],
    store: (inner) =>
      new class extends SecureStoreAround {
        override async mail(
          device: DeviceId,
          after: Seq,
          most: number,
          memory?: ResponseMemory,
        ) {
          const batch = await super.mail(device, after, most, memory);
          const last = batch.mail.at(-1)?.seq;
          if (last !== undefined) {
            await super.acknowledge(device, last, new Date());
          }
          return batch;
        }
      }(inner),
  },
  "forgets-uids": {
    about: "A sending that was taken before is taken again",
    clauses: ["SEN-3"],
    fails: ["secure-send-repeated", "secure-send-repeated-after-arrival"],
    store: (inner) =>
      new class extends SecureStoreAround {
        #count = 2 ** 40;

        override async send(sending: NewSending, quota: Quota, now: Date) {
          const result = await super.send(sending, quota, now);
          if (!("wasTaken" in result && result.wasTaken)) return result;
          const again = { uid: drawUid(), count: this.#count++ };
          await super.send({ ...sending, ...again }, quota, now);
          return { ...result, wasTaken: false };
        }
      }(inner),
  },
  "unchecked-devices": {
    about: "Envelopes for other devices than the record's are taken",
    clauses: ["SEN-2"],
    fails: ["secure-send-other-devices", "secure-send-other-version"],
    store: (inner) =>
      new class extends SecureStoreAround {
        override async send(sending: NewSending, quota: Quota, now: Date) {
          const result = await super.send(sending, quota, now);
          return "otherDevices" in result
            ? { wasTaken: false, highestCount: sending.count }
            : result;
        }
      }(inner),
  },
  "forgets-counts": {
    about: "The highest count is the last one that the device told",
    clauses: ["CNT-3"],
    fails: ["login-keeps-count"],
    store: (inner) =>
      new class extends SecureStoreAround {
        override async authenticated(id: DeviceId, count: number, now: Date) {
          const state = await super.authenticated(id, count, now);
          return state && { ...state, highestCount: count };
        }
      }(inner),
  },
  "taken-once-fetched": {
    about: "A sending that waits is told to be taken",
    clauses: ["OUT-2"],
    fails: ["outcome-of-sendings", "outcome-after-fetch"],
    store: (inner) =>
      new class extends SecureStoreAround {
        override async outcomes(
          ...asked: Parameters<SecureStoreAround["outcomes"]>
        ) {
          const outcomes = await super.outcomes(...asked);
          return outcomes.map(({ state, time }) => ({
            state: state === SendingState.Waits ? SendingState.Taken : state,
            time,
          }));
        }
      }(inner),
  },
} as const satisfies Record<string, SecureFault>;

/** The name of a fault. */
export type SecureFaultName = keyof typeof secureFaults;
