import { join } from "node:path";
import { UserError } from "../../../../../tiles/errors.js";
import type { ModelConfig } from "../files/model-config.js";
import { readIdefics3Preprocessor, readImageSeqLen, readQwenPreprocessor } from "../files/preprocessor.js";
import type { TextTokenizer } from "../files/text-tokenizer.js";
import { Idefics3Images } from "./idefics3.js";
import type { ImageReader } from "./image.js";
import { QwenImages } from "./qwen2-vl.js";
import { RESAMPLE_NUMBERS } from "./resample.js";

/** The token of an image where config.json has no image_token_id. */
const IMAGE_TOKENS = { idefics3: "<image>", "qwen2-vl": "<|image_pad|>" } as const;

/**
 * Reads images as the folder's model was trained to.
 *
 * @param splitting overrides the folder's choice whether images are cut into several views
 * @throws UserError when the image processor's settings are wrong or do not fit config.json
 */
export function imageReader(
  dir: string,
  config: ModelConfig,
  splitting: boolean | undefined,
  tokenizer: TextTokenizer,
): ImageReader {
  const { image_token_id, family } = config;
  const image_token = image_token_id === undefined ? IMAGE_TOKENS[family] : tokenizer.tokenOf(image_token_id);
  if (config.family === "idefics3") {
    const settings = readIdefics3Preprocessor(dir);
    checkResample(dir, settings.resample);
    const split = { ...settings, do_image_splitting: splitting ?? settings.do_image_splitting };
    const tokens = readImageSeqLen(dir) ?? config.tokens_per_view;
    if (tokens === null) {
      throw new UserError(
        `${join(dir, "processor_config.json")}: has no image_seq_len, and vision_config in config.json does not tell ` +
          "image_size and patch_size; copy the whole model folder again",
      );
    }
    return new Idefics3Images(image_token, split, tokens);
  }
  const settings = readQwenPreprocessor(dir);
  checkResample(dir, settings.resample);
  if (settings.merge_size !== config.merge) {
    throw new UserError(
      `${join(dir, "preprocessor_config.json")}: merge_size is ${settings.merge_size}, config.json tells ${config.merge}`,
    );
  }
  if (splitting === true) {
    throw new UserError(
      `${join(dir, "model.json")}: image_splitting: models of the type ${config.model_type} do not split`,
    );
  }
  return new QwenImages(image_token, settings);
}

function checkResample(dir: string, resample: number | undefined): void {
  if (resample === undefined || RESAMPLE_NUMBERS.includes(resample)) return;
  throw new UserError(
    `${join(dir, "preprocessor_config.json")}: resample ${resample} is not supported; ${RESAMPLE_NUMBERS.join(", ")} are ` +
      "(Lanczos, bilinear, bicubic)",
  );
}
