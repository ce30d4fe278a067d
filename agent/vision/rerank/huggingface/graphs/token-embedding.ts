import { Tensor } from "onnxruntime-node";
import type { Provider, SessionOptions } from "../../../../../models/runtime/session.js";
import { TensorSession, type Tensors } from "../../../../../models/runtime/tensor-session.js";
import { floatsOf, outputNamed } from "../../../../../models/runtime/tensors.js";
import { UserError } from "../../../../../tiles/errors.js";
import { type ImageFeatures, refuseUnknownInputs } from "./vision-encoder.js";

const INPUT = "input_ids";
const OUTPUT = "inputs_embeds";
/** Tokens of which an accelerated provider must give the CPU's vectors. */
const EXAMPLE = Array.from({ length: 16 }, (_, id) => id);

/** Vectors of a sequence: [length, width]. */
export interface Embeddings {
  readonly data: Float32Array;
  readonly length: number;
  readonly width: number;
}

/** The graph that turns token ids into vectors. */
export class TokenEmbedding {
  private constructor(private readonly session: TensorSession) {}

  /** @throws UserError when the file cannot be loaded or takes other inputs than token ids */
  static async load(path: string, options: SessionOptions): Promise<TokenEmbedding> {
    const session = await TensorSession.create(path, () => feedsOf(EXAMPLE), options);
    await refuseUnknownInputs(session, (name) => name === INPUT, INPUT);
    return new TokenEmbedding(session);
  }

  /**
   * Vectors of tokens; those of an image take the place of its tokens, in order.
   *
   * @param image_id the token that stands for a part of an image
   * @throws UserError when images and text have vectors of different width
   */
  async embed(ids: readonly number[], image_id: number, image: ImageFeatures | null): Promise<Embeddings> {
    const { path } = this.session;
    const output = outputNamed(await this.session.run(feedsOf(ids)), OUTPUT, path);
    const width = output.dims.at(-1) ?? 0;
    const data = floatsOf(output, OUTPUT, path).slice();
    if (image === null) return { data, length: ids.length, width };
    if (image.width !== width) {
      throw new UserError(`${path}: gives vectors of ${width}, the vision encoder of ${image.width}`);
    }
    let token = 0;
    ids.forEach((id, at) => {
      if (id !== image_id) return;
      data.set(image.data.subarray(token * width, (token + 1) * width), at * width);
      token++;
    });
    return { data, length: ids.length, width };
  }

  get provider(): Provider {
    return this.session.provider;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

function feedsOf(ids: readonly number[]): Tensors {
  return { [INPUT]: new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]) };
}
