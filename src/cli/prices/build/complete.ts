/** Rules that fill in what no source lists for a place. Each marks the price with its name. */
import { times, timesMeters, timesSteps } from './exact.ts'
import { IMAGE_GRADES, LOCAL_FACTOR, NOVA_FAMILY, NOVA_READ_FACTOR, WRITE_AT_INPUT_FAMILY } from './price-rules.ts'
import type { Price } from './select.ts'

/** @param hasCacheRead whether any source lists a cache read price for this model somewhere */
export function complete(id: string, tier: string, price: Price, hasCacheRead: boolean): void {
  const { meters, other } = price
  if (NOVA_FAMILY.test(id) && hasCacheRead && tier === 'default' && meters.input !== undefined && !meters.cacheRead) {
    meters.cacheRead = times(meters.input, NOVA_READ_FACTOR)
    price.rules.add('nova-cache-read')
  }
  if (WRITE_AT_INPUT_FAMILY.test(id)) {
    for (const set of [meters, ...price.over.map((step) => step.meters)] as Price['meters'][]) {
      if (set.input === undefined || set.cacheRead === undefined || set.cacheWrite !== undefined) continue
      set.cacheWrite = set.input
      price.rules.add('write-at-input')
    }
  }
  const graded = IMAGE_GRADES.get(id)
  if (graded !== undefined && other.image !== undefined) {
    if (other.image !== graded.listed)
      throw new Error(`${id} is listed at ${other.image} an image: look at IMAGE_GRADES again`)
    const { image: _one, ...rest } = other
    price.other = { ...rest, imageGrades: graded.grades }
    price.rules.add('image-grades')
  }
  const perPiece = other.image ?? other.imageGrades ?? other.query
  if (perPiece !== undefined && meters.input === undefined) {
    meters.input = '0'
    meters.output ??= '0'
    price.rules.add('no-tokens-per-piece')
  }
}

/** A price of `factor` times another, on every token meter. */
export function scaled(price: Price, factor: string, rule: string): Price {
  return {
    meters: timesMeters(price.meters, factor),
    over: timesSteps(price.over, factor),
    other: {},
    sources: new Set(price.sources),
    rules: new Set([...price.rules, rule]),
  }
}

export const localFromGlobal = (price: Price): Price => scaled(price, LOCAL_FACTOR, 'local-from-global')
