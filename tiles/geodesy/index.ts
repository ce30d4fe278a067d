export * from "./mercator.js";
export * from "./projector.js";
export * from "./tile-math.js";
export * from "./wgs84.js";
