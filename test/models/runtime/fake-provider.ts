import { fingerprintOf, type GoldenGraph } from "../../../models/runtime/golden.js";
import { type GoldenInput, makeInput } from "../../../models/runtime/golden-input.js";
import type { Graph } from "../../../models/runtime/ladder.js";
import type {
  GraphSession,
  OpenSession,
  SessionRequest,
  TensorOutputs,
} from "../../../models/runtime/native-session.js";

const INPUT: GoldenInput = { fill: "uniform", shape: [4, 100], seed: 1, low: -1, high: 1 };

/** What the fake graph computes: twice its input. */
export function doubled(values: ArrayLike<number | bigint>): TensorOutputs {
  return { y: { data: Float32Array.from({ length: values.length }, (_, i) => 2 * Number(values[i])), dims: [4, 100] } };
}

/** A graph with golden output that needs no file. */
export function fakeGraph(path = "fake.onnx"): Graph & { golden: GoldenGraph } {
  const { y } = doubled(makeInput(INPUT).data);
  if (y === undefined) throw new Error("unreachable");
  const sha256 = "a".repeat(64);
  return {
    path,
    sha256,
    golden: {
      sha256,
      tolerance: { y: { min_cosine: 0.99, max_difference: 0.1 } },
      cases: [{ inputs: { x: INPUT }, outputs: { y: fingerprintOf(y.data, y.dims, 3) } }],
    },
  };
}

/** How a fake provider behaves: it cannot be loaded, or what its runs give. */
export type Behaviour = { readonly load: string } | ((right: TensorOutputs, run: number) => Promise<TensorOutputs>);

/** A session factory whose providers behave as told; the CPU is right unless told otherwise. */
export function fakeOpen(behaviours: Partial<Record<SessionRequest["provider"], Behaviour>>): {
  readonly open: OpenSession;
  readonly requests: SessionRequest[];
  /** Sessions that were opened and not released. */
  live(): number;
} {
  const requests: SessionRequest[] = [];
  let live = 0;
  const open: OpenSession = async (request) => {
    requests.push(request);
    const behaviour = behaviours[request.provider] ?? ((right) => Promise.resolve(right));
    if (typeof behaviour !== "function") throw new Error(behaviour.load);
    live++;
    let run = 0;
    const session: GraphSession = {
      inputNames: ["x"],
      run: (feeds) => behaviour(doubled(feeds.x?.data ?? []), run++),
      release: async () => {
        live--;
      },
    };
    return session;
  };
  return { open, requests, live: () => live };
}

/** Outputs with one value changed. */
export function spoilt(right: TensorOutputs, change: (value: number, i: number) => number): TensorOutputs {
  return Object.fromEntries(
    Object.entries(right).map(([name, { data, dims }]) => [name, { data: data.map(change), dims }]),
  );
}
