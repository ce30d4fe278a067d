/** Flags of ESTIMATOR_STATUS, in the combinations that the recorded flights show. */
const ATTITUDE = 1;
const VELOCITY_HORIZONTAL = 2;
const VELOCITY_VERTICAL = 4;
const POSITION_RELATIVE = 8;
export const POSITION_ABSOLUTE = 16;
const POSITION_VERTICAL = 32;
const ABOVE_GROUND = 64;
const CONSTANT_POSITION = 128;
/** Any horizontal aiding. */
const AIDING = 256;
/** GNSS or GLOBAL_POSITION_SENSOR is fusing. */
const GLOBAL_AIDING = 512;

export interface Px4FlagInput {
  readonly running: boolean;
  readonly onGround: boolean;
  readonly positionValid: boolean;
  readonly hasOrigin: boolean;
  readonly aiding: boolean;
  readonly globalAiding: boolean;
}

/** 128, 229, 1023, 895, 869, 255 (ODOMETRY without global aiding) and 101 of the recordings. */
export function px4Flags(input: Px4FlagInput): number {
  if (!input.running) return CONSTANT_POSITION;
  let flags = ATTITUDE | VELOCITY_VERTICAL | POSITION_VERTICAL | ABOVE_GROUND;
  if (input.onGround) flags |= CONSTANT_POSITION;
  if (input.positionValid) {
    flags |= VELOCITY_HORIZONTAL | POSITION_RELATIVE;
    if (input.hasOrigin) flags |= POSITION_ABSOLUTE;
  }
  if (input.aiding) flags |= AIDING;
  if (input.globalAiding) flags |= GLOBAL_AIDING;
  return flags;
}
