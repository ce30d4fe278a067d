/**
 * What the status page is given, several times a second. It holds no type of anything else, because the page is compiled
 * for the browser; the words are chosen here, so that the page only shows them. Nothing secret is ever in it.
 */

/** How good a state is: what colour it gets. */
export type Tone = "good" | "busy" | "bad" | "off";

export interface Place {
  readonly lat_deg: number;
  readonly lon_deg: number;
}

/** The ellipse that holds the true position with 95 %. */
export interface Ellipse {
  readonly semi_major_m: number;
  readonly semi_minor_m: number;
  /** Direction of the long axis, degrees clockwise from north. */
  readonly azimuth_deg: number;
}

export interface PositionView extends Place {
  readonly eph_m: number;
  readonly protection_level_m: number;
  readonly ellipse: Ellipse;
  readonly speed_mps: number;
  readonly course_deg: number;
  readonly heading_offset_deg: number;
  readonly fix_age_s: number;
  readonly fix_count: number;
}

/** A line of a list: what it is, how it is, and why. */
export interface ItemView {
  readonly name: string;
  readonly tone: Tone;
  readonly state: string;
  readonly detail: string;
}

export interface ConditionView {
  readonly name: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface PublisherView extends ItemView {
  readonly conditions: readonly ConditionView[];
}

/** The newest frame that vision has finished. */
export interface FrameView {
  /** Its capture time: the name under which /frame.jpg and /candidate.jpg change. */
  readonly t_us: number;
  readonly age_s: number;
  readonly tone: Tone;
  /** "a fix", or why not, in plain words. */
  readonly text: string;
  /** Probability that the best place found is right, 0..1; null when there was none. */
  readonly quality: number | null;
  readonly level: number | null;
  readonly stages: readonly { readonly name: string; readonly ms: number }[];
}

export interface StatusView {
  readonly uptime_s: number;
  readonly pack: string;
  readonly tone: Tone;
  readonly headline: string;
  /** Why there is no position, in plain words; empty when there is one. */
  readonly why: string;
  readonly position: PositionView | null;
  /** Where the vehicle really is, when a simulator tells it, and how far off the position is. */
  readonly truth: (Place & { readonly error_m: number | null }) | null;
  /** Where the autopilot thinks it is. */
  readonly autopilot: Place | null;
  readonly vehicle: readonly ItemView[];
  readonly components: readonly ItemView[];
  readonly links: readonly ItemView[];
  readonly camera: ItemView;
  readonly vision: { readonly frames: number; readonly skipped: number };
  readonly gates: readonly ConditionView[];
  readonly publishers: readonly PublisherView[];
  readonly frame: FrameView | null;
}

/** A point of the flown way: seconds since the agent's start, the position then and the truth then. */
export interface TrackPoint {
  readonly t_s: number;
  readonly position: Place | null;
  readonly truth: Place | null;
}

/** What the map is made of. */
export interface MapInfo {
  readonly name: string;
  readonly attribution: string;
  readonly imagery_date: string | null;
  readonly bbox: { readonly west: number; readonly south: number; readonly east: number; readonly north: number };
  readonly zoom: { readonly min: number; readonly max: number };
}
