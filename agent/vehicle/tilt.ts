/** How wrong the autopilot's roll and pitch may be, beyond the error budget's share (camera mount, a level flight). */
export interface TiltConfig {
  /**
   * 1-sigma as a share of the lean. A lean is an acceleration (or a drag) that the autopilot must tell from gravity: with
   * a velocity of its own (GPS) it can, without one its tilt goes wrong.
   */
  readonly per_lean: number;
  readonly per_lean_unaided: number;
  /** 1-sigma of the attitude's time against the picture's, milliseconds: in a turn it is an angle. */
  readonly clock_sigma_ms: number;
}

/** What the sigma of a moment's tilt depends on. */
export interface TiltMoment {
  /** Angle between the body's axis and straight down, degrees. */
  readonly lean_deg: number;
  /** How fast roll and pitch change, degrees per second. */
  readonly turning_dps: number;
  /** The autopilot measures a velocity by something of its own. */
  readonly aided: boolean;
}

/** 1-sigma of roll and of pitch that comes to the error budget's, degrees. */
export function tiltSigma_deg({ lean_deg, turning_dps, aided }: TiltMoment, config: TiltConfig): number {
  const share = aided ? config.per_lean : config.per_lean_unaided;
  return Math.hypot(share * lean_deg, (turning_dps * config.clock_sigma_ms) / 1000);
}
