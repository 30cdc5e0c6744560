/** Order statistics of samples. None of them changes its argument; all need at least one sample. */

export function median(samples: readonly number[]): number {
  const sorted = ascending(samples);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** @param percent above 0, at most 100; the nearest rank, so that it is a value that did occur */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = ascending(samples);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

function ascending(samples: readonly number[]): Float64Array {
  return Float64Array.from(samples).sort();
}
