/** Choosing and completing the price of one place (id, scope, region, tier) from what the sources list for it. */
import type { Listing, LongContextStep, Meters, OtherPrices } from './listing.ts'

/** The price of one place, and where it is from. */
export type Price = {
  meters: Meters
  over: LongContextStep[]
  other: OtherPrices
  sources: Set<string>
  /** Names of the rules that filled something in. */
  rules: Set<string>
}

type Candidate = Pick<Listing, 'meters' | 'over' | 'other'> & { source: string }

/**
 * The first candidate, completed by later ones: a meter that only they have is taken where they agree with it on input and
 * output, because then they speak of the same price.
 */
export function choose(candidates: readonly Candidate[]): Price | null {
  const [first, ...others] = candidates
  if (first === undefined) return null
  const price: Price = {
    meters: { ...first.meters },
    over: first.over.map((step) => ({ ...step })),
    other: { ...first.other },
    sources: new Set([first.source]),
    rules: new Set(),
  }
  for (const candidate of others) {
    if (!sameBase(first.meters, candidate.meters)) continue
    price.sources.add(candidate.source)
    price.meters = { ...candidate.meters, ...price.meters }
    price.other = { ...candidate.other, ...price.other }
    price.over = completeSteps(price.over, candidate.over)
  }
  return price
}

const sameBase = (left: Meters, right: Meters): boolean => left.input === right.input && left.output === right.output

/** Steps of the first, with meters and whole steps that only the second has. */
function completeSteps(first: LongContextStep[], second: readonly LongContextStep[]): LongContextStep[] {
  const steps = first.map((step) => {
    const twin = second.find((one) => one.tokens === step.tokens)
    return twin !== undefined && sameBase(step.meters, twin.meters)
      ? { tokens: step.tokens, meters: { ...twin.meters, ...step.meters } }
      : step
  })
  const known = new Set(first.map((step) => step.tokens))
  return [...steps, ...second.filter((step) => !known.has(step.tokens))].toSorted((a, b) => a.tokens - b.tokens)
}

/** Whether `part` says nothing that `whole` does not say: a region whose listing merely leaves meters out. */
export function isWithin(part: Price, whole: Price): boolean {
  const within = (left: object, right: object): boolean =>
    Object.entries(left).every(([key, value]) => {
      const other = (right as Record<string, unknown>)[key]
      return JSON.stringify(other) === JSON.stringify(value)
    })
  return (
    within(part.meters, whole.meters) &&
    within(part.other, whole.other) &&
    part.over.every((step) => whole.over.some((one) => one.tokens === step.tokens && within(step.meters, one.meters)))
  )
}
