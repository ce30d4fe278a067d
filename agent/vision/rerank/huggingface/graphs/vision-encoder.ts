import type { Tensor } from "onnxruntime-node";
import type { Provider, SessionOptions } from "../../../../../models/runtime/session.js";
import { type TensorInfo, TensorSession, type Tensors } from "../../../../../models/runtime/tensor-session.js";
import { floatsOf, floatTensor, outputNamed, wholeTensor } from "../../../../../models/runtime/tensors.js";
import { UserError } from "../../../../../tiles/errors.js";
import type { ImageFeeds, PreparedImage } from "../images/image.js";

/** Vectors of an image's tokens: [tokens, width]. */
export interface ImageFeatures {
  readonly data: Float32Array;
  readonly tokens: number;
  readonly width: number;
}

const OUTPUT = "image_features";

/** The graph that turns an image's pixels into vectors in the decoder's space. */
export class VisionEncoder {
  private constructor(private readonly session: TensorSession) {}

  /**
   * @param example an image on which an accelerated provider is compared with the CPU
   * @throws UserError when the file cannot be loaded or takes inputs that are not known here
   */
  static async load(path: string, example: PreparedImage, options: SessionOptions): Promise<VisionEncoder> {
    const session = await TensorSession.create(path, (inputs) => feedsOf(inputs, example.feeds, path), options);
    const known = ["pixel_values", "pixel_attention_mask", "grid_thw", "image_grid_thw"];
    await refuseUnknownInputs(session, (name) => known.includes(name), known.join(", "));
    return new VisionEncoder(session);
  }

  /**
   * Encodes one image.
   *
   * @throws UserError when the graph wants what this family's preprocessing does not make, or gives another number of
   *   tokens than the prompt has
   */
  async encode(image: PreparedImage): Promise<ImageFeatures> {
    const { path } = this.session;
    const output = outputNamed(await this.session.run(feedsOf(this.session.inputs, image.feeds, path)), OUTPUT, path);
    const width = output.dims.at(-1) ?? 0;
    const data = floatsOf(output, OUTPUT, path);
    const tokens = data.length / width;
    if (tokens !== image.tokens) {
      throw new UserError(
        `${path}: made ${tokens} tokens [${output.dims.join(",")}] of an image that config.json and ` +
          `preprocessor_config.json give ${image.tokens}: the files do not belong together`,
      );
    }
    return { data, tokens, width };
  }

  get provider(): Provider {
    return this.session.provider;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

function feedsOf(inputs: readonly TensorInfo[], feeds: ImageFeeds, path: string): Tensors {
  return Object.fromEntries(inputs.map((info) => [info.name, feedOf(info, feeds, path)]));
}

function feedOf(info: TensorInfo, feeds: ImageFeeds, path: string): Tensor {
  if (info.name === "pixel_values") return floatTensor(info, feeds.pixel_values.data, feeds.pixel_values.dims, path);
  const feed = info.name === "pixel_attention_mask" ? feeds.pixel_attention_mask : feeds.grid_thw;
  if (feed === undefined) {
    throw new UserError(`${path}: wants ${info.name}, which models of the family in config.json do not have`);
  }
  return wholeTensor(info, feed.data, feed.dims, path);
}

/** Releases the session and throws a UserError when it takes an input that nothing here would feed. */
export async function refuseUnknownInputs(
  session: TensorSession,
  known: (name: string) => boolean,
  names: string,
): Promise<void> {
  const strange = session.inputs.find(({ name }) => !known(name));
  if (strange === undefined) return;
  await session.release();
  throw new UserError(`${session.path}: takes an input ${strange.name}, which is not known here; known are ${names}`);
}
