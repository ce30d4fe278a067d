import { UserError } from "../../../../tiles/errors.js";
import type { PromptValues } from "../prompt.js";
import type { ChatTemplate, Message } from "./files/chat-template.js";
import type { TextTokenizer } from "./files/text-tokenizer.js";
import type { PreparedImage } from "./images/image.js";
import { countedPositions, multimodalPositions, type Positions } from "./positions.js";
import type { ImagePrompt } from "./prompt-parts.js";

/** A prompt as the decoder reads it. */
export interface PreparedPrompt {
  readonly ids: readonly number[];
  readonly positions: Positions;
  /** Tokens before the candidate's image: the same for every candidate of a query. */
  readonly shared: number;
}

/** Writes prompts in the model's own words and tokens. */
export class PromptWriter {
  private readonly image_id: number;

  constructor(
    private readonly prompt: ImagePrompt,
    private readonly system: string | undefined,
    private readonly template: ChatTemplate,
    private readonly tokenizer: TextTokenizer,
    private readonly image_token: string,
  ) {
    this.image_id = tokenizer.idOf(image_token);
  }

  /** Id of the token that stands for a part of an image. */
  get imageTokenId(): number {
    return this.image_id;
  }

  /** The conversation as text, with one image token for each of the two images. */
  text(values: PromptValues): string {
    const system: Message[] =
      this.system === undefined ? [] : [{ role: "system", content: [{ type: "text", text: this.system }] }];
    return this.template.render([...system, { role: "user", content: this.prompt.render(values) }]);
  }

  /**
   * The tokens of a prompt with a query and a candidate of the same kind as all others.
   *
   * @throws UserError when chat template and tokenizer do not give the images their tokens
   */
  prepare(values: PromptValues, query: PreparedImage, candidate: PreparedImage): PreparedPrompt {
    const pieces = this.text(values).split(this.image_token);
    if (pieces.length !== 3) {
      throw new UserError(`the chat template wrote ${pieces.length - 1} times ${this.image_token} for two images`);
    }
    const [before = "", between = "", after = ""] = pieces;
    const ids = this.tokenizer.encode(`${before}${query.text}${between}${candidate.text}${after}`);
    const places = ids.flatMap((id, at) => (id === this.image_id ? [at] : []));
    const shared = places[query.tokens];
    if (places.length !== query.tokens + candidate.tokens || shared === undefined) {
      throw new UserError(
        `the prompt has ${places.length} tokens ${this.image_token}, the images become ` +
          `${query.tokens + candidate.tokens}: tokenizer and preprocessor_config.json do not fit together`,
      );
    }
    return { ids, positions: this.positions(ids, [query, candidate]), shared };
  }

  private positions(ids: readonly number[], images: readonly PreparedImage[]): Positions {
    const grids = images.flatMap(({ grid }) => (grid === null ? [] : [grid]));
    return grids.length === 0 ? countedPositions(ids.length) : multimodalPositions(ids, this.image_id, grids);
  }
}
