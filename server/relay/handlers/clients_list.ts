import { responseCode } from "../../../shared/wire/requests.ts";
import type { Handler } from "./handler.ts";

/** 601: everybody but the asker. */
export const clientsList: Handler<"clientsList"> = async (
  _payload,
  { directory, asker },
) => {
  const { size, pieces } = await directory.listBut(asker ?? 0);
  return {
    response: { code: responseCode.clientsList, payloadSize: size, pieces },
  };
};
