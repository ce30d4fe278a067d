import { embedderCard, embedderIdentity } from "../../models/runtime/embedder.js";
import { encoderIdentity } from "../../models/runtime/encoder.js";
import { encoderCard, loadModelFolder } from "../../models/runtime/model-folder.js";
import { errorMessage, UserError } from "../../tiles/errors.js";
import { PackReader } from "../../tiles/pack/reader.js";
import type { ModelFolders } from "../config/load.js";
import { type Check, checksOf } from "./checks.js";

const check = checksOf("pack");

/** A map is called old from here on; roofs and fields change faster than that. */
const OLD_DAYS = 3 * 365;
const DAY_MS = 86_400_000;

/**
 * Opens a pack as the agent does: manifest and its checksum, sizes, headers, schema, and whether it was made with this
 * encoder, and retriever if there is one. Not every byte is read: `flash verify` does that.
 */
export function checkPack(dir: string, models: Pick<ModelFolders, "encoder" | "retriever">, now_ms: number): Check[] {
  let pack: PackReader;
  try {
    pack = PackReader.open(dir);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return [check("opens", "problem", errorMessage(thrown))];
  }
  try {
    const { name, counts } = pack.manifest;
    return [
      check("opens", "ok", `${name}: ${counts.cells} cells (flash verify ${dir} reads every byte)`),
      encoderMatches(pack, models.encoder),
      ...retrieverMatches(pack, models.retriever),
      imagery(pack, now_ms),
    ];
  } finally {
    pack.close();
  }
}

function encoderMatches(pack: PackReader, encoderDir: string): Check {
  const { encoder } = pack.manifest;
  let identity: { readonly id: string; readonly sha256: string };
  try {
    const { card } = loadModelFolder(encoderDir, encoderCard);
    identity = { id: card.id, sha256: encoderIdentity(card) };
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return check("encoder", "problem", errorMessage(thrown));
  }
  if (encoder.sha256 === identity.sha256) return check("encoder", "ok", `made with ${identity.id}, as the agent uses`);
  return check(
    "encoder",
    "problem",
    `made with ${encoder.id} (${encoder.sha256.slice(0, 8)}), but the agent uses ${identity.id} (${identity.sha256.slice(0, 8)}): make the pack anew, or give the agent that encoder`,
  );
}

/** Nothing to tell where neither the pack nor the agent has a retriever. */
function retrieverMatches(pack: PackReader, dir: string | undefined): Check[] {
  const made = pack.manifest.retriever;
  try {
    const used = dir === undefined ? undefined : loadModelFolder(dir, embedderCard).card;
    if (made === undefined && used === undefined) return [];
    if (made !== undefined && used !== undefined && embedderIdentity(used) === made.sha256) {
      return [check("retriever", "ok", `made with ${used.id}, as the agent uses`)];
    }
    const advice = "set models.retriever to the folder that `flash pack --retriever` was given, or make the pack anew";
    const maker = made === undefined ? "without one" : `with ${made.id} (${made.sha256.slice(0, 8)})`;
    const user = used === undefined ? "none" : `${used.id} (${embedderIdentity(used).slice(0, 8)})`;
    return [check("retriever", "problem", `made ${maker}, but the agent uses ${user}: ${advice}`)];
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return [check("retriever", "problem", errorMessage(thrown))];
  }
}

function imagery(pack: PackReader, now_ms: number): Check {
  const dates = pack.manifest.layers.flatMap(({ imagery_date }) => imagery_date ?? []).sort();
  const [oldest] = dates;
  if (oldest === undefined) return check("imagery", "warning", "the pack does not tell how old its imagery is");
  const days = (now_ms - Date.parse(oldest)) / DAY_MS;
  if (!(days > OLD_DAYS)) return check("imagery", "ok", `of ${dates.join(", ")}`);
  return check(
    "imagery",
    "warning",
    `of ${oldest}, ${(days / 365).toFixed(0)} years old: expect fewer fixes where the ground has changed`,
  );
}
