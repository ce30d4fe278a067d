import { z } from "zod";

/** What of the daemon's /api/state is looked at. */
export const stateSchema = z.object({
  t_us: z.number(),
  components: z.array(z.object({ name: z.string(), state: z.string(), detail: z.string(), restarts: z.number() })),
  links: z.array(z.object({ url: z.string(), up: z.boolean() })),
  camera: z.object({ state: z.string(), frames: z.number(), dropped: z.number() }),
  vision: z.object({ frames: z.number(), skipped: z.number() }),
  navigation: z.object({
    position: z
      .object({ lat_deg: z.number(), lon_deg: z.number(), eph_m: z.number(), fix_count: z.number() })
      .nullable(),
    reason: z.string().nullable(),
  }),
  publishers: z.array(
    z.object({ name: z.string(), state: z.string(), sent: z.number(), fused: z.boolean().nullable() }),
  ),
});
export type DaemonState = z.infer<typeof stateSchema>;
