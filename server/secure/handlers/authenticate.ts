import { verify } from "../../../shared/secure/ed25519.ts";
import type { DeviceId } from "../../../shared/secure/secure_protocol.ts";
import { authenticationBytes } from "../../../shared/secure/signed_bytes.ts";
import { refuse, respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

const MAX_U16 = 0xffff;

/** 3003: authenticates the connection by a device (AUT-1 to AUT-3). */
export const authenticate: SecureHandler<"authenticate"> = async (
  { count, signature },
  { session, requesterId, store, now },
) => {
  const { greeting } = session;
  if (!greeting?.use()) return refuse("not_authenticated");
  const id = requesterId as DeviceId;
  const device = await store.secure.device(id);
  if (device === undefined) return refuse("unknown_client");
  const signed = authenticationBytes(greeting, id, count);
  if (!(await verify(device.signingKey, signature, signed))) {
    return refuse("not_authenticated");
  }
  const state = await store.secure.authenticated(id, count, now);
  if (state === undefined) return refuse("unknown_client");
  session.authenticate({ ...device, id });
  const singleUseLeft = Math.min(state.singleUseLeft, MAX_U16);
  return respond("authenticate", { ...state, singleUseLeft });
};
