/** Flags of EKF_STATUS_REPORT, in the combinations that the recorded flights show. */
const ATTITUDE = 1;
const VELOCITY_HORIZONTAL = 2;
const VELOCITY_VERTICAL = 4;
const POSITION_RELATIVE = 8;
export const POSITION_ABSOLUTE = 16;
const POSITION_VERTICAL = 32;
const ABOVE_GROUND = 64;
export const CONSTANT_POSITION = 128;
const PREDICTED_RELATIVE = 256;
const PREDICTED_ABSOLUTE = 512;
const UNINITIALISED = 1024;
const GPS_GLITCH = 32768;

/** What the flags follow from. */
export interface ArduPilotFlagInput {
  readonly phase: "off" | "starting" | "running";
  /** constant: no aiding; lost: aiding without a measurement for too long; air: carried by air speed alone. */
  readonly position: "constant" | "lost" | "air" | "aided";
  /** A rangefinder measures the ground below. */
  readonly heightAboveGround: boolean;
  readonly glitch: boolean;
}

/** 1024, 0, 167, 231, 101, 303, 831, 895 of the recordings. */
export function arduPilotFlags(input: ArduPilotFlagInput): number {
  if (input.phase === "off") return UNINITIALISED;
  if (input.phase === "starting") return 0;
  let flags = ATTITUDE | VELOCITY_VERTICAL | POSITION_VERTICAL;
  if (input.heightAboveGround) flags |= ABOVE_GROUND;
  if (input.glitch) flags |= GPS_GLITCH;
  switch (input.position) {
    case "constant":
      return flags | VELOCITY_HORIZONTAL | CONSTANT_POSITION;
    case "lost":
      return flags;
    case "air":
      return flags | VELOCITY_HORIZONTAL | POSITION_RELATIVE | PREDICTED_RELATIVE;
    case "aided":
      return (
        flags | VELOCITY_HORIZONTAL | POSITION_RELATIVE | POSITION_ABSOLUTE | PREDICTED_RELATIVE | PREDICTED_ABSOLUTE
      );
  }
}
