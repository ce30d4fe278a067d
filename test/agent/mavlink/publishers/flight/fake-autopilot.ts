import { ardupilotmega, common, type MavLinkData } from "node-mavlink";
import type { MavlinkFrame } from "../../../../../agent/mavlink/frame.js";
import type { Vehicle } from "../../../../../agent/mavlink/identity.js";
import type { FlightPublisher } from "../../../../../agent/mavlink/publishers/flight-publisher.js";
import { ackFrame, ekfFrame, FakeFlight, gpsFrame, originFrame, paramFrame, type Sent } from "./helpers.js";

const AIDED = 831;
const UNAIDED = 167;
/** As measured: the EKF keeps its position this long without aid. */
const HOLD_US = 7_000_000;

/**
 * As much of an ArduPilot as publishers can notice: parameters, source sets, an EKF that is aided by GPS or by vision as
 * the active set says, and answers 20 ms later.
 */
export class FakeAutopilot {
  readonly vehicle: Vehicle;
  readonly flight: FakeFlight;
  parameters: Record<string, number> = {
    VISO_TYPE: 1,
    VISO_DELAY_MS: 250,
    VISO_POS_M_NSE: 5,
    EK3_SRC1_POSXY: 3,
    EK3_SRC1_VELXY: 3,
    EK3_SRC1_POSZ: 1,
    EK3_SRC1_YAW: 1,
    EK3_SRC2_POSXY: 6,
    EK3_SRC2_VELXY: 0,
    EK3_SRC2_POSZ: 1,
    EK3_SRC2_YAW: 1,
    GPS1_TYPE: 1,
  };
  gpsFix = 6;
  /** Where its GPS says it is; null: where it is. */
  gpsPlace: { lat_deg: number; lon_deg: number } | null = null;
  set = 1;
  /** The result of 42007; undefined: it is not answered. */
  setResult: number | undefined = 0;
  ratio = 0.1;
  /** Every set that was selected, with the time. */
  readonly selected: { readonly t_us: number; readonly set: number }[] = [];
  #aided_us = Number.NEGATIVE_INFINITY;
  #vision_us = Number.NEGATIVE_INFINITY;
  #inbox: { readonly at_us: number; readonly frame: MavlinkFrame }[] = [];
  #ticks = 0;

  constructor(vehicle: Vehicle, change: ConstructorParameters<typeof FakeFlight>[1] = {}) {
    this.vehicle = vehicle;
    this.flight = new FakeFlight(vehicle, change);
  }

  /** The EKF has an absolute position. */
  get positioned(): boolean {
    return this.flight.now_us - this.#aided_us < HOLD_US;
  }

  /** Runs a publisher against it; fixes come at 2 Hz while there is a position. `each` is called before every tick. */
  run(feed: FlightPublisher, seconds: number, each: (t_s: number) => void = () => {}): Sent[] {
    const { flight } = this;
    const sent: Sent[] = [];
    const from_us = flight.now_us;
    for (let i = 0; i < seconds * 50; i++, this.#ticks++) {
      flight.now_us = from_us + i * 20_000;
      each(i / 50);
      if (this.#ticks % 25 === 0 && flight.position !== null) flight.fix();
      this.#live(flight.now_us);
      for (const { frame } of this.#inbox.filter(({ at_us }) => at_us <= flight.now_us))
        feed.receive(frame, flight.now_us);
      this.#inbox = this.#inbox.filter(({ at_us }) => at_us > flight.now_us);
      for (const message of feed.tick(flight.moment())) {
        sent.push({ t_us: flight.now_us, message });
        this.#take(message, flight.now_us);
      }
    }
    flight.now_us = from_us + Math.round(seconds * 1e6);
    return sent;
  }

  #live(now_us: number): void {
    const source = this.parameters[`EK3_SRC${this.set}_POSXY`];
    if (source === 3 && this.gpsFix >= 3) this.#aided_us = now_us;
    if (source === 6 && now_us - this.#vision_us < 300_000 && this.ratio <= 1) this.#aided_us = now_us;
    const frames: MavlinkFrame[] = [];
    if (this.#ticks % 10 === 0)
      frames.push(gpsFrame(this.vehicle, this.gpsFix, this.gpsPlace ?? this.flight.position ?? undefined));
    if (this.#ticks % 12 === 0) frames.push(ekfFrame(this.positioned ? AIDED : UNAIDED, this.ratio, this.vehicle));
    this.#inbox.push(...frames.map((frame) => ({ at_us: now_us, frame })));
    this.flight.status = { ...this.flight.status, gps_fix_type: this.gpsFix };
  }

  #take(message: MavLinkData, now_us: number): void {
    if (message instanceof common.VisionPositionEstimate || message instanceof common.Odometry)
      this.#vision_us = now_us;
    if (message instanceof common.ParamRequestRead) {
      const value = this.parameters[message.paramId];
      if (value !== undefined) this.#answer(paramFrame(message.paramId, value, this.vehicle), now_us);
    }
    if (message instanceof common.SetGpsGlobalOrigin) {
      const { latitude, longitude, altitude } = message;
      const origin = { lat_deg: latitude / 1e7, lon_deg: longitude / 1e7, alt_m: altitude / 1e3 };
      this.#answer(originFrame(origin, this.vehicle), now_us);
    }
    if (message instanceof common.CommandLong && message.command === Number(ardupilotmega.MavCmd.SET_EKF_SOURCE_SET)) {
      if (this.setResult === undefined) return;
      if (this.setResult === 0) {
        this.set = message._param1;
        this.selected.push({ t_us: now_us, set: this.set });
      }
      this.#answer(ackFrame(this.vehicle, message.command, this.setResult), now_us);
    }
  }

  #answer(frame: MavlinkFrame, now_us: number): void {
    this.#inbox.push({ at_us: now_us + 20_000, frame });
  }
}

/** The STATUSTEXTs among what was sent, chunks joined. */
export function texts(sent: readonly Sent[]): string[] {
  const out: string[] = [];
  for (const { message } of sent) {
    if (!(message instanceof common.StatusText)) continue;
    if (message.chunkSeq > 0) out.push((out.pop() ?? "") + message.text);
    else out.push(message.text);
  }
  return out;
}
