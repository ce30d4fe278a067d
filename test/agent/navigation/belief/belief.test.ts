import assert from "node:assert/strict";
import { test } from "node:test";
import { Belief, type Evidence, type PlaceSighting } from "../../../../agent/navigation/belief/belief.js";
import { DEFAULT_NAVIGATION_CONFIG } from "../../../../agent/navigation/config.js";
import { Random } from "../../helpers/random.js";

const config = DEFAULT_NAVIGATION_CONFIG.belief;
const SPACING_M = 20;

function sight(north_m: number, east_m: number, similarity: number, heading_deg = 0): PlaceSighting {
  return { north_m, east_m, similarity, heading_deg };
}

function evidence(sightings: PlaceSighting[], more: Partial<Evidence> = {}): Evidence {
  return { sightings, places: 10_000, spacing_m: SPACING_M, accepted: false, novelty: 1, ...more };
}

function total(belief: Belief): number {
  return belief.best(1e6).reduce((sum, { mass }) => sum + mass, 0) + belief.elsewhere_mass + belief.off_mass;
}

/** Sightings somewhere, as a frame gives that shows nothing of the map. */
function clutter(random: Random, count: number): PlaceSighting[] {
  return Array.from({ length: count }, () =>
    sight((random.uniform() - 0.5) * 2000, (random.uniform() - 0.5) * 2000, 0.4 + random.uniform() * 0.1),
  ).sort((a, b) => b.similarity - a.similarity);
}

test("the first frame makes a place likely, not sure; consistent frames of new ground make it sure", () => {
  const belief = new Belief(config, SPACING_M);
  belief.observe(evidence([sight(100, 50, 0.8), sight(-400, 300, 0.72)]));
  const first = belief.massWithin({ north_m: 100, east_m: 50 }, 40);
  assert.ok(first > 0.3 && first < 0.99, `${first}`);
  for (let i = 1; i <= 4; i++) {
    belief.move({ north_m: 40, east_m: 0 }, 1, 4);
    belief.observe(evidence([sight(100 + 40 * i, 50, 0.8), sight(700 - 90 * i, -100, 0.7)]));
    assert.ok(Math.abs(total(belief) - 1) < 1e-9);
  }
  assert.ok(belief.massWithin({ north_m: 260, east_m: 50 }, 60) > 0.999);
});

test("looking twice at the same ground is no new evidence", () => {
  const belief = new Belief(config, SPACING_M);
  const frame = evidence([sight(100, 50, 0.8), sight(-400, 300, 0.72)]);
  belief.observe(frame);
  const once = belief.best(1)[0]?.mass ?? 0;
  for (let i = 0; i < 50; i++) belief.observe({ ...frame, novelty: 0 });
  assert.equal(belief.best(1)[0]?.mass, once);
});

test("of two places that look alike neither wins, however many frames show them; the first difference decides", () => {
  const belief = new Belief(config, SPACING_M);
  const twins = (i: number): PlaceSighting[] => [sight(i * 40, 0, 0.8), sight(i * 40, 5000, 0.798)];
  for (let i = 0; i < 12; i++) {
    if (i > 0) belief.move({ north_m: 40, east_m: 0 }, 1, 4);
    belief.observe(evidence(twins(i), { accepted: true }));
  }
  const here = belief.massWithin({ north_m: 440, east_m: 0 }, 60);
  const there = belief.massWithin({ north_m: 440, east_m: 5000 }, 60);
  assert.ok(here < 0.9 && there > 0.1, `${here} ${there}`);
  for (let i = 12; i < 15; i++) {
    belief.move({ north_m: 40, east_m: 0 }, 1, 4);
    belief.observe(evidence([sight(i * 40, 5000, 0.8)]));
  }
  assert.ok(belief.massWithin({ north_m: 560, east_m: 5000 }, 60) > 0.999);
});

test("frames that show nothing of the map leave the belief nowhere", () => {
  const random = new Random(3);
  const belief = new Belief(config, SPACING_M);
  for (let i = 0; i < 30; i++) {
    belief.move({ north_m: 40, east_m: 0 }, 1, 4);
    belief.observe(evidence(clutter(random, 96)));
    assert.ok((belief.best(1)[0]?.mass ?? 0) < 0.9);
  }
  assert.ok(belief.off_mass + belief.elsewhere_mass > 0.2);
});

test("a heading offset is a hypothesis: only the one that moves as odometry says survives", () => {
  const belief = new Belief(config, SPACING_M);
  for (let i = 0; i < 6; i++) {
    if (i > 0) belief.move({ north_m: 60, east_m: 0 }, 1, 5);
    // The vehicle flies to the east although the reported heading says north.
    belief.observe(evidence([sight(0, 60 * i, 0.8, 90), sight(0, 60 * i, 0.79, -90)]));
  }
  const [best] = belief.best(1);
  assert.equal(best?.heading_deg, 90);
  assert.ok((best?.east_m ?? 0) > 270);
  assert.ok(belief.massWithin({ north_m: 0, east_m: 300 }, 60) > 0.99);
});

test("a belief that became wrong is left again", () => {
  const belief = new Belief(config, SPACING_M);
  for (let i = 0; i < 4; i++) {
    belief.move({ north_m: 40, east_m: 0 }, 1, 4);
    belief.observe(evidence([sight(40 * i, 0, 0.8)]));
  }
  for (let i = 0; i < 6; i++) {
    belief.move({ north_m: 40, east_m: 0 }, 1, 4);
    belief.observe(evidence([sight(-900 + 40 * i, 800, 0.8)]));
  }
  assert.ok(belief.massWithin({ north_m: -700, east_m: 800 }, 60) > 0.9);
});

test("what cannot have been reached is not believed", () => {
  const belief = new Belief(config, SPACING_M);
  belief.observe(evidence([sight(0, 0, 0.8), sight(3000, 0, 0.8)]));
  belief.confine({ north_m: 0, east_m: 0 }, 500);
  assert.equal(belief.massWithin({ north_m: 3000, east_m: 0 }, 100), 0);
  assert.ok(Math.abs(total(belief) - 1) < 1e-9);
});

test("movement that nobody saw well spreads the belief", () => {
  const belief = new Belief(config, SPACING_M);
  for (let i = 0; i < 3; i++) belief.observe(evidence([sight(0, 0, 0.8)]));
  const before = belief.size;
  for (let i = 0; i < 20; i++) belief.move({ north_m: 5, east_m: 0 }, 60, 1);
  assert.ok(belief.size > before * 4);
  assert.ok(Math.abs(total(belief) - 1) < 1e-9);
});

test("work follows the belief, not the map: a million cells store no more than ten thousand", () => {
  const random = new Random(5);
  const sizes = [10_000, 1_000_000].map((places) => {
    const belief = new Belief(config, SPACING_M);
    for (let i = 0; i < 10; i++) {
      belief.move({ north_m: 40, east_m: 0 }, 4, 4);
      belief.observe(evidence([sight(40 * i, 0, 0.8), ...clutter(random, 95)], { places }));
    }
    return belief.size;
  });
  assert.ok((sizes[1] ?? 0) <= (sizes[0] ?? 0) * 2, `${sizes}`);
});

test("who starts off the map is found when it flies onto it", () => {
  const random = new Random(9);
  const belief = new Belief(config, SPACING_M);
  for (let i = 0; i < 60; i++) {
    belief.move({ north_m: 14, east_m: 0 }, 1, 1);
    belief.observe(evidence(clutter(random, 96), { novelty: 0.35 }));
  }
  for (let i = 0; i < 12; i++) {
    belief.move({ north_m: 14, east_m: 0 }, 1, 1);
    belief.observe(evidence([sight(14 * i, 0, 0.8), ...clutter(random, 95)], { novelty: 0.35, accepted: true }));
  }
  assert.ok(belief.massWithin({ north_m: 14 * 11, east_m: 0 }, 60) > 0.999);
});
