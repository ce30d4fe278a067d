/** The little of leaflet 1.9 that the page uses; the server hands leaflet out under this path. */
export type LatLng = [lat_deg: number, lon_deg: number];
export interface PathStyle {
  color?: string;
  weight?: number;
  opacity?: number;
  fillColor?: string;
  fillOpacity?: number;
  dashArray?: string;
  radius?: number;
  /** How much a line is simplified, pixels. */
  smoothFactor?: number;
  interactive?: boolean;
}
export interface Layer {
  addTo(map: LeafletMap): this;
  remove(): this;
}
export interface Polyline extends Layer {
  setLatLngs(points: readonly LatLng[]): this;
  addLatLng(point: LatLng): this;
}
export interface CircleMarker extends Layer {
  setLatLng(point: LatLng): this;
  bindTooltip(text: string, options?: object): this;
}
export interface Circle extends CircleMarker {
  setRadius(metres: number): this;
}
export interface LeafletMap {
  setView(centre: LatLng, zoom: number, options?: { animate?: boolean }): this;
  panTo(centre: LatLng, options?: { animate?: boolean; duration?: number }): this;
  fitBounds(bounds: readonly [LatLng, LatLng]): this;
  getZoom(): number;
  on(event: string, listener: () => void): this;
  attributionControl: { setPrefix(prefix: string | false): void };
}
export declare function map(element: HTMLElement, options?: object): LeafletMap;
export declare function tileLayer(url: string, options: object): Layer;
export declare function polyline(points: readonly LatLng[], style: PathStyle): Polyline;
export declare function polygon(points: readonly LatLng[], style: PathStyle): Polyline;
export declare function rectangle(bounds: readonly [LatLng, LatLng], style: PathStyle): Layer;
export declare function circle(centre: LatLng, options: PathStyle): Circle;
export declare function circleMarker(centre: LatLng, options: PathStyle): CircleMarker;
export declare const control: { scale(options: object): Layer };
