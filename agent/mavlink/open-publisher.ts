import { common } from "node-mavlink";
import { z } from "zod";
import { UserError } from "../../tiles/errors.js";
import type { Fix, FixPublisher } from "../fix.js";
import { type ConnectionCounts, type ConnectionOptions, MavlinkConnection } from "./connection.js";
import { LocalOrigin } from "./origin.js";
import { GlobalPositionSensorPublisher, type Motion } from "./publishers/global-position-sensor.js";
import { assertPublishable, type MessagePublisher, type SkipReason } from "./publishers/publisher.js";
import { VisionPositionEstimatePublisher } from "./publishers/vision-position-estimate.js";

/** The messages that a fix can leave as. */
export const PUBLISHER_NAMES = ["global_position_sensor", "vision_position_estimate"] as const;
export type PublisherName = (typeof PUBLISHER_NAMES)[number];

/** How often the vehicle is asked for its origin, or offered one, until it has told it. */
const ORIGIN_REQUEST_MS = 1000;

const optionsSchema = z.object({
  messages: z
    .array(z.enum(PUBLISHER_NAMES))
    .min(1)
    .refine((names) => new Set(names).size === names.length, "the same message twice"),
  sensorId: z.int().min(0).max(255).optional(),
  origin: z
    .union([
      z.literal("first-fix"),
      z.object({
        lat_deg: z.number().min(-90).max(90),
        lon_deg: z.number().min(-180).max(180),
        alt_m: z.number().min(-1000).max(100_000),
      }),
    ])
    .optional(),
});

export interface PublisherOptions extends ConnectionOptions {
  /** Which messages each fix is sent as, in this order. */
  readonly messages: readonly PublisherName[];
  /** Id of GLOBAL_POSITION_SENSOR, 1 unless given. */
  readonly sensorId?: number;
  /**
   * Origin of the local positions of VISION_POSITION_ESTIMATE: offered to the vehicle until it has told one. `first-fix`
   * takes the place of the first fix (altitude 0 where the fix has none). Without it the vehicle's own is waited for.
   */
  readonly origin?: { readonly lat_deg: number; readonly lon_deg: number; readonly alt_m: number } | "first-fix";
  /** Moves the position of GLOBAL_POSITION_SENSOR on to the time of sending; not for replay. */
  readonly motion?: (fix: Fix) => Motion | null;
}

/** What became of the fixes. */
export interface PublisherCounts {
  /** Fixes handed to `publish` and taken. */
  fixes: number;
  /** Messages that left, by publisher. */
  sent: Partial<Record<PublisherName, number>>;
  /** Messages not made, by reason. */
  skipped: Partial<Record<SkipReason, number>>;
  /** Messages made that could not leave: the link was down. */
  notSent: number;
  connection: ConnectionCounts;
}

/** A publisher on a MAVLink link that says what it did. */
export interface LinkPublisher extends FixPublisher {
  readonly localPort: number | null;
  counts(): PublisherCounts;
}

/**
 * Opens a link and publishes fixes on it: each fix becomes one of each message asked for, with nothing in it but the fix,
 * so that a replay repeats its payloads to the byte. A HEARTBEAT goes out every second meanwhile.
 *
 * `url`: see `parseLinkUrl`. Throws a UserError for a bad URL or option, or a link that cannot be opened. `publish`
 * rejects with an Error for a fix that must not be sent (NaN, 0/0, no covariance); a link that is down is not an error:
 * the messages are dropped and counted, because an old position is worse than none.
 */
export async function openPublisher(url: string, options: PublisherOptions): Promise<LinkPublisher> {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? "options" : issue.path.join(".");
    throw new UserError(
      `MAVLink publisher: ${where}: ${issue?.message ?? "not valid"}; messages are ${PUBLISHER_NAMES.join(", ")}`,
    );
  }
  const connection = await MavlinkConnection.open(url, options);
  return new ConnectionPublisher(connection, options);
}

class ConnectionPublisher implements LinkPublisher {
  readonly #connection: MavlinkConnection;
  readonly #publishers: { readonly name: PublisherName; readonly publisher: MessagePublisher }[];
  readonly #origin: LocalOrigin;
  readonly #originFromFirstFix: boolean;
  readonly #counts: Omit<PublisherCounts, "connection"> = { fixes: 0, sent: {}, skipped: {}, notSent: 0 };
  readonly #wantsOrigin: boolean;
  #originTimer: NodeJS.Timeout | null = null;
  #askedSystem: number | null = null;

  constructor(connection: MavlinkConnection, options: PublisherOptions) {
    this.#connection = connection;
    this.#publishers = options.messages.map((name) => ({ name, publisher: makePublisher(name, options) }));
    const { origin } = options;
    this.#originFromFirstFix = origin === "first-fix";
    this.#origin = new LocalOrigin(origin === undefined || origin === "first-fix" ? null : origin);
    connection.onFrame((frame) => {
      const vehicle = connection.identity.vehicle;
      const ours = vehicle === null || frame.sysid === vehicle.sysid;
      if (frame.msgid === common.GpsGlobalOrigin.MSG_ID && ours) this.#origin.observe(frame);
      // A vehicle that was just heard need not wait for the next round.
      if (this.#wantsOrigin && vehicle !== null && this.#askedSystem !== vehicle.sysid) this.#askForOrigin();
    });
    this.#wantsOrigin = options.messages.includes("vision_position_estimate");
    if (this.#wantsOrigin) {
      this.#askForOrigin();
      this.#originTimer = setInterval(() => this.#askForOrigin(), ORIGIN_REQUEST_MS);
    }
  }

  get localPort(): number | null {
    return this.#connection.localPort;
  }

  counts(): PublisherCounts {
    const { sent, skipped, ...numbers } = this.#counts;
    return { ...numbers, sent: { ...sent }, skipped: { ...skipped }, connection: this.#connection.counts };
  }

  async publish(fix: Fix): Promise<void> {
    assertPublishable(fix);
    this.#counts.fixes++;
    if (this.#originFromFirstFix && !this.#origin.configured) {
      this.#origin.configure({ lat_deg: fix.lat_deg, lon_deg: fix.lon_deg, alt_m: fix.alt_m ?? 0 });
      this.#askForOrigin();
    }
    const { vehicle } = this.#connection.identity;
    const context = { vehicle, origin: this.#origin.current(vehicle !== null) };
    await Promise.all(
      this.#publishers.map(async ({ name, publisher }) => {
        const built = publisher.build(fix, context);
        if ("skipped" in built) {
          this.#counts.skipped[built.skipped] = (this.#counts.skipped[built.skipped] ?? 0) + 1;
        } else if (await this.#connection.send(built.message)) {
          this.#counts.sent[name] = (this.#counts.sent[name] ?? 0) + 1;
        } else {
          this.#counts.notSent++;
        }
      }),
    );
  }

  async close(): Promise<void> {
    if (this.#originTimer !== null) clearInterval(this.#originTimer);
    await this.#connection.close();
  }

  /** Offers the configured origin, or asks a vehicle that has not told its own. A lost answer is asked for again. */
  #askForOrigin(): void {
    if (!this.#wantsOrigin || this.#origin.confirmed) return;
    const { sysid, vehicle } = this.#connection.identity;
    this.#askedSystem = vehicle?.sysid ?? null;
    const messages = [this.#origin.request(sysid), vehicle === null ? null : requestOrigin(vehicle.sysid)];
    for (const message of messages) {
      if (message !== null) this.#connection.send(message).catch(() => undefined);
    }
  }
}

function makePublisher(name: PublisherName, options: PublisherOptions): MessagePublisher {
  switch (name) {
    case "global_position_sensor":
      return new GlobalPositionSensorPublisher({
        ...(options.sensorId === undefined ? {} : { sensorId: options.sensorId }),
        ...(options.motion === undefined ? {} : { motion: options.motion }),
      });
    case "vision_position_estimate":
      return new VisionPositionEstimatePublisher();
  }
}

/** MAV_CMD_REQUEST_MESSAGE for GPS_GLOBAL_ORIGIN. */
function requestOrigin(targetSystem: number): common.CommandLong {
  const message = new common.CommandLong();
  message.targetSystem = targetSystem;
  message.targetComponent = 1;
  message.command = common.MavCmd.REQUEST_MESSAGE;
  message.confirmation = 0;
  message._param1 = common.GpsGlobalOrigin.MSG_ID;
  message._param2 = 0;
  message._param3 = 0;
  message._param4 = 0;
  message._param5 = 0;
  message._param6 = 0;
  message._param7 = 0;
  return message;
}
