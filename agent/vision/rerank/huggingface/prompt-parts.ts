import { UserError } from "../../../../tiles/errors.js";
import { PromptTemplate, type PromptValues } from "../prompt.js";

/** Asked of a model whose model.json brings no prompt of its own. */
export const DEFAULT_PROMPT =
  "Image 1 is a drone camera view turned north up, from {agl_m:4} m above ground, {footprint_m:4} m across, " +
  "{gsd_cm:3} cm a pixel. Its heading may be off by {yaw_sigma_deg:3} degrees and its height by " +
  "{agl_sigma_percent:2} percent; the camera was tilted {off_nadir_deg:2} degrees. The map imagery is " +
  "{map_age_months:3} months older; the month is {month:2}.\n<query>\nImage 2 is a place on the map, north up, at the " +
  "same scale.\n<candidate>\nDo both images show the same place? Answer yes or no.";

/** A part of a chat message, as chat templates take it. */
export type MessagePart = { readonly type: "text"; readonly text: string } | { readonly type: "image" };

/** A prompt with the places of the two images: the query first, so that all before the candidate is read once. */
export class ImagePrompt {
  private readonly template: PromptTemplate;

  /** @throws UserError unless <query> and <candidate> are there once each, in this order, and every field is known */
  constructor(prompt: string, path: string) {
    const marks = prompt.match(/<query>|<candidate>/g) ?? [];
    if (marks.join() !== "<query>,<candidate>") {
      throw new UserError(`${path}: prompt: needs <query> and then <candidate>, once each, where the images go`);
    }
    this.template = new PromptTemplate(prompt, path);
  }

  /** The message's parts, in order; empty texts are left out. */
  render(values: PromptValues): MessagePart[] {
    const texts = this.template.render(values).split(/<query>|<candidate>/);
    return texts.flatMap((text, i): MessagePart[] => [
      ...(i === 0 ? [] : [{ type: "image" as const }]),
      ...(text === "" ? [] : [{ type: "text" as const, text }]),
    ]);
  }
}
