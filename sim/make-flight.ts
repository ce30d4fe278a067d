/** `node dist/sim/make-flight.js --seed 1 --size-m 1000 --epoch 1 --pattern square --out FLIGHT` */
import { intrinsicsFromHfov } from "../tiles/geometry/intrinsics.js";
import { worldImagery } from "./camera/imagery.js";
import { writeFlight } from "./flight/flight-folder.js";
import { fly, makeRoute, ORDINARY_MOTION, ROUTE_PATTERNS } from "./flight/route.js";
import { epochOf, Options, PLACE_OPTIONS, runCommand, worldOf } from "./options.js";
import { hash01 } from "./world/random.js";

runCommand(async () => {
  const options = new Options({
    ...PLACE_OPTIONS,
    epoch: "1",
    pattern: "square",
    "length-m": undefined,
    course: undefined,
    speed: "12",
    agl: "120",
    "rate-hz": "1",
    frames: "100000",
    width: "960",
    height: "720",
    hfov: "66",
    k1: "0",
    k2: "0",
    tilt: "0",
    "yaw-sigma": "3",
    "agl-sigma": undefined,
    "attitude-sigma": "0.6",
    "error-time": "60",
    relief: "on",
    out: undefined,
  });
  const out = options.text("out");
  const world = worldOf(options);
  const seed = options.whole("seed", 0, 0xffffffff);
  const agl_m = options.number("agl", 5, 5000);
  const pattern = options.choice("pattern", ROUTE_PATTERNS);
  const ordinary = pattern === "straight" ? 0.6 : pattern === "square" ? 2 : 2.5;
  const length_m =
    options.optional("length-m") === undefined
      ? world.size_m * ordinary
      : options.number("length-m", 10, world.size_m * 40);
  const course =
    options.optional("course") === undefined ? hash01(seed, 71) * 360 : options.number("course", -360, 360);
  const route = makeRoute(pattern, { north_m: 0, east_m: 0 }, length_m, course);
  const motion = { ...ORDINARY_MOTION, speed_mps: options.number("speed", 0.5, 120), agl_m };
  const states = fly(route, motion, 1 / options.number("rate-hz", 0.01, 50), seed);
  const lens = intrinsicsFromHfov(
    options.whole("width", 16, 8192),
    options.whole("height", 16, 8192),
    options.number("hfov", 5, 150),
  );
  await writeFlight(out, {
    seed,
    imagery: worldImagery(world, epochOf(options), options.choice("relief", ["on", "off"]) === "on"),
    camera: {
      intrinsics: { ...lens, k1: options.number("k1", -1, 1), k2: options.number("k2", -1, 1) },
      mount: { roll_deg: 0, pitch_deg: options.number("tilt", -90, 90), yaw_deg: 0 },
    },
    states: states.slice(0, options.whole("frames", 1, 1e9)),
    errors: {
      yaw_sigma_deg: options.number("yaw-sigma", 0, 180),
      agl_sigma_m: options.optional("agl-sigma") === undefined ? agl_m * 0.02 : options.number("agl-sigma", 0, 500),
      attitude_sigma_deg: options.number("attitude-sigma", 0, 30),
      error_time_s: options.number("error-time", 0, 1e6),
    },
    onFrame: (done, total) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done}/${total} frames`);
    },
  });
  process.stdout.write(`${out}: ${Math.min(states.length, options.whole("frames", 1, 1e9))} frames\n`);
});
