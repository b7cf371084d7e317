/** What a simulated answer costs, by the bundled price catalogue. */

import { picoFromUsd } from '../../../src/base/decimal.ts'
import type { Deployment } from '../../../src/config/types.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'
import { findPrice } from '../../../src/ledger/prices/look-up.ts'
import type { InputParts } from './world.ts'

export type CallCost = { inputPicoUsd: bigint; outputPicoUsd: bigint }

type Rates = { input: bigint; output: bigint; cacheRead: bigint; cacheWrite: bigint }

const rates = new Map<string, Rates>()

/** Pico-USD per token. */
export function ratesOf({ model, region }: Deployment): Rates {
  const key = `${region} ${model}`
  const known = rates.get(key)
  if (known !== undefined) return known
  const isGlobal = model.startsWith('global.')
  const id = isGlobal ? model.slice('global.'.length) : model
  const scope = isGlobal ? 'global' : 'region'
  const at = new Date(Date.UTC(2026, 10, 24))
  const meters = findPrice(BUNDLED_CATALOGUE, { id, scope, region, tier: 'default', at })?.row.meters
  const pico = (usd: string | undefined): bigint => {
    const value = usd === undefined ? null : picoFromUsd(usd)
    if (value === null) throw new Error(`the catalogue has no price of ${key}`)
    return value
  }
  const found = {
    input: pico(meters?.input),
    output: pico(meters?.output),
    cacheRead: pico(meters?.cacheRead),
    cacheWrite: pico(meters?.cacheWrite),
  }
  rates.set(key, found)
  return found
}

export function costOf(target: Deployment, parts: InputParts, outputTokens: number): CallCost {
  const { input, output, cacheRead, cacheWrite } = ratesOf(target)
  return {
    inputPicoUsd:
      input * BigInt(parts.freshTokens) +
      cacheRead * BigInt(parts.readTokens) +
      cacheWrite * BigInt(parts.writtenTokens),
    outputPicoUsd: output * BigInt(outputTokens),
  }
}
