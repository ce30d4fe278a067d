/**
 * Where the entries of the filter's state begin: position, velocity, heading offset, relative height error, error that
 * neighbouring fixes share, and the tilt that the autopilot has wrong.
 */
export const P = 0;
export const V = 2;
export const PSI = 4;
export const S = 5;
export const B = 6;
export const D = 8;
export const STATE_SIZE = 10;
