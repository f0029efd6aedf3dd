import { respondInPieces } from "../response.ts";
import type { Handler } from "./handler.ts";

/** 601: all clients but the requester. */
export const clientsList: Handler<"clientsList"> = async (
  _payload,
  { directory, position, dialect },
) =>
  respondInPieces(
    "clientsList",
    await directory.listBut(position ?? 0),
    dialect,
  );
