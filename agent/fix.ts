/**
 * A position the agent is willing to publish: where the vehicle was when the frame was captured.
 */
export interface Fix {
  /** Capture time of the frame, microseconds (the clock of the flight folder or of the camera driver). */
  readonly t_us: number;
  /** WGS84 position of the vehicle (not of the matched ground patch). */
  readonly lat_deg: number;
  readonly lon_deg: number;
  /** 1-sigma horizontal error in metres: sqrt(nn + ee) of `cov_ne_m2`, the square root of the covariance's trace. */
  readonly eph_m: number;
  /** Covariance of the horizontal position in the local north-east plane, square metres. */
  readonly cov_ne_m2: Covariance2;
  /** Altitude above mean sea level in metres, or null: matching an ortho-map gives no altitude. */
  readonly alt_m: number | null;
  /** Probability, as the acceptance model judges it, that this fix is right: 0..1. */
  readonly quality: number;
  /** True on the first fix after start or after a loss: the position may jump, there is no continuity to the last. */
  readonly reset: boolean;
}

/** A symmetric 2 x 2 covariance over (north, east): nn and ee are variances, ne the covariance, square metres. */
export interface Covariance2 {
  readonly nn: number;
  readonly ne: number;
  readonly ee: number;
}

/** 1-sigma horizontal error of a covariance: the square root of its trace, metres. */
export function ephOf(cov: Covariance2): number {
  return Math.sqrt(cov.nn + cov.ee);
}

/** Where fixes go: a MAVLink link, a file, a listener in a test. */
export interface FixPublisher {
  /** Hands the fix over; resolves when it has left (or been queued by the operating system). */
  publish(fix: Fix): Promise<void>;
  /** Flushes and releases the link. */
  close(): Promise<void>;
}
