/** Images of models that AWS prices by size and quality: the grade that was asked for, or no price. */
import { describe, expect, it } from 'vitest'
import { priceCase } from '../../../src/ledger/cost/price-case.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'

function priceOf(model_id: string, request: unknown, images = 1) {
  const body = { images: new Array(images).fill('…') }
  const given = { operation: 'InvokeModel', model_id, source_region: 'us-east-1', usage: { request, body } }
  const result = priceCase(given, { catalogue: BUNDLED_CATALOGUE, now: new Date('2026-11-24T00:00:00Z') })
  if (!result.ok) throw new Error(result.issues.join())
  return result.price
}

const asked = (config: object, taskType = 'TEXT_IMAGE') => ({ taskType, imageGenerationConfig: config })
const CANVAS = 'amazon.nova-canvas-v1:0'

describe('Nova Canvas', () => {
  it.each([
    [{}, '0.04'],
    [{ quality: 'standard' }, '0.04'],
    [{ quality: 'premium' }, '0.06'],
    [{ width: 1024, height: 1024, quality: 'premium' }, '0.06'],
    [{ width: 2048, height: 2048 }, '0.06'],
    [{ width: 2048, height: 2048, quality: 'premium' }, '0.08'],
    // The longer side decides, and one that is not named is 1024.
    [{ width: 512, height: 2048 }, '0.06'],
    [{ height: 1280 }, '0.06'],
    [{ width: 320, height: 320 }, '0.04'],
    [{ width: 1025, height: 320, quality: 'premium' }, '0.08'],
  ])('%j costs %s', (config, usd) => {
    expect(priceOf(CANVAS, asked(config))).toMatchObject({ state: 'priced', usd })
    expect(priceOf(`us.${CANVAS}`, asked(config))).toMatchObject({ state: 'priced', usd })
  })

  it('costs that for every image that was made', () => {
    expect(priceOf(CANVAS, asked({ numberOfImages: 5, quality: 'premium' }), 5)).toMatchObject({ usd: '0.3' })
  })

  it.each([
    ['a size above the largest', asked({ width: 4096, height: 4096 })],
    ['a quality that is not known', asked({ quality: 'ultra' })],
    ['a task whose images are as large as the one that came in', asked({ quality: 'standard' }, 'INPAINTING')],
    ['a background that was removed', { taskType: 'BACKGROUND_REMOVAL' }],
    ['a request that nobody knows', undefined],
  ])('%s has no price', (_, request) => {
    expect(priceOf(CANVAS, request)).toMatchObject({
      state: 'unpriced',
      usd: null,
      reason: expect.stringContaining('images'),
    })
  })
})

describe.each(['amazon.titan-image-generator-v1', 'amazon.titan-image-generator-v2:0'])('%s', (model) => {
  it('costs the price of the one grade that a source lists', () => {
    expect(priceOf(model, asked({ width: 512, height: 512 }))).toMatchObject({ state: 'priced', usd: '0.008' })
  })

  it.each([
    {},
    { width: 1024, height: 1024 },
    { width: 512, height: 512, quality: 'premium' },
    { width: 512, height: 640 },
  ])('has no price for %j, which is a dearer grade', (config) => {
    expect(priceOf(model, asked(config))).toMatchObject({ state: 'unpriced', usd: null })
  })
})
