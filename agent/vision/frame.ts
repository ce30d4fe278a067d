import type { Intrinsics } from "../../tiles/geometry/intrinsics.js";
import type { EulerAngles } from "../../tiles/geometry/rotation.js";

/** The camera and how it sits in the aircraft; constant over a flight. */
export interface CameraRig {
  readonly intrinsics: Intrinsics;
  /** Camera in the body, degrees: all zero = looking straight down, image top towards the nose. */
  readonly mount: EulerAngles;
}

/** Pixels of a frame: a file to decode (JPEG, PNG), or raw interleaved 8-bit grey or RGB. */
export type FrameImage =
  | { readonly kind: "file"; readonly path: string }
  | {
      readonly kind: "raw";
      readonly width_px: number;
      readonly height_px: number;
      readonly channels: 1 | 3;
      readonly data: Uint8Array;
    };

/** One camera frame with what the autopilot knows of the moment of its capture. */
export interface Frame {
  /** Capture time, microseconds. */
  readonly t_us: number;
  readonly image: FrameImage;
  /** Body attitude, aerospace convention, degrees; yaw from true north. */
  readonly attitude: EulerAngles;
  /** 1-sigma of roll and of pitch beyond the error budget's, degrees; absent: nothing. */
  readonly tilt_sigma_deg?: number;
  /** Height of the camera above the ground, metres. */
  readonly agl_m: number;
  /** 1-sigma of the yaw, degrees; 90 and more means that the heading is unknown. */
  readonly yaw_sigma_deg: number;
  /** 1-sigma of the height above ground, metres. */
  readonly agl_sigma_m: number;
}
