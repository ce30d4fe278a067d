import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkFiles, loadCameraRig, loadConfig, modelFolders, parseConfig } from "../../../agent/config/load.js";
import { CONFIG_SCHEMA } from "../../../agent/config/schema.js";
import { schemaKeys } from "../../../agent/text/toml.js";
import { packageRoot, shippedModel } from "../../../models/runtime/paths.js";
import { UserError } from "../../../tiles/errors.js";

const dir = mkdtempSync(join(tmpdir(), "config-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const EXAMPLE = join(packageRoot(), "systemd", "agent.toml");
const LEAST = `[pack]
path = "area.skypack"
[camera]
source = "pipe"
width_px = 640
height_px = 480
fx = 500.0
fy = 500.0
cx = 319.5
cy = 239.5
[camera.pipe]
command = ["camera"]
[[link]]
url = "udpin:127.0.0.1:14540"
`;

function fails(message: RegExp, text: string): void {
  assert.throws(
    () => parseConfig(text, "/etc/agent.toml"),
    (thrown: unknown) => {
      assert.ok(thrown instanceof UserError, String(thrown));
      assert.match(thrown.message, message);
      return true;
    },
  );
}

/** Keys of a TOML text, those in commented-out lines included, as `table.key`. */
function keysIn(text: string): string[] {
  let table = "";
  const keys: string[] = [];
  for (const line of text.split("\n")) {
    const header = /^#?\[+([\w.]+)\]+$/.exec(line);
    if (header !== null) table = header[1] ?? "";
    const key = /^#?(\w+) = /.exec(line);
    if (key !== null) keys.push(`${table}.${key[1]}`);
  }
  return [...new Set(keys)];
}

test("the example has every key and no other, and is valid", () => {
  const text = readFileSync(EXAMPLE, "utf8");
  assert.deepEqual(keysIn(text).sort(), schemaKeys(CONFIG_SCHEMA).sort());
  loadConfig(EXAMPLE);
});

test("what the example shows as defaults are the defaults", () => {
  const text = readFileSync(EXAMPLE, "utf8");
  const { config } = loadConfig(EXAMPLE);
  // These have no default: what is shown there replaces something.
  const noDefault =
    /^#(?:key_file|signing_link_id|rate_hz = 5|latency_ms|ground_alt_m|calibration|pipeline|url|k1|k2|p1|p2|k3)\b/;
  let tableIsActive = true;
  const active = text
    .split("\n")
    .map((line) => {
      if (/^#?\[/.test(line)) tableIsActive = line.startsWith("[");
      return tableIsActive && /^#\w+ = /.test(line) && !noDefault.test(line) ? line.slice(1) : line;
    })
    .join("\n");
  assert.deepEqual(parseConfig(active, EXAMPLE).config, config);
});

test("a short file is enough; paths are relative to it", () => {
  const { config } = parseConfig(LEAST, "/etc/skylink-agent/agent.toml");
  assert.equal(config.pack.path, "/etc/skylink-agent/area.skypack");
  assert.equal(config.agent.state_dir, "/var/lib/skylink-agent");
  assert.equal(config.mavlink.component_id, 197);
  assert.equal(config.mount, undefined);
  assert.deepEqual(modelFolders(config).encoder, shippedModel("encoder"));
  const models = parseConfig(`${LEAST}[models]\nreranker = "none"\nencoder = "mine"\n`, "/a/agent.toml").config;
  assert.deepEqual([modelFolders(models).reranker, modelFolders(models).encoder], [null, "/a/mine"]);
  assert.equal(modelFolders(models).retriever, undefined);
  const other = parseConfig(`${LEAST}[models]\nretriever = "hog"\n`, "/a/agent.toml").config;
  assert.equal(modelFolders(other).retriever, "/a/hog");
});

test("the imagery of a simulated camera is relative to the file too, unless it is a world", () => {
  const imagery = (spec: string) => {
    const table = `[camera.simulated]\nvehicle = "udpin:127.0.0.1:1"\nimagery = "${spec}"\n`;
    return parseConfig(`${LEAST}${table}`, "/etc/skylink-agent/agent.toml").config.camera.simulated?.imagery;
  };
  assert.equal(imagery("file:maps/area.tif"), "file:/etc/skylink-agent/maps/area.tif");
  assert.equal(imagery("file:../area.mbtiles"), "file:/etc/area.mbtiles");
  assert.equal(imagery("file:/maps/area.tif"), "file:/maps/area.tif");
  assert.equal(imagery("world:seed=1,size=900"), "world:seed=1,size=900");
  // What it is not is for the camera's program to say.
  assert.equal(imagery("file:"), "file:");
});

test("mistakes are named with file, line, column and what was meant", () => {
  fails(
    /^\/etc\/agent\.toml:1:1: unknown key of \[pack\] "pth"; did you mean "path"\?/,
    LEAST.replace("path =", "pth =").replace("[pack]\n", "").replace("pth", "pack.pth"),
  );
  fails(
    /^\/etc\/agent\.toml:15:1: unknown key of \[link\] "roll"; did you mean "role"\?/,
    `${LEAST}roll = "autopilot"\n`,
  );
  fails(
    /^\/etc\/agent\.toml:15:1: link\.role: unknown value "autopilt"; did you mean "autopilot"\?/,
    `${LEAST}role = "autopilt"\n`,
  );
  fails(/^\/etc\/agent\.toml:14:1: .*unknown kind of link "udpinn"/, LEAST.replace("udpin:", "udpinn:"));
  fails(/^\/etc\/agent\.toml:16:1: link\.url: .* twice/, `${LEAST}[[link]]\nurl = "udpin:127.0.0.1:14540"\n`);
  fails(
    /:15:1: link\.role: no link has the role "autopilot"/,
    `${LEAST}role = "gcs"
`,
  );
  fails(
    /:15:1: link\.role: 2 links have the role "autopilot"/,
    `${LEAST}[[link]]
url = "tcp:a:1"
`,
  );
  fails(
    /signing_link_id: 1 is used by two links/,
    `${LEAST}signing_link_id = 1
[[link]]
url = "tcp:a:1"
role = "gcs"
[signing]
key_file = "k"
`,
  );
  fails(
    /^\/etc\/agent\.toml:16:1: agent\.providers: unknown value "cpux"; did you mean "cpu"\?/,
    `${LEAST}[agent]\nproviders = ["cpux"]\n`,
  );
  fails(/^\/etc\/agent\.toml:1:1: \[link\]: /, LEAST.slice(0, LEAST.indexOf("[[link]]")));
  fails(
    /^\/etc\/agent\.toml:4:1: camera\.source: unknown value "replya"; did you mean "replay"\?/,
    LEAST.replace('"pipe"', '"replya"'),
  );
  fails(/autopilot\.source_sets: gps and vision are the same set/, `${LEAST}[autopilot.source_sets]\nvision = 1\n`);
  fails(
    /:15:1: publisher: rate_hz: gps_input goes at 5 to 10 Hz, not 20/,
    `${LEAST}[autopilot]\npublisher = "gps_input"\nrate_hz = 20\n`,
  );
});

test("the lens is written once: here, in a calibration file, or in the flight that is replayed", () => {
  const rig = (text: string) => loadCameraRig(parseConfig(text, join(dir, "agent.toml")));
  assert.equal(rig(LEAST).intrinsics.width_px, 640);
  assert.deepEqual(rig(`${LEAST}[mount]\npitch_deg = 20\n`).mount, { roll_deg: 0, pitch_deg: 20, yaw_deg: 0 });
  assert.throws(() => rig(LEAST.replace("cy = 239.5\n", "")), /agent\.toml:3:1: camera\.cy: is missing/);
  assert.throws(() => rig(LEAST.replace("cy = 239.5", "cy = 239.5\nk1 = -1.5")), /:11:1: .* cannot be inverted/);
  assert.throws(() => rig(LEAST.replace('"pipe"', '"replay"')), /:5:1: camera\.width_px: .* give it once/);

  const lines = LEAST.split("\n");
  writeFileSync(join(dir, "camera.toml"), `[camera]\n${lines.slice(4, 10).join("\n")}\n[mount]\nyaw_deg = 90\n`);
  const filed = [...lines.slice(0, 4), 'calibration = "camera.toml"', ...lines.slice(10)].join("\n");
  assert.equal(rig(filed).mount.yaw_deg, 90);
  assert.throws(() => rig(`${filed}[mount]\nyaw_deg = 1\n`), /mount: the calibration file has it already/);
  assert.throws(() => rig(filed.replace("camera.toml", "none.toml")), /agent\.toml:5:1: .*none\.toml: cannot be read/);
});

test("files must be there, and a key must be a secret", () => {
  const file = join(dir, "agent.toml");
  const refused = (text: string, message: RegExp): void => {
    writeFileSync(file, text);
    assert.throws(() => checkFiles(loadConfig(file)), message);
  };
  refused(LEAST, /agent\.toml:2:1: pack\.path: there is no folder .*area\.skypack/);
  mkdirSync(join(dir, "area.skypack"));
  refused(`${LEAST}[models]\nencoder = "mine"\n`, /agent\.toml:16:1: models\.encoder: there is no folder/);
  const signed = `${LEAST}[signing]\nkey_file = "link.key"\n`;
  refused(signed, /agent\.toml:16:1: .*link\.key: cannot be read/);
  writeFileSync(join(dir, "link.key"), "00".repeat(32));
  chmodSync(join(dir, "link.key"), 0o640);
  refused(signed, /others can read it .*chmod 600/);
  chmodSync(join(dir, "link.key"), 0o600);
  checkFiles(loadConfig(file));
  assert.throws(() => loadConfig(join(dir, "none.toml")), UserError);
});
