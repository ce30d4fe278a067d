import type { FrameView, MapInfo, StatusView, TrackPoint } from "../api.js";
import { byId, conditionLine, element, fill, itemLine, publisherLine, setText, setTone } from "./dom.js";
import { PositionMap } from "./map.js";

/** No event for this long: the agent has ended, or the network is down. */
const SILENT_MS = 3000;

const banner = byId("banner", HTMLElement);
const headline = byId("headline", HTMLHeadingElement);
const why = byId("why", HTMLParagraphElement);
const follow = byId("follow", HTMLInputElement);

async function load<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as T;
}

function figure(name: string, value: string): HTMLElement {
  return element("div", "", element("dt", "", name), element("dd", "", value));
}

function figures({ position, truth, vision }: StatusView): HTMLElement[] {
  const list: HTMLElement[] = [];
  if (position !== null) {
    list.push(
      figure("protection level", `${position.protection_level_m.toFixed(0)} m`),
      figure("last fix", `${position.fix_age_s.toFixed(1)} s`),
      figure("speed", `${position.speed_mps.toFixed(1)} m/s`),
      figure("course", `${position.course_deg.toFixed(0)}°`),
    );
  }
  if (truth !== null) list.push(figure("true error", truth.error_m === null ? "–" : `${truth.error_m.toFixed(1)} m`));
  list.push(figure("frames", `${vision.frames}`));
  return list;
}

/** Shows a picture of a frame when it has arrived, so that nothing flickers; hides it where there is none. */
class Picture {
  readonly #image: HTMLImageElement;
  readonly #url: string;
  #wanted = -1;
  #busy = false;

  constructor(id: string, url: string) {
    this.#image = byId(id, HTMLImageElement);
    this.#url = url;
  }

  hide(): void {
    this.#image.hidden = true;
  }

  show(t_us: number): void {
    if (t_us === this.#wanted || this.#busy) return;
    this.#wanted = t_us;
    this.#busy = true;
    const next = new Image();
    next.addEventListener("load", () => {
      this.#image.src = next.src;
      this.#image.hidden = false;
      this.#busy = false;
    });
    next.addEventListener("error", () => {
      this.#image.hidden = true;
      this.#busy = false;
    });
    next.src = `${this.#url}?t=${t_us}`;
  }
}

const camera = new Picture("frame", "/frame.jpg");
const candidate = new Picture("candidate", "/candidate.jpg");

function showFrame(frame: FrameView | null): void {
  const text = byId("frame-text", HTMLElement);
  setTone(text, frame?.tone ?? "off");
  setText(text, frame?.text ?? "none yet");
  if (frame === null) return;
  camera.show(frame.t_us);
  if (frame.quality === null) candidate.hide();
  else candidate.show(frame.t_us);
  setText(byId("candidate-text", HTMLElement), `map: ${placeFound(frame.quality)}`);
  const stages = frame.stages.map(({ name, ms }) => `${name} ${ms.toFixed(0)}`).join(" · ");
  setText(byId("stages", HTMLElement), `ms: ${stages}`);
}

/** Never "100 %": the model that says it was fitted on finitely many frames. */
function placeFound(quality: number | null): string {
  if (quality === null) return "no place was found";
  return `place found, right with ${quality > 0.99 ? "over 99" : (quality * 100).toFixed(0)} %`;
}

function show(view: StatusView, map: PositionMap): void {
  setTone(banner, view.tone);
  setText(headline, view.headline);
  setText(why, view.why);
  fill(byId("figures", HTMLElement), figures(view));
  byId("legend-truth", HTMLElement).hidden = view.truth === null;
  showFrame(view.frame);
  fill(byId("gates", HTMLElement), view.gates.map(conditionLine));
  fill(byId("publishers", HTMLElement), view.publishers.map(publisherLine));
  fill(
    byId("vehicle", HTMLElement),
    view.vehicle.map((item) => itemLine(item)),
  );
  fill(
    byId("components", HTMLElement),
    [...view.components, view.camera].map((item) => itemLine(item)),
  );
  fill(
    byId("links", HTMLElement),
    view.links.map((item) => itemLine(item)),
  );
  const up = new Date(view.uptime_s * 1000).toISOString().slice(11, 19);
  setText(
    byId("footer", HTMLElement),
    `up ${up} · pack ${view.pack} · ${view.vision.skipped} frames left out by vision`,
  );
  map.show(view, follow.checked);
}

async function begin(): Promise<void> {
  const map = new PositionMap(byId("map", HTMLElement), await load<MapInfo>("/api/map"));
  map.onDragged = () => {
    follow.checked = false;
  };
  let silent: number | undefined;
  const stream = new EventSource("/api/events");
  const tellSilence = (): void => {
    setTone(banner, "bad");
    setText(headline, "No connection to the agent");
    setText(why, "what is shown is old");
  };
  stream.addEventListener("open", () => {
    // After a break the way is fetched anew: the agent went on without us.
    load<TrackPoint[]>("/api/track").then(
      (points) => map.setTrack(points),
      () => undefined,
    );
  });
  stream.addEventListener("error", tellSilence);
  stream.addEventListener("message", (event: MessageEvent<string>) => {
    clearTimeout(silent);
    silent = setTimeout(tellSilence, SILENT_MS);
    show(JSON.parse(event.data) as StatusView, map);
  });
}

begin().catch((thrown: unknown) => {
  setTone(banner, "bad");
  setText(headline, "The page cannot start");
  setText(why, thrown instanceof Error ? thrown.message : String(thrown));
});
