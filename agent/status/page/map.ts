import type { Ellipse, MapInfo, Place, StatusView, TrackPoint } from "../api.js";
import * as L from "../vendor/leaflet/leaflet-src.esm.js";

const EARTH_M = 6378137;
const DEG = Math.PI / 180;
const COLOURS = { estimate: "#29d3ff", truth: "#ffe14d", autopilot: "#ff7ad9", protection: "#ffc23d" } as const;
/** A page that is open for days keeps this much of each way. */
const MAX_WAY = 20_000;

const at = ({ lat_deg, lon_deg }: Place): L.LatLng => [lat_deg, lon_deg];

/** A place some metres away: over the size of an ellipse the earth is flat. */
function moved({ lat_deg, lon_deg }: Place, north_m: number, east_m: number): L.LatLng {
  return [lat_deg + north_m / EARTH_M / DEG, lon_deg + east_m / EARTH_M / DEG / Math.cos(lat_deg * DEG)];
}

function outline(place: Place, { semi_major_m, semi_minor_m, azimuth_deg }: Ellipse): L.LatLng[] {
  const cos = Math.cos(azimuth_deg * DEG);
  const sin = Math.sin(azimuth_deg * DEG);
  return Array.from({ length: 48 }, (_, k) => {
    const along = semi_major_m * Math.cos((k / 24) * Math.PI);
    const across = semi_minor_m * Math.sin((k / 24) * Math.PI);
    return moved(place, along * cos - across * sin, along * sin + across * cos);
  });
}

/** A way on the map that grows; a gap ends one line and begins another. */
class Way {
  readonly #style: L.PathStyle;
  readonly #map: L.LeafletMap;
  #line: L.Polyline | null = null;
  #lines: L.Polyline[] = [];
  #count = 0;

  constructor(map: L.LeafletMap, style: L.PathStyle) {
    this.#map = map;
    this.#style = { weight: 3, opacity: 0.9, interactive: false, ...style };
  }

  add(place: Place | null): void {
    if (place === null) {
      this.#line = null;
      return;
    }
    if (this.#count >= MAX_WAY) this.clear();
    this.#count++;
    if (this.#line === null) {
      this.#line = L.polyline([], this.#style).addTo(this.#map);
      this.#lines.push(this.#line);
    }
    this.#line.addLatLng(at(place));
  }

  clear(): void {
    for (const line of this.#lines) line.remove();
    this.#lines = [];
    this.#line = null;
    this.#count = 0;
  }
}

/** A point on the map that may be absent. */
class Spot {
  readonly #map: L.LeafletMap;
  readonly #marker: L.CircleMarker;
  #shown = false;

  constructor(map: L.LeafletMap, marker: L.CircleMarker) {
    this.#map = map;
    this.#marker = marker;
  }

  set(place: Place | null): void {
    if (place === null) {
      if (this.#shown) this.#marker.remove();
      this.#shown = false;
      return;
    }
    this.#marker.setLatLng(at(place));
    if (!this.#shown) this.#marker.addTo(this.#map);
    this.#shown = true;
  }
}

/** The map of the page: the pack's imagery, where the vehicle is and where it was. */
export class PositionMap {
  readonly #map: L.LeafletMap;
  readonly #ellipse: L.Polyline;
  readonly #protection: L.Circle;
  readonly #estimate: Spot;
  readonly #truth: Spot;
  readonly #autopilot: Spot;
  readonly #ways: { readonly position: Way; readonly truth: Way };
  /** Zoom at which a position is looked at: the finest imagery there is. */
  readonly #near: number;
  #centred = false;
  /** The user has moved the map. */
  onDragged: () => void = () => undefined;

  constructor(target: HTMLElement, { bbox, zoom, attribution, imagery_date, name }: MapInfo) {
    const bounds: [L.LatLng, L.LatLng] = [
      [bbox.south, bbox.west],
      [bbox.north, bbox.east],
    ];
    this.#map = L.map(target, {
      zoomControl: true,
      maxZoom: zoom.max + 3,
      minZoom: Math.max(0, zoom.min - 3),
    });
    this.#map.attributionControl.setPrefix(false);
    this.#near = zoom.max;
    this.#map.fitBounds(bounds);
    // Leaflet takes an attribution as markup: the name of a map is text.
    const credit = [name, attribution, imagery_date ?? ""]
      .filter((part) => part !== "")
      .join(" · ")
      .replace(/[<>&]/g, " ");
    L.tileLayer("/tiles/{z}/{x}/{y}", {
      minNativeZoom: zoom.min,
      maxNativeZoom: zoom.max,
      maxZoom: zoom.max + 3,
      bounds,
      attribution: credit,
    }).addTo(this.#map);
    L.rectangle(bounds, { color: "#8d9bab", weight: 1, fillOpacity: 0, interactive: false }).addTo(this.#map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(this.#map);
    this.#ways = {
      truth: new Way(this.#map, { color: COLOURS.truth, dashArray: "2 7" }),
      position: new Way(this.#map, { color: COLOURS.estimate }),
    };
    const none: L.LatLng = [0, 0];
    this.#protection = L.circle(none, {
      color: COLOURS.protection,
      weight: 2,
      dashArray: "6 6",
      fillOpacity: 0.04,
      interactive: false,
    });
    this.#ellipse = L.polygon([], {
      color: COLOURS.estimate,
      weight: 2,
      fillOpacity: 0.3,
      smoothFactor: 0,
      interactive: false,
    });
    const spot = (color: string, radius: number): Spot =>
      new Spot(
        this.#map,
        L.circleMarker(none, { radius, color: "#0b0f14", weight: 2, fillColor: color, fillOpacity: 1 }),
      );
    this.#autopilot = spot(COLOURS.autopilot, 6);
    this.#truth = spot(COLOURS.truth, 6);
    this.#estimate = spot(COLOURS.estimate, 5);
    this.#map.on("dragstart", () => this.onDragged());
  }

  /** The way so far, in place of what is drawn. */
  setTrack(points: readonly TrackPoint[]): void {
    this.#ways.position.clear();
    this.#ways.truth.clear();
    for (const point of points) this.#grow(point.position, point.truth);
  }

  /** Shows a new state. @param follow keeps the vehicle in the middle */
  show({ position, truth, autopilot }: StatusView, follow: boolean): void {
    this.#grow(position, truth);
    if (position === null) {
      this.#ellipse.remove();
      this.#protection.remove();
    } else {
      this.#protection.setLatLng(at(position)).addTo(this.#map);
      this.#protection.setRadius(position.protection_level_m);
      this.#ellipse.setLatLngs(outline(position, position.ellipse)).addTo(this.#map);
    }
    this.#autopilot.set(autopilot);
    this.#truth.set(truth);
    this.#estimate.set(position);
    const middle = position ?? truth ?? autopilot;
    if (!follow || middle === null) return;
    // The whole pack is shown until there is something to look at.
    if (this.#centred) this.#map.panTo(at(middle), { animate: false });
    else this.#map.setView(at(middle), this.#near, { animate: false });
    this.#centred = true;
  }

  #grow(position: Place | null, truth: Place | null): void {
    this.#ways.position.add(position);
    this.#ways.truth.add(truth);
  }
}
