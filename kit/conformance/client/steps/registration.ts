/**
 * Steps that register the client and ask for users and keys.
 *
 * @module
 */

import { equals } from "@std/bytes";
import {
  derSize,
  importPrivateKey,
  importPublicKey,
  publicKeyOf,
} from "../../../../shared/crypto/crypto.ts";
import { FormatError } from "../../../../shared/wire/format_error.ts";
import { parseInfoMe } from "../../../../shared/identity/parse_identity.ts";
import { decodeListedName } from "../../../../shared/wire/field_types.ts";
import {
  NAME_SIZE,
  PUBLIC_KEY_SIZE,
} from "../../../../shared/wire/protocol.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import { payloadOf } from "../arrival.ts";
import { about, cameOrFails, ofKind } from "../findings.ts";
import type { Check, Finding, Observed, Step } from "../step.ts";

/** The name under which the user registers. */
export const NAME = "anna";
/** Bits of the modulus of an RSA key. */
const MODULUS_BITS = 1024;
/** A name that is no choice of any menu. */
const ANOTHER_NAME = "777";

const registrations = (observed: Observed) => ofKind(observed.all, "register");
const lists = (observed: Observed) => ofKind(observed.arrived, "clientsList");

/** The accepted registration, or else the last one. */
function registration(observed: Observed) {
  const { me } = observed.scenario;
  const all = registrations(observed);
  return all.findLast((arrival) =>
    me !== undefined &&
    equals(payloadOf(arrival).subarray(NAME_SIZE), me.publicKey)
  ) ?? all.at(-1);
}

function judgeName(observed: Observed): Finding {
  const arrival = registration(observed);
  if (arrival === undefined) return { skips: "no user registered" };
  const field = payloadOf(arrival).subarray(0, NAME_SIZE);
  const at = [arrival];
  if (field.length < NAME_SIZE) {
    return { fails: `the payload has only ${field.length} bytes`, at };
  }
  const end = field.indexOf(0);
  if (end < 0) return { fails: "no NUL ends the name", at };
  if (end === 0) return { fails: "the name is empty", at };
  if (field.subarray(end).some((byte) => byte !== 0)) {
    return { fails: "something else than NULs follows the name", at };
  }
  const name = decodeListedName(field);
  return observed.output === undefined || name === NAME ? undefined : {
    fails: `it is ${JSON.stringify(name)}, and ${NAME} was typed`,
    at,
  };
}

function judgePlainName(observed: Observed): Finding {
  const arrival = registration(observed);
  if (arrival === undefined) return { skips: "no user registered" };
  const name = decodeListedName(payloadOf(arrival).subarray(0, NAME_SIZE));
  if (/^[A-Za-z0-9_.-]+$/.test(name)) return undefined;
  return { fails: `it is ${JSON.stringify(name)}`, at: [arrival] };
}

async function judgePublicKey(observed: Observed): Promise<Finding> {
  const arrival = registration(observed);
  if (arrival === undefined) return { skips: "no user registered" };
  const key = payloadOf(arrival).subarray(NAME_SIZE);
  const at = [arrival];
  if (key.length !== PUBLIC_KEY_SIZE) {
    return { fails: `it has ${key.length} bytes`, at };
  }
  let imported: CryptoKey;
  try {
    imported = await importPublicKey(key);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { fails: error.message, at };
  }
  const der = new Uint8Array(await crypto.subtle.exportKey("spki", imported));
  // Without the algorithm's NULL the key is shorter, and padded with zeros.
  const isPadded = derSize(key) !== key.length;
  return equals(der, key) || isPadded ? undefined : {
    fails: `its DER is written in other bytes than X.509 has`,
    at,
  };
}

async function judgeIdentity({ scenario, folder }: Observed): Promise<Finding> {
  const { me } = scenario;
  if (me === undefined) return { skips: "no user registered" };
  const text = await folder?.identity();
  if (text === undefined) return { fails: "there is no info.me" };
  try {
    const { name, clientId, privateKey } = await parseInfoMe(text);
    if (name !== me.name) return { fails: "it holds another name" };
    if (!equals(clientId, me.clientId)) {
      return { fails: "it holds another id than was given" };
    }
    const own = await publicKeyOf(await importPrivateKey(privateKey));
    if (equals(own, me.publicKey.subarray(0, own.length))) return undefined;
    return { fails: "its key isn't the one that was registered" };
  } catch (error) {
    return { fails: reasonOf(error) };
  }
}

const identityFile: Check = {
  name: "identity-file",
  clause: "IDF-1",
  about: "info.me has the name, the given id, and the private key",
  drivenOnly: true,
  judge: judgeIdentity,
};

/** Registers: the condition of all other steps. */
export const register: Step = {
  subject: "registration",
  title: `Register as ${NAME}`,
  choices: [["110", NAME]],
  isComplete: ({ scenario }) => scenario.me !== undefined,
  checks: [
    {
      name: "finds-server",
      clause: "INF-1",
      about: "The client connects to the given address",
      judge: ({ all }) =>
        all.length > 0 ? undefined : { fails: "no request came" },
    },
    {
      name: "registers",
      clause: "REQ-1",
      about: "A 600 comes, and is accepted",
      judge: (observed) =>
        cameOrFails("600", registrations(observed), observed) ??
          (observed.scenario.me === undefined
            ? {
              fails: "the 600 has no room for a name and a key",
              at: registrations(observed),
            }
            : undefined),
    },
    {
      name: "name-field",
      clause: "NAM-1",
      about: "The name is followed by a NUL, and padded with NULs to 255 bytes",
      judge: judgeName,
    },
    {
      name: "plain-name",
      clause: "NAM-8",
      about: "The name is one that every server accepts",
      judge: judgePlainName,
    },
    {
      name: "public-key",
      clause: "PUB-1",
      about:
        `The public key is RSA-${MODULUS_BITS} as DER of ${PUBLIC_KEY_SIZE} bytes`,
      judge: judgePublicKey,
    },
    identityFile,
  ],
};

/** Tries to register again. */
export const registerAgain: Step = {
  subject: "registration",
  title:
    `Try to register again, as ${ANOTHER_NAME}; then ask for the clients list`,
  choices: [["110", ANOTHER_NAME], ["120"]],
  sees: "the client refuses by itself",
  isComplete: (observed) => lists(observed).length > 0,
  // Some clients have another key then, but not in info.me.
  upsets: ({ arrived }) => ofKind(arrived, "register").length > 0,
  checks: [
    {
      name: "registers-once",
      clause: "REG-3",
      about: "A registered client sends no second 600",
      judge: (observed) => {
        const again = ofKind(observed.arrived, "register");
        if (again.length > 0) return { fails: "another 600 came", at: again };
        return lists(observed).length > 0
          ? undefined
          : { skips: "nothing more came, so nothing is known" };
      },
    },
    {
      ...identityFile,
      name: "identity-stays",
      clause: "IDF-2",
      about: "info.me is unchanged after another try to register",
    },
  ],
};

/** Asks for the list. */
export const askList: Step = {
  subject: "others",
  title: "Ask for the clients list",
  choices: [["120"]],
  sees: "ben and dana",
  isComplete: (observed) => lists(observed).length > 0,
  checks: [{
    name: "asks-list",
    clause: "REQ-1",
    about: "A 601 comes",
    judge: (observed) =>
      cameOrFails("601", ofKind(observed.all, "clientsList"), observed),
  }],
};

const keyRequests = (observed: Observed, name: "ben" | "dana") =>
  about(observed.all, "publicKey", observed.scenario[name]);

/** Asks for the keys of ben and dana. */
export const askKeys: Step = {
  subject: "others",
  title: "Ask for the public keys of ben and of dana",
  choices: [["130", "ben"], ["130", "dana"]],
  isComplete: (observed) =>
    keyRequests(observed, "ben").length > 0 &&
    keyRequests(observed, "dana").length > 0,
  checks: [{
    name: "asks-keys",
    clause: "REQ-1",
    about: "A 602 comes for the id of ben and of dana",
    judge: (observed) =>
      cameOrFails("602 for ben", keyRequests(observed, "ben"), observed) ??
        cameOrFails("602 for dana", keyRequests(observed, "dana"), observed),
  }],
};
