import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../../../models/runtime/paths.js";
import type { Recording } from "../mavlink/fixtures.js";

export type { Recording };

const indexSchema = z.object({
  first_heartbeat: z.object({ t_s: z.number(), sysid: z.int(), type: z.int(), autopilot: z.int() }),
  heartbeat_changes: z.array(z.object({ t_s: z.number(), armed: z.boolean(), custom_mode: z.int() })),
  flags: z.array(z.object({ t_s: z.number(), flags: z.int() })),
  GPS_GLOBAL_ORIGIN: z.object({ latitude: z.int(), longitude: z.int(), altitude: z.int() }).optional(),
  position_error: z.array(z.object({ t_s: z.number(), error_m: z.number() })),
});

/** What the index of a recording tells of the vehicle's states. */
export function readVehicleIndex(name: Recording): z.infer<typeof indexSchema> {
  const file = join(packageRoot(), "test", "fixtures", "mavlink", `${name}.idx.json`);
  return indexSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}
