/**
 * Registration by our registrar beside gradient-orientation correlation and SIFT, ORB and AKAZE on the same inputs.
 *
 *     node dist/bench/registration.js --data DIR [--python PATH] [--queries N] [--settings exact,heading-10-scale-1.1]
 *         [--scenes pairs,airfield,ortholoc] [--no-map] [--training] [--work DIR] [--encoder DIR] [--reranker DIR]
 *         [--registrar DIR] [--json FILE] [--markdown FILE]
 *
 * Given the place: every method gets the frame, rectified with the stated pose, and the map in a window of 1.29 times its
 * side about the true place, shifted by up to 24 px; and the same with three windows of other places (the two most similar by our
 * retrieval, one by chance), on which each gate's threshold is chosen: just above the most convincing wrong one.
 *
 * Without any prior: every frame is searched on the whole map of about 10^3 cells with the heading unknown, by the whole
 * pipeline and by local features against all those of the map; gates are chosen on frames over ground that the map does
 * not show.
 *
 * With --training the pairs' views come from the training pairs, over a map of their own: for choosing what a registrar's
 * model.json holds. Its figures are no result.
 *
 * The peers run in Python (bench/peers, --python with bench/peers/requirements.txt installed); without it only our rows
 * are printed. Times are CPU milliseconds of one thread: the query's features and matching; rectifying is left out for
 * all, and so is what is computed of the map, which is done before the flight.
 */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../agent/report/atomic-file.js";
import { Encoder } from "../models/runtime/encoder.js";
import { shippedModel } from "../models/runtime/paths.js";
import { commandLine, wholeNumber } from "./command-line.js";
import { readPairs } from "./datasets/pair-views.js";
import { FrameEncoder } from "./matching/encode.js";
import { openGallery, requireData } from "./matching/galleries.js";
import { peersMissing } from "./matching/peers.js";
import { drawQueries } from "./matching/queries.js";
import { type Registered, registerScene, windowRegistrar } from "./matching/registration-run.js";
import { registrationMarkdown, registrationRows } from "./matching/registration-table.js";
import { airfieldScene, ortholocScene, pairsScene, type Scene } from "./matching/scenes.js";
import { chooseSettings, REGISTRATION_SETTINGS, UNKNOWN_HEADING } from "./matching/settings.js";
import { searchWholeMap } from "./matching/whole-map.js";
import { MapPictures } from "./matching/windows.js";

const { values } = commandLine({
  options: {
    data: { type: "string" },
    python: { type: "string" },
    queries: { type: "string", default: "24" },
    seed: { type: "string", default: "7" },
    settings: { type: "string" },
    scenes: { type: "string", default: "pairs,airfield,ortholoc" },
    "no-map": { type: "boolean", default: false },
    training: { type: "boolean", default: false },
    work: { type: "string" },
    encoder: { type: "string" },
    reranker: { type: "string" },
    registrar: { type: "string" },
    json: { type: "string" },
    markdown: { type: "string" },
  },
});
const GALLERY = 1000;

async function main(): Promise<void> {
  const sets = ["sztaki_airchange", "change_pairs", "rsscn7", "sat_tiles_geo", "edth_airfield", "ortholoc_pair"];
  const data = requireData(values.data, sets);
  const settings = chooseSettings(values.settings, REGISTRATION_SETTINGS);
  const missing = peersMissing(values.python);
  if (missing !== null) process.stderr.write(`the peers are left out: ${missing}\n`);
  const python = missing === null ? (values.python ?? null) : null;
  const base = values.work ?? mkdtempSync(join(tmpdir(), "skylink-registration-"));
  const work = values.training ? join(base, "training") : base;
  const folder = join(work, "peers");
  mkdirSync(folder, { recursive: true });
  const models = {
    encoder: values.encoder ?? shippedModel("encoder"),
    reranker: values.reranker ?? shippedModel("reranker"),
    registrar: values.registrar ?? shippedModel("registrar"),
  };
  const encoder = await Encoder.load(models.encoder, { threads: 1 });
  const frames = new FrameEncoder(encoder);
  const all = await readPairs(data);
  // The other way round the training pairs are on the map and asked for, and the held-out ones fill it up.
  const pairs = values.training ? all.map((pair) => ({ ...pair, heldOut: !pair.heldOut })) : all;
  const gallery = await openGallery(GALLERY, pairs, data, encoder, models.encoder, work);
  const each = wholeNumber("--queries", values.queries);
  const held = pairs.filter(({ heldOut }) => heldOut);
  const drawn = drawQueries(held, encoder.id, each, wholeNumber("--seed", values.seed, 0));
  const queries = values.training ? drawn.map((query) => ({ ...query, seen: true })) : drawn;
  const chosen = values.scenes.split(",");
  const scenes: Scene[] = [];
  if (chosen.includes("pairs")) scenes.push(pairsScene(gallery, queries));
  if (chosen.includes("airfield")) scenes.push(await airfieldScene(data, work, encoder, models.encoder));
  if (chosen.includes("ortholoc")) {
    for (const map of ["DOP", "xDOP"] as const)
      scenes.push(await ortholocScene(data, work, map, encoder, models.encoder));
  }
  const records: Registered[] = [];
  for (const scene of scenes) {
    const registrar = await windowRegistrar(models.registrar, encoder, scene.pack);
    const pictures = await MapPictures.open(scene.map, scene.pack.level(0));
    for (const setting of settings) {
      records.push(...(await registerScene(scene, setting, { frames, registrar, pictures, python, folder })));
      process.stderr.write(`${scene.name}, ${setting.name}: done\n`);
    }
    await registrar.release();
    await pictures.close();
  }
  const rows = registrationRows(records);
  if (rows.length > 0) {
    process.stdout.write(
      `Given the place, encoder ${encoder.id}:\n\n${registrationMarkdown(rows)}\n${ephLine(records)}\n`,
    );
  }

  const whole: Registered[] = [];
  if (!values["no-map"]) {
    const scene = pairsScene(gallery, queries);
    const offMap = pairs.filter(({ heldOut, name }) => !heldOut && !gallery.places.has(name));
    const strangers = pairsScene(
      gallery,
      drawQueries(offMap, encoder.id, each, wholeNumber("--seed", values.seed, 0)),
      true,
    );
    const pictures = await MapPictures.open(gallery.map, gallery.pack.level(0));
    const right = await scene.shots(UNKNOWN_HEADING);
    const wrong = await strangers.shots(UNKNOWN_HEADING);
    whole.push(
      ...(await searchWholeMap(scene, right, wrong, UNKNOWN_HEADING.name, {
        frames,
        pictures,
        python,
        folder,
        models,
      })),
    );
    await pictures.close();
  }
  const wholeRows = registrationRows(whole);
  if (whole.length > 0) {
    const cells = gallery.pack.manifest.counts.cells;
    process.stdout.write(`\nWhole map of ${cells} cells, no prior:\n\n${registrationMarkdown(wholeRows)}`);
  }
  const tables = [rows, wholeRows].filter(({ length }) => length > 0).map(registrationMarkdown);
  if (values.markdown !== undefined) writeFileAtomic(values.markdown, tables.join("\n"));
  if (values.json !== undefined) {
    const report = {
      benchmark: "registration",
      encoder: encoder.id,
      peers: missing === null,
      rows,
      whole_map: wholeRows,
      records,
      whole_map_records: whole,
    };
    writeFileAtomic(values.json, `${JSON.stringify(report, null, 1)}\n`);
  }
  for (const { pack } of scenes) if (pack !== gallery.pack) pack.close();
  gallery.pack.close();
  await encoder.release();
}

/** How the errors of accepted registrations compare with their own 1-sigma. */
function ephLine(records: readonly Registered[]): string {
  const ratios = records
    .flatMap(({ accepted, error_m, eph_m }) =>
      accepted && error_m !== null && eph_m !== null ? [error_m / eph_m] : [],
    )
    .sort((a, b) => a - b);
  const at = (part: number): string => ratios[Math.floor(part * (ratios.length - 1))]?.toFixed(2) ?? "-";
  return `Error over eph of registration alone, ${ratios.length} accepted: p68 ${at(0.68)}, p95 ${at(0.95)}, largest ${at(1)}`;
}

await main();
