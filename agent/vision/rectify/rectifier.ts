import type { GroundView } from "../../../tiles/geometry/ground.js";
import type { Hypothesis } from "../encode/hypotheses.js";
import type { FrameImage } from "../frame.js";

/** What the rectifier is asked for. */
export interface RectifyRequest {
  readonly image: FrameImage;
  /** The camera over flat ground, with the reported heading. */
  readonly view: GroundView;
  /** Centre of the patch on the ground, metres from the point straight below the camera. */
  readonly centre: { readonly north_m: number; readonly east_m: number };
  /** Metres per pixel of the patch. */
  readonly gsd_m: number;
  /** Side of the square patch, pixels, even. */
  readonly side_px: number;
  /** One patch each: as if the true heading and height were those. */
  readonly hypotheses: readonly Hypothesis[];
  /** Colour of pixels that the camera does not see, 0..255. */
  readonly fill: readonly [number, number, number];
}

/** North-up query patches, one for each hypothesis of heading and height. */
export interface RectifiedQuery {
  readonly n: number;
  readonly side_px: number;
  readonly gsd_m: number;
  /** Interleaved RGB [n, side, side, 3]; row 0 is the northern edge. */
  readonly rgb: Uint8Array;
  /** 1 where the camera saw the ground, else 0: [n, side, side]. */
  readonly valid: Uint8Array;
}

/** Turns a camera frame into north-up patches at the map's resolution. */
export interface Rectifier {
  /** @throws UserError when the image cannot be decoded or has another size than the camera's intrinsics */
  rectify(request: RectifyRequest): Promise<RectifiedQuery>;
}
