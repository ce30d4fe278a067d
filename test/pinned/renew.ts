/** `npm run pins`: flies the recorded flights and writes down what comes out; look at the difference before committing it. */
import { rmSync, writeFileSync } from "node:fs";
import { flightNames, flyPinned, PINS, type Pin, packMap } from "./fly.js";

const { dir, pack } = await packMap();
try {
  const pins: Record<string, Pin[]> = {};
  for (const name of flightNames()) pins[name] = await flyPinned(name, dir, pack);
  const flights = Object.entries(pins).map(([name, frames]) => {
    const lines = frames.map((frame) => `    ${JSON.stringify(frame)}`);
    return `  ${JSON.stringify(name)}: [\n${lines.join(",\n")}\n  ]`;
  });
  writeFileSync(PINS, `{\n${flights.join(",\n")}\n}\n`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
