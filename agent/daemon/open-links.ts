import { join } from "node:path";
import { monotonic_us } from "../clock.js";
import { signingLinkIds } from "../config/load.js";
import type { DaemonConfig } from "../config/schema.js";
import { MavlinkHub } from "../mavlink/hub.js";
import type { Vehicle } from "../mavlink/identity.js";
import { MessageRequests } from "../mavlink/message-requests.js";
import { SigningStore } from "../mavlink/signing-files.js";
import { Timesync } from "../mavlink/timesync.js";
import { wantedMessages } from "../mavlink/wanted-messages.js";
import type { SimulatedTruth } from "../status/truth.js";
import type { ClockMap } from "../vehicle/boot-clock.js";
import type { LinksPart } from "./parts.js";

/** File of the signing timestamps in the state folder. */
const SIGNING_STATE = "signing.json";

/**
 * Opens the links of a configuration, with what keeps the conversation going on them: TIMESYNC and the requests for
 * messages. It can be opened again after it was closed.
 */
export class LinksOpener {
  readonly #config: DaemonConfig;
  readonly #log: (line: string) => void;
  readonly #truth: SimulatedTruth | null;
  #timesync: Timesync | null = null;

  /** `truth`: a simulated vehicle is asked for where it really is, to show it. */
  constructor(config: DaemonConfig, log: (line: string) => void, truth: SimulatedTruth | null = null) {
    this.#config = config;
    this.#log = log;
    this.#truth = truth;
  }

  /** The autopilot's clock by TIMESYNC, whichever opening of the links it comes from. */
  readonly clockMap: ClockMap = {
    toAgent_us: (boot_us) => {
      const now_us = this.offsetAt(monotonic_us());
      if (now_us === null) return null;
      // The offset drifts by some parts per million: that of the time itself is asked for.
      return boot_us - (this.offsetAt(boot_us - now_us) ?? now_us);
    },
  };

  /** To add to a time on the agent's clock to get the autopilot's, microseconds; null while it is not known. */
  offsetAt(t_us: number): number | null {
    return this.#timesync?.offsetAt(t_us) ?? null;
  }

  /** @throws UserError for a port of this computer that cannot be had, or a key that cannot be read */
  async open(): Promise<LinksPart> {
    const { link: links, mavlink, signing, agent } = this.#config;
    const ids = signingLinkIds(this.#config);
    const log = this.#log;
    const store =
      signing.key_file === undefined || ids.every((id) => id === null)
        ? null
        : SigningStore.open({
            keyFile: signing.key_file,
            stateFile: join(agent.state_dir, SIGNING_STATE),
            unsigned: signing.unsigned,
            log,
          });
    let hub: MavlinkHub;
    try {
      hub = await MavlinkHub.open({
        links: links.map(({ url, role }, at) => {
          const id = ids[at] ?? null;
          return { url, role, ...(store === null || id === null ? {} : { signing: store.forLink(id) }) };
        }),
        compid: mavlink.component_id,
        ...(mavlink.system_id === 0 ? {} : { sysid: mavlink.system_id }),
        log,
      });
    } catch (thrown) {
      store?.close();
      throw thrown;
    }
    const timesync = new Timesync(hub.autopilot.identity, { answer: mavlink.answer_timesync });
    this.#timesync = timesync;
    hub.attach(timesync);
    const truth = this.#truth;
    const wanted = (vehicle: Vehicle) => wantedMessages(vehicle, truth !== null);
    hub.attach(new MessageRequests(hub.autopilot.identity, { wanted }));
    if (truth !== null) hub.onVehicleFrame((frame, t_us) => truth.receive(frame, t_us));
    return this.#part(hub, timesync, store);
  }

  #part(hub: MavlinkHub, timesync: Timesync, store: SigningStore | null): LinksPart {
    return {
      get statuses() {
        const { round_trip_us } = timesync.statusAt(monotonic_us());
        return hub.links.map(({ url, role, up, counts }) => ({
          url,
          up,
          received: counts.received.frames,
          sent: counts.sent,
          round_trip_us: role === "autopilot" ? round_trip_us : null,
        }));
      },
      onVehicleFrame: (listener) => hub.onVehicleFrame(listener),
      send: (message) => hub.send(message),
      broadcast: (message) => hub.broadcast(message),
      statusText: (severity, text) => hub.statusText(severity, text),
      offsetAt: (t_us) => timesync.offsetAt(t_us),
      get heartbeatLateness() {
        return hub.heartbeatLateness;
      },
      close: async () => {
        if (this.#timesync === timesync) this.#timesync = null;
        await hub.close();
        store?.close();
      },
    };
  }
}
