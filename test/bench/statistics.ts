/** Middle value; the mean of the middle two of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined) throw new Error('no values')
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** Values of one variant, one for each round. */
export type Rounds = ReadonlyMap<string, readonly number[]>

export type Compared = {
  variant: string
  /** Median over the rounds. */
  value: number
  /**
   * Median of the quotients within each round: what slows the machine down for a while slows all variants of that round.
   * NaN where the base was too short for the clock.
   */
  ratio: number
}

/** Each variant against `base`. */
export function compare(rounds: Rounds, base: string): Compared[] {
  const ground = rounds.get(base) ?? []
  return Array.from(rounds, ([variant, values]) => ({
    variant,
    value: median(values),
    ratio: median(values.map((value, round) => value / (ground[round] ?? Number.NaN))),
  }))
}

/** Runs all variants once in each round, in turn from either end, so that drift favours none. */
export async function interleave(
  variants: readonly string[],
  rounds: number,
  run: (variant: string) => Promise<number>,
): Promise<Rounds> {
  const values = new Map<string, number[]>(variants.map((variant) => [variant, []]))
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? variants : variants.toReversed()
    for (const variant of order) values.get(variant)?.push(await run(variant))
  }
  return values
}
