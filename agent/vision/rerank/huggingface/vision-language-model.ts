import { join } from "node:path";
import type { Provider, SessionOptions } from "../../../../models/runtime/session.js";
import { UserError } from "../../../../tiles/errors.js";
import type { PromptValues } from "../prompt.js";
import { type AnswerIds, yesMinusNo } from "./answer.js";
import { type HuggingFaceCard, readCard } from "./files/card.js";
import { ChatTemplate } from "./files/chat-template.js";
import { graphFiles, isHuggingFaceFolder } from "./files/layout.js";
import { readModelConfig } from "./files/model-config.js";
import { TextTokenizer } from "./files/text-tokenizer.js";
import { Decoder, type Reading } from "./graphs/decoder.js";
import { type Embeddings, TokenEmbedding } from "./graphs/token-embedding.js";
import { VisionEncoder } from "./graphs/vision-encoder.js";
import type { ImageReader, PreparedImage, RgbImage } from "./images/image.js";
import { imageReader } from "./images/reader.js";
import { type PreparedPrompt, PromptWriter } from "./prepared-prompt.js";
import { ImagePrompt } from "./prompt-parts.js";

/** The parts of a model, each of which can be looked at by itself. */
interface Parts {
  readonly images: ImageReader;
  readonly writer: PromptWriter;
  readonly vision: VisionEncoder;
  readonly embedding: TokenEmbedding;
  readonly decoder: Decoder;
  /** Tokens of the answers; null where the decoder answers by a score head. */
  readonly answers: AnswerIds | null;
}

const EXAMPLE_PX = 224;
/** A picture on which accelerated providers are compared with the CPU. */
const EXAMPLE: RgbImage = {
  width: EXAMPLE_PX,
  height: EXAMPLE_PX,
  rgb: Uint8Array.from({ length: EXAMPLE_PX * EXAMPLE_PX * 3 }, (_, i) => (i * 7919) % 256),
};

/** A vision-language model in the Hugging Face ONNX layout that says how likely two images show one place. */
export class VisionLanguageModel {
  private constructor(
    readonly card: HuggingFaceCard,
    private readonly parts: Parts,
  ) {}

  /** @throws UserError when a file of the folder is missing, wrong or of a family that is not known */
  static async load(dir: string, options: SessionOptions): Promise<VisionLanguageModel> {
    if (!isHuggingFaceFolder(dir))
      throw new UserError(`${dir}: has no config.json and onnx/: no Hugging Face ONNX folder`);
    const card = readCard(dir);
    const config = readModelConfig(dir);
    const tokenizer = TextTokenizer.load(dir);
    const images = imageReader(dir, config, card.image_splitting, tokenizer);
    const prompt = new ImagePrompt(card.prompt, join(dir, "model.json"));
    const writer = new PromptWriter(prompt, card.system, ChatTemplate.load(dir), tokenizer, images.image_token);
    const files = graphFiles(dir, card.precision);
    const opened: { release(): Promise<void> }[] = [];
    const keep = <T extends { release(): Promise<void> }>(part: T): T => {
      opened.push(part);
      return part;
    };
    try {
      const decoder = keep(await Decoder.load(files.decoder_model_merged, config.decoder, card.score_output, options));
      const { yes, no } = card.answers;
      const answers = decoder.scores ? null : { yes: tokenizer.singleTokens(yes), no: tokenizer.singleTokens(no) };
      const embedding = keep(await TokenEmbedding.load(files.embed_tokens, options));
      const vision = keep(await VisionEncoder.load(files.vision_encoder, images.prepare(EXAMPLE), options));
      return new VisionLanguageModel(card, { images, writer, vision, embedding, decoder, answers });
    } catch (thrown) {
      for (const part of opened) await part.release();
      throw thrown;
    }
  }

  /**
   * Compares a query with candidates. Prompt and query are read once; every candidate continues from their cache.
   *
   * @returns for each candidate logit(yes) - logit(no), or what the score head gives
   * @throws UserError when images, prompt and graphs do not fit together
   */
  async score(query: RgbImage, candidates: readonly RgbImage[], values: PromptValues): Promise<number[]> {
    const [first] = candidates;
    if (first === undefined) return [];
    if (candidates.some(({ width, height }) => width !== first.width || height !== first.height)) {
      throw new RangeError("score: candidates of different size have different prompts");
    }
    const { images, writer, vision, embedding, decoder } = this.parts;
    const preparedQuery = images.prepare(query);
    const preparedFirst = images.prepare(first);
    const prompt = writer.prepare(values, preparedQuery, preparedFirst);
    const shared = await embedding.embed(
      prompt.ids.slice(0, prompt.shared),
      writer.imageTokenId,
      await vision.encode(preparedQuery),
    );
    const { cache } = await decoder.read([shared], prompt.positions, decoder.empty);
    const scores: number[] = [];
    for (let from = 0; from < candidates.length; from += this.card.batch) {
      const some = candidates.slice(from, from + this.card.batch);
      const rest = [];
      for (const candidate of some) {
        // One at a time: cut into many views, an image is tens of megabytes of numbers.
        rest.push(await this.embedRest(prompt, candidate === first ? preparedFirst : images.prepare(candidate)));
      }
      scores.push(...this.answers(await decoder.read(rest, prompt.positions, cache)));
    }
    return scores;
  }

  /** Where vision encoder, token embedding and decoder run. */
  get providers(): readonly Provider[] {
    const { vision, embedding, decoder } = this.parts;
    return [vision.provider, embedding.provider, decoder.provider];
  }

  async release(): Promise<void> {
    const { vision, embedding, decoder } = this.parts;
    await vision.release();
    await embedding.release();
    await decoder.release();
  }

  /** Vectors of a candidate's image and of all that follows it. */
  private async embedRest(prompt: PreparedPrompt, candidate: PreparedImage): Promise<Embeddings> {
    const { writer, vision, embedding } = this.parts;
    const features = await vision.encode(candidate);
    return embedding.embed(prompt.ids.slice(prompt.shared), writer.imageTokenId, features);
  }

  private answers({ last }: Reading): number[] {
    const { answers } = this.parts;
    return last.map((row) => (answers === null ? (row[0] ?? Number.NaN) : yesMinusNo(row, answers)));
  }
}
